// One step of an LSTM or GRU whose weights stand in rows: each gate of a unit is one dot product, so that weights are
// read where they are, once. Packing them (gemm/pack.hpp) would read and write them for nothing where there is but one
// step of few rows. Twins: reference::lstm_forward and gru_forward, over one step.
#pragma once

#include "cells/gru_gates.hpp"
#include "cells/lstm_gates.hpp"
#include "gemm/pack.hpp"
#include "sequence/row_step_calls.hpp"

GATEDCORE_BEGIN_ISA

// The sum over the lanes, in every lane.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> sum_of_lanes(Vec<Scalar> v) {
  for (int n = Vec<Scalar>::kLanes / 2; n > 0; n /= 2) v = v + rotate(v, n);
  return v;
}

// to[r] = sum over k of w[r * depth + k] * x[k], for kRows rows.
template <int kRows, class Scalar>
GATEDCORE_INLINE void dot_rows(const Scalar* w, Index depth, const Scalar* x, Scalar* to) {
  using V = Vec<Scalar>;
  V sums[kRows];
  unroll<kRows>([&](auto r) GATEDCORE_INLINED { sums[r] = V::zero(); });
  const Index whole = depth / V::kLanes * V::kLanes;
  for (Index k = 0; k < whole; k += V::kLanes) {
    const V x_k = V::load(x + k);
    unroll<kRows>([&](auto r) GATEDCORE_INLINED { sums[r] = fma(V::load(w + r * depth + k), x_k, sums[r]); });
  }
  if (whole < depth) {
    const V x_k = V::load_n(x + whole, depth - whole);
    unroll<kRows>([&](auto r) GATEDCORE_INLINED {
      sums[r] = fma(V::load_n(w + r * depth + whole, depth - whole), x_k, sums[r]);
    });
  }
  unroll<kRows>([&](auto r) GATEDCORE_INLINED { sum_of_lanes(sums[r]).store_n(to + r, 1); });
}

// Rows whose sums run side by side: a fused multiply-add takes four cycles and two begin in each.
constexpr int kDotRows = 8;

// The dot products of `width` rows, a lane each; zeros in the other lanes.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> row_products(const Scalar* w, Index depth, Index width, const Scalar* x) {
  Scalar products[Vec<Scalar>::kLanes] = {};
  Index r = 0;
  for (; r + kDotRows <= width; r += kDotRows) dot_rows<kDotRows>(w + r * depth, depth, x, products + r);
  for (; r < width; ++r) dot_rows<1>(w + r * depth, depth, x, products + r);
  return Vec<Scalar>::load(products);
}

// (B, F) at a row and a column; zeros for null.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> load_at(const Scalar* from, Index offset, Index width) {
  return from == nullptr ? Vec<Scalar>::zero() : load_width(from + offset, width);
}

// One operand's part of a gate before activation, with its bias.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> half_gate(const Scalar* given, Index given_at, const Scalar* w, const Scalar* b,
                                       const Scalar* operand, Index depth, Index row, Index width) {
  if (given != nullptr) return load_width(given + given_at, width);
  const Vec<Scalar> bias = load_at(b, row, width);
  return operand == nullptr ? bias : bias + row_products(w + row * depth, depth, width, operand);
}

// The step over a range of units, which begins with a block of them.
template <class Cell, class Scalar>
void row_step_forward(const RowStepForward<Scalar>& call, Range units) {
  const Index H = call.H, columns = Cell::kGates * H;
  // Unit after unit, so that the rows of a batch find the weights in the cache.
  for (Index unit = units.begin; unit < units.end; unit += Vec<Scalar>::kLanes) {
    const Index width = block_width<Scalar>(units.end, unit);
    for (Index b = 0; b < call.B; ++b) {
      Vec<Scalar> a_x[4], a_h[4];
      for (int q = 0; q < Cell::kGates; ++q) {
        const Index row = call.block[q] * H + unit;
        const Scalar* x = call.x == nullptr ? nullptr : call.x + b * call.I;
        const Scalar* h_prev = call.h_prev == nullptr ? nullptr : call.h_prev + b * H;
        a_x[q] = half_gate(call.a_x, b * columns + row, call.w_x, call.b_x, x, call.I, row, width);
        a_h[q] = half_gate(call.a_h, b * columns + row, call.w_h, call.b_h, h_prev, H, row, width);
      }
      Vec<Scalar> gates[4];
      Cell::step(call, b * H + unit, width, a_x, a_h, gates);
      if (call.gates == nullptr) continue;
      for (int q = 0; q < 4; ++q) store_width(gates[q], call.gates + (b * 4 + q) * H + unit, width);
    }
  }
}

