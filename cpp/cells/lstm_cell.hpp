// One LSTM step for a run of batch rows: a register tile that ends in the gates, and the gates' way back.
#pragma once

#include "cells/lstm_gates.hpp"
#include "cells/lstm_variant_gates.hpp"
#include "cells/zoneout.hpp"
#include "gemm/narrow.hpp"
#include "gemm/pack.hpp"
#include "gemm/product.hpp"
#include "gemm/project.hpp"
#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

constexpr int kLstmGates = 4;
using LstmSlots = FirstSlots<kLstmGates>;

// A packed block of units is [bias][I rows of w_x][R rows of w_h], each row the four gates' vectors side by side; of a
// narrow block each row is one vector. R is the width of h: H where it is not projected.
template <class Scalar>
constexpr Index lstm_panel_size(const Dims& dims, Index R) {
  return (1 + dims.I + R) * kLstmGates * Vec<Scalar>::kLanes;
}

template <class Scalar>
void lstm_pack(const Dims& dims, Index R, const Scalar* w_x, const Scalar* w_h, const Scalar* b, Scalar* to) {
  constexpr Index kRow = kLstmGates * Vec<Scalar>::kLanes;
  const Index stride = kLstmGates * dims.H, panel = lstm_panel_size<Scalar>(dims, R);
  const Index width = narrow_units<Scalar>(dims.H, kLstmGates), whole = dims.H - width;
  const GateBlocks gates{dims.H, whole, 0, kLstmGates};
  pack_bias(b, gates, panel, to);
  pack_gate_rows(w_x, dims.I, stride, gates, panel, to + kRow);
  pack_gate_rows(w_h, R, stride, gates, panel, to + (1 + dims.I) * kRow);
  if (width == 0) return;
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  Scalar* narrow = to + whole / kLanes * panel;
  pack_narrow_rows(b, 1, stride, dims.H, width, 0, kLstmGates, narrow);
  pack_narrow_rows(w_x, dims.I, stride, dims.H, width, 0, kLstmGates, narrow + kLanes);
  pack_narrow_rows(w_h, R, stride, dims.H, width, 0, kLstmGates, narrow + (1 + dims.I) * kLanes);
}

// What the tiles of some units start from where it is done ahead, bias + x w_x, for so many rows of x. The result's row
// has the accumulators of all units, kLstmGates vectors for each block.
template <class Scalar>
void lstm_project(const Dims& dims, Index R, const Scalar* packed, Units units, Segment<Scalar> x, Index rows,
                  Scalar* projected) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index panel = lstm_panel_size<Scalar>(dims, R), row = kLstmGates * kLanes * block_count<Scalar>(dims.H);
  const Index width = narrow_units<Scalar>(units, dims.H, kLstmGates), whole = units.end - width;
  packed += units.begin / kLanes * panel;
  const Index blocks = block_count<Scalar>(whole - units.begin);
  project<LstmSlots, kLstmGates>(packed, panel, blocks, x, rows, projected + kLstmGates * units.begin, row);
  if (width > 0)
    project<FirstSlots<1>, 1>(packed + blocks * panel, panel, 1, x, rows, projected + kLstmGates * whole, row);
}

// The operands of one step. State rows are state_stride apart and hold whole vectors; other rows are as wide as their
// array.
template <class Scalar>
struct LstmStep {
  Dims dims;    // B: rows of this step
  Index R = 0;  // width of h_prev
  Units units;  // those to compute
  const Scalar* packed = nullptr;
  const Scalar* x = nullptr;          // (B, I), or
  const Scalar* projected = nullptr;  // (B, blocks, 4, kLanes): bias + x w_x, done for many steps at once
  Index x_stride = 0;
  Index projected_stride = 0;
  const Scalar* h_prev = nullptr;  // state (B, R), rows h_prev_stride apart
  Index h_prev_stride = 0;
  Scalar* h_next = nullptr;     // state, times
  const Scalar* m_h = nullptr;  // (B, H), rows H apart; null: ones
  Scalar* c = nullptr;          // state, updated in place
  ZoneoutRows<Scalar> z_h;
  ZoneoutRows<Scalar> z_c;
  Scalar* h_old = nullptr;  // with z_h: state, h without factors, updated in place
  Index state_stride = 0;
  Scalar* h = nullptr;  // caller's (B, H), rows h_stride apart; null: not wanted
  Index h_stride = 0;
  Scalar* gates = nullptr;    // cache (B, 4H); null: not saved
  Scalar* c_saved = nullptr;  // cache (B, H); null: not saved
};

