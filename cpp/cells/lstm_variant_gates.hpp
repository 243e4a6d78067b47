// The equations of an LSTM with peepholes or coupled gates on vectors, both ways: math.md section 16.
#pragma once

#include "cells/lstm_gates.hpp"

GATEDCORE_BEGIN_ISA

// How the kernels reach the gates of such an LSTM: compiled into kernels of their own, so that the plain cell's know
// nothing of it. What of this a layer does without is asked at run time.
template <class Scalar>
struct Variant {
  Any<Scalar> gate;
  const Scalar* p;  // (3, H), of i f o; null: none
  Index H;
  bool input_forget;
};

// The same for a block of units.
template <class Scalar>
struct VariantUnits {
  const Variant<Scalar>& variant;
  Vec<Scalar> p_i, p_f, p_o;

  GATEDCORE_INLINE VariantUnits(const Variant<Scalar>& all, Index unit, Index width)
      : variant(all), p_i(Vec<Scalar>::zero()), p_f(p_i), p_o(p_i) {
    if (all.p == nullptr) return;
    p_i = load_width(all.p + unit, width);
    p_f = load_width(all.p + all.H + unit, width);
    p_o = load_width(all.p + 2 * all.H + unit, width);
  }
};

// What the gates of a block of units are computed by.
template <class Policy>
GATEDCORE_INLINE const Policy& at_units(const Policy& policy, Index, Index) {
  return policy;
}
template <class Scalar>
GATEDCORE_INLINE VariantUnits<Scalar> at_units(const Variant<Scalar>& variant, Index unit, Index width) {
  return {variant, unit, width};
}

// lstm_gates_forward of these. Source: math.md (78)-(82). Twin: reference::lstm_forward.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> lstm_gates_forward(const VariantUnits<Scalar>& units, const LstmGates<Scalar>& a,
                                                LstmGates<Scalar>& gates, Vec<Scalar>& c) {
  using V = Vec<Scalar>;
  const Variant<Scalar>& v = units.variant;
  const bool peephole = v.p != nullptr;  // else a product with an infinite state would be NaN
  gates.i = v.gate.recurrent(peephole ? fma(units.p_i, c, a.i) : a.i);
  gates.f = v.input_forget ? V::set(1) - gates.i : v.gate.recurrent(peephole ? fma(units.p_f, c, a.f) : a.f);
  gates.g = v.gate.activation(a.g);
  c = lstm_new_cell(gates, c);
  gates.o = v.gate.recurrent(peephole ? fma(units.p_o, c, a.o) : a.o);
  return gates.o * v.gate.cell_activation(c);
}

// lstm_gates_backward of these. Source: math.md (83), (84), (86). Twin: reference::lstm_backward.
template <class Scalar>
GATEDCORE_INLINE LstmGates<Scalar> lstm_gates_backward(const VariantUnits<Scalar>& units,
                                                       const LstmGates<Scalar>& gates, Vec<Scalar> c_prev,
                                                       Vec<Scalar> c, Vec<Scalar> d_h, Vec<Scalar>& d_c) {
  using V = Vec<Scalar>;
  const Variant<Scalar>& v = units.variant;
  const V c_out = v.gate.cell_activation(c);
  LstmGates<Scalar> d_a;
  d_a.o = d_h * c_out * v.gate.recurrent_slope(gates.o);
  const V d_c_t = fma(d_a.o, units.p_o, fma(d_h * gates.o, v.gate.cell_activation_slope(c_out), d_c));
  const V d_f = d_c_t * c_prev;
  V d_i = d_c_t * gates.g;
  if (v.input_forget) {
    d_i = d_i - d_f;
    d_a.f = V::zero();
  } else {
    d_a.f = d_f * v.gate.recurrent_slope(gates.f);
  }
  d_a.i = d_i * v.gate.recurrent_slope(gates.i);
  d_a.g = d_c_t * gates.i * v.gate.activation_slope(gates.g);
  d_c = fma(d_a.i, units.p_i, fma(d_a.f, units.p_f, d_c_t * gates.f));
  return d_a;
}

// Adds a step's gradients of the peepholes to those of its row in d_p (B, 3H); nothing for null or other policies.
// Source: math.md (85).
template <class Policy, class Scalar>
GATEDCORE_INLINE void add_peephole_gradients(const Policy&, const LstmGates<Scalar>&, Vec<Scalar>, Vec<Scalar>, Scalar*,
                                             Index, Index, Index) {}
template <class Scalar>
GATEDCORE_INLINE void add_peephole_gradients(const Variant<Scalar>& variant, const LstmGates<Scalar>& d_a,
                                             Vec<Scalar> c_prev, Vec<Scalar> c, Scalar* d_p, Index row, Index unit,
                                             Index width) {
  if (d_p == nullptr) return;
  d_p += row * 3 * variant.H;
  const auto add = [&](Vec<Scalar> d, Vec<Scalar> state, Scalar* to)
                       GATEDCORE_INLINED { store_width(fma(d, state, load_width(to, width)), to, width); };
  add(d_a.i, c_prev, d_p + unit);
  add(d_a.f, c_prev, d_p + variant.H + unit);
  add(d_a.o, c, d_p + 2 * variant.H + unit);
}

GATEDCORE_END_ISA
