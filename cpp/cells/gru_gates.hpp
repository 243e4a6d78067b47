// The GRU's equations on vectors, both forms and both ways: math.md in its order and letters.
#pragma once

#include "activations/activation.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct GruGates {
  Vec<Scalar> z, r, n;
};

// h_t from the update gate, the candidate and the state before. Source: math.md (19).
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> gru_state(Vec<Scalar> z, Vec<Scalar> n, Vec<Scalar> h_prev) {
  return fma(z, h_prev - n, n);
}

// Reset after the recurrent product: candidate from its two halves, n_x (input) and n_h (recurrent), each with its
// bias. Returns h_t; gates out: after activation. Source: math.md (15)-(19). Twin: reference::gru_forward.
template <class Policy, class Scalar>
GATEDCORE_INLINE Vec<Scalar> gru_after_forward(const Policy& policy, Vec<Scalar> a_z, Vec<Scalar> a_r, Vec<Scalar> n_x,
                                               Vec<Scalar> n_h, Vec<Scalar> h_prev, GruGates<Scalar>& gates) {
  gates.z = policy.recurrent(a_z);
  gates.r = policy.recurrent(a_r);
  gates.n = policy.activation(fma(gates.r, n_h, n_x));
  return gru_state(gates.z, gates.n, h_prev);
}

// Gradients before activation, of the candidate's recurrent half too.
template <class Scalar>
struct GruGradients {
  Vec<Scalar> z, r, n, n_h;
};

//   d_h_prev  out: the part of d_h_(t-1) that does not pass the recurrent weights
// Source: math.md (20)-(26). Twin: reference::gru_backward.
template <class Policy, class Scalar>
GATEDCORE_INLINE GruGradients<Scalar> gru_after_backward(const Policy& policy, const GruGates<Scalar>& gates,
                                                         Vec<Scalar> n_h, Vec<Scalar> h_prev, Vec<Scalar> d_h,
                                                         Vec<Scalar>& d_h_prev) {
  GruGradients<Scalar> d_a;
  d_a.z = d_h * (h_prev - gates.n) * policy.recurrent_slope(gates.z);
  d_a.n = fnma(d_h, gates.z, d_h) * policy.activation_slope(gates.n);
  d_a.r = d_a.n * n_h * policy.recurrent_slope(gates.r);
  d_a.n_h = d_a.n * gates.r;
  d_h_prev = d_h * gates.z;
  return d_a;
}

// Reset before the recurrent product, first half of backward: what does not need the gradient of r * h_prev.
// Source: math.md (28)-(30).
template <class Policy, class Scalar>
GATEDCORE_INLINE void gru_before_backward(const Policy& policy, Vec<Scalar> z, Vec<Scalar> n, Vec<Scalar> h_prev,
                                          Vec<Scalar> d_h, Vec<Scalar>& d_a_z, Vec<Scalar>& d_a_n,
                                          Vec<Scalar>& d_h_prev) {
  d_a_z = d_h * (h_prev - n) * policy.recurrent_slope(z);
  d_a_n = fnma(d_h, z, d_h) * policy.activation_slope(n);
  d_h_prev = d_h * z;
}

// Second half: from d_s, the gradient of s = r * h_prev. Source: math.md (31)-(33).
template <class Policy, class Scalar>
GATEDCORE_INLINE Vec<Scalar> gru_before_backward_reset(const Policy& policy, Vec<Scalar> r, Vec<Scalar> h_prev,
                                                       Vec<Scalar> d_s, Vec<Scalar>& d_h_prev) {
  d_h_prev = fma(d_s, r, d_h_prev);
  return d_s * h_prev * policy.recurrent_slope(r);
}

GATEDCORE_END_ISA