// The gates of one row and one block of units, on the tile's live accumulators.
template <class Policy, class Scalar>
GATEDCORE_INLINE void lstm_finish(const Policy& policy, const LstmStep<Scalar>& s, Index row, Index unit,
                                  const Vec<Scalar> (&acc)[kLstmGates]) {
  using V = Vec<Scalar>;
  const Index width = block_width<Scalar>(s.dims.H, unit);
  const Index state = row * s.state_stride + unit;
  V c = V::load(s.c + state);
  LstmGates<Scalar> gates;
  V h = lstm_gates_forward(at_units(policy, unit, width), LstmGates<Scalar>{acc[0], acc[1], acc[2], acc[3]}, gates, c);
  if (s.z_c) c = zoned(s.z_c.load(row, unit, width), V::load(s.c + state), c);
  c.store(s.c + state);
  if (s.z_h) {
    h = zoned(s.z_h.load(row, unit, width), V::load(s.h_old + state), h);
    h.store(s.h_old + state);
  }
  const V next = s.m_h == nullptr ? h : h * load_width(s.m_h + row * s.dims.H + unit, width);
  next.store(s.h_next + state);
  if (s.h != nullptr) store_width(h, s.h + row * s.h_stride + unit, width);
  if (s.gates != nullptr) {
    Scalar* saved = s.gates + row * kLstmGates * s.dims.H + kLstmGates * unit;
    store_width(gates.i, saved, width);
    store_width(gates.f, saved + width, width);
    store_width(gates.g, saved + 2 * width, width);
    store_width(gates.o, saved + 3 * width, width);
  }
  if (s.c_saved != nullptr) store_width(c, s.c_saved + row * s.dims.H + unit, width);
}

// Of a variant, in a function of its own: not worth the size that a copy for each row of each tile has.
template <class Scalar>
GATEDCORE_NOINLINE void lstm_variant_finish(const Variant<Scalar>& variant, const LstmStep<Scalar>& s, Index row,
                                            Index unit, Vec<Scalar> i, Vec<Scalar> f, Vec<Scalar> g, Vec<Scalar> o) {
  const Vec<Scalar> acc[kLstmGates] = {i, f, g, o};
  lstm_finish<Variant<Scalar>, Scalar>(variant, s, row, unit, acc);
}
template <class Scalar>
GATEDCORE_INLINE void lstm_finish(const Variant<Scalar>& variant, const LstmStep<Scalar>& s, Index row, Index unit,
                                  const Vec<Scalar> (&acc)[kLstmGates]) {
  lstm_variant_finish(variant, s, row, unit, acc[0], acc[1], acc[2], acc[3]);
}

template <int kRows, int kBlocks, class Policy, class Scalar>
GATEDCORE_INLINE void lstm_tile(const Policy& policy, const LstmStep<Scalar>& s, Index row, Index unit,
                                const Scalar* panel) {
  using V = Vec<Scalar>;
  constexpr int kLanes = V::kLanes;
  const Index panel_size = lstm_panel_size<Scalar>(s.dims, s.R);
  Tile<Scalar, kRows, kBlocks, kLstmGates> tile;
  if (s.projected == nullptr) {
    start(tile, Origin<Scalar>{panel, 0, panel_size});
  } else {
    const Scalar* projected = s.projected + row * s.projected_stride + kLstmGates * unit;
    start(tile, Origin<Scalar>{projected, s.projected_stride, kLstmGates * kLanes});
  }
  const Scalar* w_x = panel + kLstmGates * kLanes;
  const Scalar* w_h = w_x + s.dims.I * kLstmGates * kLanes;
  if (s.projected == nullptr) {
    accumulate<LstmSlots>(tile, Operand<Scalar>{s.x + row * s.x_stride, s.x_stride, 1}, w_x, panel_size, s.dims.I);
  }
  accumulate<LstmSlots>(tile, Operand<Scalar>{s.h_prev + row * s.h_prev_stride, s.h_prev_stride, 1}, w_h, panel_size,
                        s.R);
  unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
    unroll<kRows>([&](auto r)
                      GATEDCORE_INLINED { lstm_finish(policy, s, row + r, unit + b * kLanes, tile.acc[r][b]); });
  });
}

