// The LSTM's equations on vectors, both ways: math.md in its order and letters.
#pragma once

#include "activations/activation.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct LstmGates {
  Vec<Scalar> i, f, g, o;
};

// c_t from the gates after activation. Source: math.md (5).
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> lstm_new_cell(const LstmGates<Scalar>& gates, Vec<Scalar> c_prev) {
  return fma(gates.f, c_prev, gates.i * gates.g);
}

// From gates before activation (a_i a_f a_g a_o) and the cell state before the step to the states after it.
//   gates  out: after activation
//   c      in: c_(t-1); out: c_t
// Returns h_t. Source: math.md (1)-(6). Twin: reference::lstm_forward.
template <class Policy, class Scalar>
GATEDCORE_INLINE Vec<Scalar> lstm_gates_forward(const Policy& policy, const LstmGates<Scalar>& a,
                                                LstmGates<Scalar>& gates, Vec<Scalar>& c) {
  gates.i = policy.recurrent(a.i);
  gates.f = policy.recurrent(a.f);
  gates.g = policy.activation(a.g);
  gates.o = policy.recurrent(a.o);
  c = lstm_new_cell(gates, c);
  return gates.o * policy.cell_activation(c);
}

// From the loss gradients d_h by h_t and d_c by c_t (what later steps send back) to those before activation.
//   gates     after activation
//   c         c_t, its activation is computed anew: cheaper than a fifth saved value for each unit and step
//   d_c       in: d_c_t from step t + 1; out: d_c_(t-1)
// Returns d_a. Source: math.md (7)-(14). Twin: reference::lstm_backward.
template <class Policy, class Scalar>
GATEDCORE_INLINE LstmGates<Scalar> lstm_gates_backward(const Policy& policy, const LstmGates<Scalar>& gates,
                                                       Vec<Scalar> c_prev, Vec<Scalar> c, Vec<Scalar> d_h,
                                                       Vec<Scalar>& d_c) {
  const Vec<Scalar> c_out = policy.cell_activation(c);
  const Vec<Scalar> d_o = d_h * c_out;
  const Vec<Scalar> d_c_t = fma(d_h * gates.o, policy.cell_activation_slope(c_out), d_c);
  const Vec<Scalar> d_i = d_c_t * gates.g;
  const Vec<Scalar> d_f = d_c_t * c_prev;
  const Vec<Scalar> d_g = d_c_t * gates.i;
  d_c = d_c_t * gates.f;
  LstmGates<Scalar> d_a;
  d_a.i = d_i * policy.recurrent_slope(gates.i);
  d_a.f = d_f * policy.recurrent_slope(gates.f);
  d_a.g = d_g * policy.activation_slope(gates.g);
  d_a.o = d_o * policy.recurrent_slope(gates.o);
  return d_a;
}

GATEDCORE_END_ISA