struct LstmRowStep {
  static constexpr int kGates = 4;

  template <class Scalar>
  static GATEDCORE_INLINE void step(const RowStepForward<Scalar>& call, Index at, Index width, const Vec<Scalar>* a_x,
                                    const Vec<Scalar>* a_h, Vec<Scalar>* saved) {
    Vec<Scalar> c = load_at(call.c_prev, at, width);
    LstmGates<Scalar> gates;
    const LstmGates<Scalar> a{a_x[0] + a_h[0], a_x[1] + a_h[1], a_x[2] + a_h[2], a_x[3] + a_h[3]};
    store_width(lstm_gates_forward(Standard{}, a, gates, c), call.h + at, width);
    store_width(c, call.c + at, width);
    saved[0] = gates.i;
    saved[1] = gates.f;
    saved[2] = gates.g;
    saved[3] = gates.o;
  }

  template <class Scalar>
  static void backward(const RowStepBackward<Scalar>& call) {
    for_blocks<Scalar>(call.B, {0, call.H}, [&](Index b, Index unit, Index width) GATEDCORE_INLINED {
      const Index H = call.H, at = b * H + unit;
      const auto gate = [&](int q) { return load_width(call.gates + (b * 4 + q) * H + unit, width); };
      Vec<Scalar> d_c = load_at(call.d_c, at, width);
      const LstmGates<Scalar> gates{gate(0), gate(1), gate(2), gate(3)};
      const LstmGates<Scalar> d_a =
          lstm_gates_backward(Standard{}, gates, load_at(call.c_prev, at, width), load_width(call.c + at, width),
                              load_at(call.d_h, at, width), d_c);
      store_width(d_c, call.d_c_prev + at, width);
      const Vec<Scalar> all[4] = {d_a.i, d_a.f, d_a.g, d_a.o};
      for (int q = 0; q < 4; ++q) store_width(all[q], call.d_a_x + (b * 4 + call.block[q]) * H + unit, width);
    });
  }
};

struct GruRowStep {
  static constexpr int kGates = 3;

  template <class Scalar>
  static GATEDCORE_INLINE void step(const RowStepForward<Scalar>& call, Index at, Index width, const Vec<Scalar>* a_x,
                                    const Vec<Scalar>* a_h, Vec<Scalar>* saved) {
    GruGates<Scalar> gates;
    const Vec<Scalar> h = gru_after_forward(Standard{}, a_x[0] + a_h[0], a_x[1] + a_h[1], a_x[2], a_h[2],
                                            load_at(call.h_prev, at, width), gates);
    store_width(h, call.h + at, width);
    saved[0] = gates.z;
    saved[1] = gates.r;
    saved[2] = gates.n;
    saved[3] = a_h[2];
  }

  template <class Scalar>
  static void backward(const RowStepBackward<Scalar>& call) {
    for_blocks<Scalar>(call.B, {0, call.H}, [&](Index b, Index unit, Index width) GATEDCORE_INLINED {
      const Index H = call.H, at = b * H + unit;
      const auto gate = [&](int q) { return load_width(call.gates + (b * 4 + q) * H + unit, width); };
      Vec<Scalar> d_h_prev;
      const GruGradients<Scalar> d_a =
          gru_after_backward(Standard{}, GruGates<Scalar>{gate(0), gate(1), gate(2)}, gate(3),
                             load_at(call.h_prev, at, width), load_at(call.d_h, at, width), d_h_prev);
      store_width(d_h_prev, call.d_h_prev + at, width);
      const Vec<Scalar> of_x[3] = {d_a.z, d_a.r, d_a.n}, of_h[3] = {d_a.z, d_a.r, d_a.n_h};
      for (int q = 0; q < 3; ++q) {
        const Index to = (b * 3 + call.block[q]) * H + unit;
        store_width(of_x[q], call.d_a_x + to, width);
        store_width(of_h[q], call.d_a_h + to, width);
      }
    });
  }
};

GATEDCORE_END_ISA