// The gates of one row of a narrow block, brought side by side. A function of its own: inlined for each row of each
// tile these made the wheel a tenth larger.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void lstm_narrow_finish(const Policy& policy, const LstmStep<Scalar>& s, Index row, Index unit,
                                           Vec<Scalar> acc) {
  const Index width = s.dims.H - unit;
  const Vec<Scalar> gates[kLstmGates] = {acc, rotate(acc, width), rotate(acc, 2 * width), rotate(acc, 3 * width)};
  lstm_finish(policy, s, row, unit, gates);
}

template <class Policy, class Scalar>
GATEDCORE_NOINLINE void lstm_narrow_block(const Policy& policy, const LstmStep<Scalar>& s, Index unit,
                                          const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  for_row_tiles<kNarrowRows>(s.dims.B, [&](auto rows, Index row) {
    NarrowTile<Scalar, rows.value, 1> tile;
    if (s.projected == nullptr) {
      start(tile, Origin<Scalar>{panel, 0, 0});
      accumulate<FirstSlots<1>>(tile, Operand<Scalar>{s.x + row * s.x_stride, s.x_stride, 1}, panel + kLanes, 0,
                                s.dims.I);
    } else {
      start(tile, Origin<Scalar>{s.projected + row * s.projected_stride + kLstmGates * unit, s.projected_stride, 0});
    }
    accumulate<FirstSlots<1>>(tile, Operand<Scalar>{s.h_prev + row * s.h_prev_stride, s.h_prev_stride, 1},
                              panel + (1 + s.dims.I) * kLanes, 0, s.R);
    unroll<rows.value>([&](auto r)
                           GATEDCORE_INLINED { lstm_narrow_finish(policy, s, row + r, unit, tile.acc[r][0][0]); });
  });
}

// A lone row's last whole blocks with the narrow one behind them.
template <int kBlocks, class Policy, class Scalar>
GATEDCORE_NOINLINE void lstm_lone_end(const Policy& policy, const LstmStep<Scalar>& s, Index unit,
                                      const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel_size = lstm_panel_size<Scalar>(s.dims, s.R), last = unit + kBlocks * kLanes;
  const Scalar* narrow = panel + kBlocks * panel_size;
  Tile<Scalar, 1, kBlocks, kLstmGates> tile;
  NarrowTile<Scalar, 1, 1> narrow_tile;
  const Scalar* w_x = panel + kLstmGates * kLanes;
  if (s.projected == nullptr) {
    start(tile, Origin<Scalar>{panel, 0, panel_size});
    start(narrow_tile, Origin<Scalar>{narrow, 0, 0});
    accumulate_lone_end<LstmSlots, 0>(tile, narrow_tile, s.x, w_x, panel_size, narrow + kLanes, s.dims.I);
  } else {
    start(tile, Origin<Scalar>{s.projected + kLstmGates * unit, 0, kLstmGates * kLanes});
    start(narrow_tile, Origin<Scalar>{s.projected + kLstmGates * last, 0, 0});
  }
  accumulate_lone_end<LstmSlots, 0>(tile, narrow_tile, s.h_prev, w_x + s.dims.I * kLstmGates * kLanes, panel_size,
                                    narrow + (1 + s.dims.I) * kLanes, s.R);
  unroll<kBlocks>([&](auto b)
                      GATEDCORE_INLINED { lstm_finish(policy, s, Index(0), unit + b * kLanes, tile.acc[0][b]); });
  lstm_narrow_finish(policy, s, Index(0), last, narrow_tile.acc[0][0][0]);
}

// One step forward for s.dims.B rows and s.units. Source: math.md (1)-(6), (64), (65). Twin: reference::lstm_forward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void lstm_cell_forward(const Policy& policy, const LstmStep<Scalar>& s) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel_size = lstm_panel_size<Scalar>(s.dims, s.R);
  const Scalar* panel = s.packed + s.units.begin / kLanes * panel_size;
  const Index narrow = narrow_units<Scalar>(s.units, s.dims.H, kLstmGates), end = s.units.end - narrow;
  Index unit = s.units.begin;
  if (s.dims.B == 1) {
    for (; end - unit > (kLoneBlocks - 1) * kLanes; unit += kLoneBlocks * kLanes, panel += kLoneBlocks * panel_size) {
      lstm_tile<1, kLoneBlocks>(policy, s, 0, unit, panel);
    }
    if (narrow > 0 && unit < end) {
      unroll<kLoneBlocks - 1>([&](auto fewer) GATEDCORE_INLINED {
        if (end - unit == (fewer + 1) * kLanes) lstm_lone_end<fewer + 1>(policy, s, unit, panel);
      });
      return;
    }
    for (; end - unit > kLanes; unit += 2 * kLanes, panel += 2 * panel_size) {
      lstm_tile<1, 2>(policy, s, 0, unit, panel);
    }
  }
  for (; unit < end; unit += kLanes, panel += panel_size) {
    for_row_tiles<kWideRows>(s.dims.B,
                             [&](auto rows, Index row) { lstm_tile<rows.value, 1>(policy, s, row, unit, panel); });
  }
  if (narrow > 0) lstm_narrow_block(policy, s, end, panel);
}

