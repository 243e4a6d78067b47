// One GRU step's gates backward for a run of batch rows, in both forms.
#pragma once

#include "cells/gru_cell.hpp"
#include "cells/gru_gates.hpp"
#include "cells/zoneout.hpp"

GATEDCORE_BEGIN_ISA

// The operands of one step backward. State rows are state_stride apart and hold whole vectors.
template <class Scalar>
struct GruStepBackward {
  Dims dims;                       // B: rows of this step
  Units units;                     // those to compute
  Scalar* gates = nullptr;         // (B, 4H) cache rows, consumed
  const Scalar* h_prev = nullptr;  // (B, H), rows h_prev_stride apart; null: zeros
  Index h_prev_stride = 0;
  const Scalar* d_h = nullptr;  // (B, H) arriving from the output, rows d_h_stride apart; null: zeros
  Index d_h_stride = 0;
  Scalar* d_state =
      nullptr;            // state (B, H): in: d_h from step t + 1; out: what of it goes to step t - 1 past the weights
  Scalar* d_s = nullptr;  // state (B, H): kResetBefore, gradient of r * h_prev, to be multiplied by
  const Scalar* m_h = nullptr;  // (B, H), rows H apart; null: ones
  ZoneoutRows<Scalar> z_h;
  Index state_stride = 0;
};

// Returns the part of d_h that passes the step; d_h keeps the rest.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> gru_zoneout_backward(const GruStepBackward<Scalar>& s, Index row, Index unit, Index width,
                                                  Vec<Scalar>& d_h) {
  if (!s.z_h) return Vec<Scalar>::zero();
  const Vec<Scalar> z_h = s.z_h.load(row, unit, width);
  const Vec<Scalar> d_h_old = z_h * d_h;
  d_h = zoned_backward(z_h, d_h);
  return d_h_old;
}

// Source: math.md (20)-(26), (66), (67). Twin: reference::gru_backward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_after_cell_backward(const Policy& policy, const GruStepBackward<Scalar>& s) {
  using V = Vec<Scalar>;
  for_blocks<Scalar>(s.dims.B, s.units, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
    const GruSaved<Scalar> at = gru_saved(s.gates, s.dims.H, row, unit, width);
    Scalar* state = s.d_state + row * s.state_stride + unit;
    V d_h = V::load(state);
    if (s.d_h != nullptr) d_h = d_h + load_width(s.d_h + row * s.d_h_stride + unit, width);
    const V h_prev = s.h_prev == nullptr ? V::zero() : load_width(s.h_prev + row * s.h_prev_stride + unit, width);
    const GruGates<Scalar> gates{load_width(at.z, width), load_width(at.r, width), load_width(at.n, width)};
    const V d_h_old = gru_zoneout_backward(s, row, unit, width, d_h);
    V d_h_prev;
    const GruGradients<Scalar> d_a = gru_after_backward(policy, gates, load_width(at.s, width), h_prev, d_h, d_h_prev);
    if (s.z_h) d_h_prev = d_h_prev + d_h_old;
    store_width(d_a.z, at.z, width);
    store_width(d_a.r, at.r, width);
    store_width(d_a.n_h, at.s, width);
    store_width(d_a.n, at.n, width);
    d_h_prev.store(state);
  });
}

// First half: d_z and d_n. Source: math.md (28)-(30), (66), (67). Twin: reference::gru_backward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_before_cell_backward(const Policy& policy, const GruStepBackward<Scalar>& s) {
  using V = Vec<Scalar>;
  for_blocks<Scalar>(s.dims.B, s.units, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
    const GruSaved<Scalar> at = gru_saved(s.gates, s.dims.H, row, unit, width);
    Scalar* state = s.d_state + row * s.state_stride + unit;
    V d_h = V::load(state);
    if (s.d_h != nullptr) d_h = d_h + load_width(s.d_h + row * s.d_h_stride + unit, width);
    const V h_prev = s.h_prev == nullptr ? V::zero() : load_width(s.h_prev + row * s.h_prev_stride + unit, width);
    const V d_h_old = gru_zoneout_backward(s, row, unit, width, d_h);
    V d_a_z, d_a_n, d_h_prev;
    gru_before_backward(policy, load_width(at.z, width), load_width(at.n, width), h_prev, d_h, d_a_z, d_a_n, d_h_prev);
    if (s.z_h) d_h_prev = d_h_prev + d_h_old;
    store_width(d_a_z, at.z, width);
    store_width(d_a_n, at.n, width);
    d_h_prev.store(state);
  });
}

// Second half, after d_s = d_n w_h^T: d_r. Source: math.md (31)-(33). Twin: reference::gru_backward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_before_cell_backward_reset(const Policy& policy, const GruStepBackward<Scalar>& s) {
  using V = Vec<Scalar>;
  for_blocks<Scalar>(s.dims.B, s.units, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
    const GruSaved<Scalar> at = gru_saved(s.gates, s.dims.H, row, unit, width);
    Scalar* state = s.d_state + row * s.state_stride + unit;
    const V h_prev = s.h_prev == nullptr ? V::zero() : load_width(s.h_prev + row * s.h_prev_stride + unit, width);
    V d_h_prev = V::load(state);
    V d_s = V::load(s.d_s + row * s.state_stride + unit);
    if (s.m_h != nullptr) d_s = d_s * load_width(s.m_h + row * s.dims.H + unit, width);
    store_width(gru_before_backward_reset(policy, load_width(at.r, width), h_prev, d_s, d_h_prev), at.r, width);
    d_h_prev.store(state);
  });
}

GATEDCORE_END_ISA