// The operands of one step backward. State rows are state_stride apart and hold whole vectors.
template <class Scalar>
struct LstmStepBackward {
  Dims dims;                       // B: rows of this step
  Units units;                     // those to compute
  Scalar* gates = nullptr;         // (B, 4H) in: after activation; out: gradients before activation
  const Scalar* c = nullptr;       // (B, H) after the step
  const Scalar* c_prev = nullptr;  // (B, H) before it; null: zeros
  const Scalar* d_h = nullptr;     // (B, H) arriving from the output, rows d_h_stride apart; null: zeros
  Index d_h_stride = 0;
  const Scalar* d_h_next = nullptr;  // state (B, H) arriving from step t + 1, to be multiplied by
  const Scalar* m_h = nullptr;       // (B, H), rows H apart; null: ones
  Scalar* d_c = nullptr;             // state (B, H), updated in place
  ZoneoutRows<Scalar> z_h;
  ZoneoutRows<Scalar> z_c;
  Scalar* d_h_old = nullptr;  // with z_h: state (B, H), what of d_h passes the step before, updated in place
  Index state_stride = 0;
  Scalar* d_p = nullptr;  // (B, 3H), added to; null: not wanted
};

// One step's gates backward for s.dims.B rows and s.units. Source: math.md (7)-(14), (66)-(69). Twin:
// reference::lstm_backward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void lstm_cell_backward(const Policy& policy, const LstmStepBackward<Scalar>& s) {
  using V = Vec<Scalar>;
  for_blocks<Scalar>(s.dims.B, s.units, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
    const auto load = [&](const Scalar* from) GATEDCORE_INLINED { return load_width(from, width); };
    Scalar* gates = s.gates + row * kLstmGates * s.dims.H + kLstmGates * unit;
    const Index state = row * s.state_stride + unit;
    V d_h = V::load(s.d_h_next + state);
    if (s.m_h != nullptr) d_h = d_h * load(s.m_h + row * s.dims.H + unit);
    if (s.z_h) d_h = d_h + V::load(s.d_h_old + state);
    if (s.d_h != nullptr) d_h = d_h + load(s.d_h + row * s.d_h_stride + unit);
    V d_c = V::load(s.d_c + state);
    const V c_prev = s.c_prev == nullptr ? V::zero() : load(s.c_prev + row * s.dims.H + unit);
    V c = load(s.c + row * s.dims.H + unit);
    const LstmGates<Scalar> saved{load(gates), load(gates + width), load(gates + 2 * width), load(gates + 3 * width)};
    if (s.z_h) {
      const V z_h = s.z_h.load(row, unit, width);
      (z_h * d_h).store(s.d_h_old + state);
      d_h = zoned_backward(z_h, d_h);
    }
    V d_c_old = V::zero();
    if (s.z_c) {
      const V z_c = s.z_c.load(row, unit, width);
      d_c_old = z_c * d_c;
      d_c = zoned_backward(z_c, d_c);
      c = lstm_new_cell(saved, c_prev);  // what is saved has gone through zoneout
    }
    const LstmGates<Scalar> d_a = lstm_gates_backward(at_units(policy, unit, width), saved, c_prev, c, d_h, d_c);
    add_peephole_gradients(policy, d_a, c_prev, c, s.d_p, row, unit, width);
    if (s.z_c) d_c = d_c + d_c_old;
    d_c.store(s.d_c + state);
    store_width(d_a.i, gates, width);
    store_width(d_a.f, gates + width, width);
    store_width(d_a.g, gates + 2 * width, width);
    store_width(d_a.o, gates + 3 * width, width);
  });
}

GATEDCORE_END_ISA
