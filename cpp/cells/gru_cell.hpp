// One GRU step for a run of batch rows, in both forms: register tiles that end in the gates.
#pragma once

#include "cells/gru_gates.hpp"
#include "cells/zoneout.hpp"
#include "gemm/narrow.hpp"
#include "gemm/pack.hpp"
#include "gemm/project.hpp"
#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

constexpr int kGruGates = 3;
constexpr int kGruSaved = 4;  // runs of H in a cache row: z r, then n_h or s, then n

// The operands of one step. State rows are state_stride apart and hold whole vectors; other rows are as wide as their
// array.
template <class Scalar>
struct GruStep {
  Dims dims;    // B: rows of this step
  Units units;  // those to compute
  const Scalar* packed = nullptr;
  const Scalar* x = nullptr;          // (B, I), or
  const Scalar* projected = nullptr;  // what the tiles start from: bias + x w_x, done for many steps at once
  Index x_stride = 0;
  Index projected_stride = 0;
  const Scalar* h_prev = nullptr;    // state (B, H)
  const Scalar* h_scaled = nullptr;  // state: h_prev times m_h, which the products read; h_prev itself without factors
  Scalar* h_next = nullptr;          // state
  Scalar* h_next_scaled = nullptr;   // state, with
  const Scalar* m_h = nullptr;       // (B, H), rows H apart; null: ones
  Scalar* z = nullptr;               // state: what kResetBefore's first pass
  Scalar* s = nullptr;               // state: leaves for the second
  ZoneoutRows<Scalar> z_h;
  Index state_stride = 0;
  Scalar* h = nullptr;  // caller's (B, H), rows h_stride apart; null: not wanted
  Index h_stride = 0;
  Scalar* gates = nullptr;  // cache (B, 4H); null: nothing is saved
};

// Where a unit block's runs stand in its cache row.
template <class Scalar>
struct GruSaved {
  Scalar* z;
  Scalar* r;
  Scalar* s;  // n_h or r * h_prev
  Scalar* n;
};
template <class Scalar>
GATEDCORE_INLINE GruSaved<Scalar> gru_saved(Scalar* gates, Index H, Index row, Index unit, Index width) {
  Scalar* saved = gates + row * kGruSaved * H;
  return {saved + 2 * unit, saved + 2 * unit + width, saved + 2 * H + unit, saved + 3 * H + unit};
}

// Keeps the state after the step, from that before it and the new one, and for the next step's products that times its
// factors.
template <class Scalar>
GATEDCORE_INLINE void gru_store_state(const GruStep<Scalar>& s, Index row, Index unit, Index width, Vec<Scalar> h_prev,
                                      Vec<Scalar> h) {
  if (s.z_h) h = zoned(s.z_h.load(row, unit, width), h_prev, h);
  h.store(s.h_next + row * s.state_stride + unit);
  if (s.m_h != nullptr) {
    const Vec<Scalar> scaled = h * load_width(s.m_h + row * s.dims.H + unit, width);
    scaled.store(s.h_next_scaled + row * s.state_stride + unit);
  }
  if (s.h != nullptr) store_width(h, s.h + row * s.h_stride + unit, width);
}

// --- reset after the recurrent product
// -----------------------------------------------------------------------------------

// Accumulators z r n_h n_x; x feeds z r n_x, h feeds z r n_h.
using GruInputSlots = Slots<0, 1, 3>;
using GruStateSlots = Slots<0, 1, 2>;
constexpr int kGruAfterSlots = 4;

// A packed block of units is [biases of z r n_h n_x][I rows of w_x][H rows of w_h], each row three gates' vectors. A
// narrow block has one vector for what x feeds, z r n_x, and one for what h feeds, z r n_h: [b_x][b_h][I rows][H rows].
template <class Scalar>
constexpr Index gru_after_panel_size(const Dims& dims) {
  return (kGruAfterSlots + (dims.I + dims.H) * kGruGates) * Vec<Scalar>::kLanes;
}

template <class Scalar>
void gru_after_pack(const Dims& dims, const Scalar* w_x, const Scalar* w_h, const Scalar* b_x, const Scalar* b_h,
                    Scalar* to) {
  using V = Vec<Scalar>;
  const Index H = dims.H, stride = kGruGates * H, panel = gru_after_panel_size<Scalar>(dims);
  Scalar* rows = to + kGruAfterSlots * V::kLanes;
  const Index width = narrow_units<Scalar>(H, kGruGates), whole = H - width;
  const GateBlocks candidate{H, whole, 2, 1}, all{H, whole, 0, kGruGates};
  pack_bias(b_x, {H, whole, 0, 2}, panel, to);
  pack_bias(b_h, candidate, panel, to + 2 * V::kLanes);
  pack_bias(b_x, candidate, panel, to + 3 * V::kLanes);
  pack_gate_rows(w_x, dims.I, stride, all, panel, rows);
  pack_gate_rows(w_h, H, stride, all, panel, rows + dims.I * kGruGates * V::kLanes);
  if (width > 0) {
    Scalar* narrow = to + whole / V::kLanes * panel;
    pack_narrow_rows(b_x, 1, stride, H, width, 0, kGruGates, narrow);
    pack_narrow_rows(b_h, 1, stride, H, width, 0, kGruGates, narrow + V::kLanes);
    pack_narrow_rows(w_x, dims.I, stride, H, width, 0, kGruGates, narrow + 2 * V::kLanes);
    pack_narrow_rows(w_h, H, stride, H, width, 0, kGruGates, narrow + (2 + dims.I) * V::kLanes);
  }
  if (b_h == nullptr) return;
  for (Index unit = 0; unit < whole; unit += V::kLanes, to += panel) {
    for (int q = 0; q < 2; ++q) {
      const V b = V::load_n(b_h + q * H + unit, block_width<Scalar>(whole, unit));
      (V::load(to + q * V::kLanes) + b).store(to + q * V::kLanes);
    }
  }
}

// As lstm_project, kGruAfterSlots vectors for each block.
template <class Scalar>
void gru_after_project(const Dims& dims, const Scalar* packed, Units units, Segment<Scalar> x, Index rows,
                       Scalar* projected) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel = gru_after_panel_size<Scalar>(dims), row = kGruAfterSlots * kLanes * block_count<Scalar>(dims.H);
  const Index width = narrow_units<Scalar>(units, dims.H, kGruGates), whole = units.end - width;
  packed += units.begin / kLanes * panel;
  const Index blocks = block_count<Scalar>(whole - units.begin);
  project<GruInputSlots, kGruAfterSlots>(packed, panel, blocks, x, rows, projected + kGruAfterSlots * units.begin, row);
  if (width > 0) {
    project<FirstSlots<1>, 2>(packed + blocks * panel, panel, 1, x, rows, projected + kGruAfterSlots * whole, row);
  }
}

template <class Policy, class Scalar>
GATEDCORE_INLINE void gru_after_finish(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                       const Vec<Scalar> (&acc)[kGruAfterSlots]) {
  using V = Vec<Scalar>;
  const Index width = block_width<Scalar>(s.dims.H, unit);
  const V h_prev = V::load(s.h_prev + row * s.state_stride + unit);
  GruGates<Scalar> gates;
  const V h = gru_after_forward(policy, acc[0], acc[1], acc[3], acc[2], h_prev, gates);
  gru_store_state(s, row, unit, width, h_prev, h);
  if (s.gates == nullptr) return;
  const GruSaved<Scalar> saved = gru_saved(s.gates, s.dims.H, row, unit, width);
  store_width(gates.z, saved.z, width);
  store_width(gates.r, saved.r, width);
  store_width(acc[2], saved.s, width);
  store_width(gates.n, saved.n, width);
}

template <int kRows, int kBlocks, class Policy, class Scalar>
GATEDCORE_INLINE void gru_after_tile(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                     const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel_size = gru_after_panel_size<Scalar>(s.dims);
  Tile<Scalar, kRows, kBlocks, kGruAfterSlots> tile;
  if (s.projected == nullptr) {
    start(tile, Origin<Scalar>{panel, 0, panel_size});
  } else {
    const Scalar* projected = s.projected + row * s.projected_stride + kGruAfterSlots * unit;
    start(tile, Origin<Scalar>{projected, s.projected_stride, kGruAfterSlots * kLanes});
  }
  const Scalar* w_x = panel + kGruAfterSlots * kLanes;
  const Scalar* w_h = w_x + s.dims.I * kGruGates * kLanes;
  if (s.projected == nullptr) {
    accumulate<GruInputSlots>(tile, Operand<Scalar>{s.x + row * s.x_stride, s.x_stride, 1}, w_x, panel_size, s.dims.I);
  }
  accumulate<GruStateSlots>(tile, Operand<Scalar>{s.h_scaled + row * s.state_stride, s.state_stride, 1}, w_h,
                            panel_size, s.dims.H);
  unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
    unroll<kRows>([&](auto r)
                      GATEDCORE_INLINED { gru_after_finish(policy, s, row + r, unit + b * kLanes, tile.acc[r][b]); });
  });
}

// The gates of one row of a narrow block, brought side by side, from what x feeds and what h feeds.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_after_narrow_finish(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                                const Vec<Scalar> (&acc)[2]) {
  const Index width = s.dims.H - unit;
  const Vec<Scalar> both = acc[0] + acc[1];
  const Vec<Scalar> gates[kGruAfterSlots] = {both, rotate(both, width), rotate(acc[1], 2 * width),
                                             rotate(acc[0], 2 * width)};
  gru_after_finish(policy, s, row, unit, gates);
}

template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_after_narrow_block(const Policy& policy, const GruStep<Scalar>& s, Index unit,
                                               const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  for_row_tiles<kNarrowRows>(s.dims.B, [&](auto rows, Index row) {
    NarrowTile<Scalar, rows.value, 2> tile;
    if (s.projected == nullptr) {
      start(tile, Origin<Scalar>{panel, 0, 0});
      accumulate<Slots<0>>(tile, Operand<Scalar>{s.x + row * s.x_stride, s.x_stride, 1}, panel + 2 * kLanes, 0,
                           s.dims.I);
    } else {
      start(tile,
            Origin<Scalar>{s.projected + row * s.projected_stride + kGruAfterSlots * unit, s.projected_stride, 0});
    }
    accumulate<Slots<1>>(tile, Operand<Scalar>{s.h_scaled + row * s.state_stride, s.state_stride, 1},
                         panel + (2 + s.dims.I) * kLanes, 0, s.dims.H);
    unroll<rows.value>([&](auto r)
                           GATEDCORE_INLINED { gru_after_narrow_finish(policy, s, row + r, unit, tile.acc[r][0]); });
  });
}

// A lone row's last whole blocks with the narrow one behind them.
template <int kBlocks, class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_after_lone_end(const Policy& policy, const GruStep<Scalar>& s, Index unit,
                                           const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel_size = gru_after_panel_size<Scalar>(s.dims), last = unit + kBlocks * kLanes;
  const Scalar* narrow = panel + kBlocks * panel_size;
  Tile<Scalar, 1, kBlocks, kGruAfterSlots> tile;
  NarrowTile<Scalar, 1, 2> narrow_tile;
  const Scalar* w_x = panel + kGruAfterSlots * kLanes;
  if (s.projected == nullptr) {
    start(tile, Origin<Scalar>{panel, 0, panel_size});
    start(narrow_tile, Origin<Scalar>{narrow, 0, 0});
    accumulate_lone_end<GruInputSlots, 0>(tile, narrow_tile, s.x, w_x, panel_size, narrow + 2 * kLanes, s.dims.I);
  } else {
    start(tile, Origin<Scalar>{s.projected + kGruAfterSlots * unit, 0, kGruAfterSlots * kLanes});
    start(narrow_tile, Origin<Scalar>{s.projected + kGruAfterSlots * last, 0, 0});
  }
  accumulate_lone_end<GruStateSlots, 1>(tile, narrow_tile, s.h_scaled, w_x + s.dims.I * kGruGates * kLanes, panel_size,
                                        narrow + (2 + s.dims.I) * kLanes, s.dims.H);
  unroll<kBlocks>([&](auto b)
                      GATEDCORE_INLINED { gru_after_finish(policy, s, Index(0), unit + b * kLanes, tile.acc[0][b]); });
  gru_after_narrow_finish(policy, s, Index(0), last, narrow_tile.acc[0][0]);
}

// --- reset before the recurrent product
// ----------------------------------------------------------------------------------

// The candidate needs r * h_prev of every unit, so a step is two passes over the blocks: z and r, then n. Their panels
// are [bias][I rows][H rows] of two vectors and of one; all panels of the first pass stand before those of the second.
template <class Scalar>
constexpr Index gru_before_panel_size(const Dims& dims, int gates) {
  return (1 + dims.I + dims.H) * gates * Vec<Scalar>::kLanes;
}

// Packs gates [first, first + count) of every block.
template <class Scalar>
void gru_before_pack_pass(const Dims& dims, const Scalar* w_x, const Scalar* w_h, const Scalar* b, int first, int count,
                          Scalar* to) {
  const Index H = dims.H, stride = kGruGates * H, panel = gru_before_panel_size<Scalar>(dims, count);
  const Index row = count * Vec<Scalar>::kLanes;
  const GateBlocks gates{H, H, first, count};
  pack_bias(b, gates, panel, to);
  pack_gate_rows(w_x, dims.I, stride, gates, panel, to + row);
  pack_gate_rows(w_h, H, stride, gates, panel, to + (1 + dims.I) * row);
}

template <class Scalar>
void gru_before_pack(const Dims& dims, const Scalar* w_x, const Scalar* w_h, const Scalar* b, Scalar* to) {
  gru_before_pack_pass(dims, w_x, w_h, b, 0, 2, to);
  to += block_count<Scalar>(dims.H) * gru_before_panel_size<Scalar>(dims, 2);
  gru_before_pack_pass(dims, w_x, w_h, b, 2, 1, to);
}

// First pass: z, and s = r * h_prev, with its factors.
template <class Policy, class Scalar>
GATEDCORE_INLINE void gru_before_finish(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                        const Vec<Scalar> (&acc)[2]) {
  using V = Vec<Scalar>;
  const Index state = row * s.state_stride + unit;
  const V z = policy.recurrent(acc[0]);
  const V r = policy.recurrent(acc[1]);
  const V reset = r * V::load(s.h_scaled + state);
  z.store(s.z + state);
  reset.store(s.s + state);
  if (s.gates == nullptr) return;
  const Index width = block_width<Scalar>(s.dims.H, unit);
  const GruSaved<Scalar> saved = gru_saved(s.gates, s.dims.H, row, unit, width);
  store_width(z, saved.z, width);
  store_width(r, saved.r, width);
  store_width(reset, saved.s, width);
}

// Second pass: n and h.
template <class Policy, class Scalar>
GATEDCORE_INLINE void gru_before_finish(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                        const Vec<Scalar> (&acc)[1]) {
  using V = Vec<Scalar>;
  const Index state = row * s.state_stride + unit;
  const Index width = block_width<Scalar>(s.dims.H, unit);
  const V n = policy.activation(acc[0]);
  const V h_prev = V::load(s.h_prev + state);
  const V h = gru_state(V::load(s.z + state), n, h_prev);
  gru_store_state(s, row, unit, width, h_prev, h);
  if (s.gates != nullptr) store_width(n, gru_saved(s.gates, s.dims.H, row, unit, width).n, width);
}

// kGates 2: the first pass, over the state; 1: the second, over s.
template <int kRows, int kBlocks, int kGates, class Policy, class Scalar>
GATEDCORE_INLINE void gru_before_tile(const Policy& policy, const GruStep<Scalar>& s, Index row, Index unit,
                                      const Scalar* panel) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  using Pass = FirstSlots<kGates>;
  const Index panel_size = gru_before_panel_size<Scalar>(s.dims, kGates);
  const Scalar* state = kGates == 2 ? s.h_scaled : s.s;
  Tile<Scalar, kRows, kBlocks, kGates> tile;
  if (s.projected == nullptr) {
    start(tile, Origin<Scalar>{panel, 0, panel_size});
  } else {
    // What is projected ahead of a row: z and r of every block, then n of every block.
    const Index ahead = kGates == 2 ? 2 * unit : 2 * block_count<Scalar>(s.dims.H) * kLanes + unit;
    start(tile, Origin<Scalar>{s.projected + row * s.projected_stride + ahead, s.projected_stride, kGates * kLanes});
  }
  const Scalar* w_x = panel + kGates * kLanes;
  const Scalar* w_h = w_x + s.dims.I * kGates * kLanes;
  if (s.projected == nullptr) {
    accumulate<Pass>(tile, Operand<Scalar>{s.x + row * s.x_stride, s.x_stride, 1}, w_x, panel_size, s.dims.I);
  }
  accumulate<Pass>(tile, Operand<Scalar>{state + row * s.state_stride, s.state_stride, 1}, w_h, panel_size, s.dims.H);
  unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
    unroll<kRows>([&](auto r)
                      GATEDCORE_INLINED { gru_before_finish(policy, s, row + r, unit + b * kLanes, tile.acc[r][b]); });
  });
}

template <int kGates, class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_before_pass(const Policy& policy, const GruStep<Scalar>& s, const Scalar* panels) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  constexpr int kBlocks = 2 / kGates;     // 6 rows of two accumulators
  constexpr int kLone = 2 * kLoneBlocks;  // one row of four or eight
  const Index panel_size = gru_before_panel_size<Scalar>(s.dims, kGates);
  const Scalar* panel = panels + s.units.begin / kLanes * panel_size;
  const Index end = s.units.end;
  Index unit = s.units.begin;
  if (s.dims.B == 1) {
    for (; end - unit > (kLone - 1) * kLanes; unit += kLone * kLanes, panel += kLone * panel_size) {
      gru_before_tile<1, kLone, kGates>(policy, s, 0, unit, panel);
    }
  }
  if constexpr (kBlocks == 2) {
    for (; end - unit > kLanes; unit += 2 * kLanes, panel += 2 * panel_size) {
      for_row_tiles<kNarrowRows>(
          s.dims.B, [&](auto rows, Index row) { gru_before_tile<rows.value, 2, kGates>(policy, s, row, unit, panel); });
    }
  }
  for (; unit < end; unit += kLanes, panel += panel_size) {
    for_row_tiles<kNarrowRows>(
        s.dims.B, [&](auto rows, Index row) { gru_before_tile<rows.value, 1, kGates>(policy, s, row, unit, panel); });
  }
}

// --- one step, either form
// -----------------------------------------------------------------------------------------------

// One step forward for s.dims.B rows and s.units, reset after. Source: math.md (15)-(19), (65). Twin:
// reference::gru_forward.
template <class Policy, class Scalar>
GATEDCORE_NOINLINE void gru_after_cell_forward(const Policy& policy, const GruStep<Scalar>& s) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  const Index panel_size = gru_after_panel_size<Scalar>(s.dims);
  const Scalar* panel = s.packed + s.units.begin / kLanes * panel_size;
  const Index narrow = narrow_units<Scalar>(s.units, s.dims.H, kGruGates), end = s.units.end - narrow;
  Index unit = s.units.begin;
  if (s.dims.B == 1) {
    for (; end - unit > (kLoneBlocks - 1) * kLanes; unit += kLoneBlocks * kLanes, panel += kLoneBlocks * panel_size) {
      gru_after_tile<1, kLoneBlocks>(policy, s, 0, unit, panel);
    }
    if (narrow > 0 && unit < end) {
      unroll<kLoneBlocks - 1>([&](auto fewer) GATEDCORE_INLINED {
        if (end - unit == (fewer + 1) * kLanes) gru_after_lone_end<fewer + 1>(policy, s, unit, panel);
      });
      return;
    }
    for (; end - unit > kLanes; unit += 2 * kLanes, panel += 2 * panel_size) {
      gru_after_tile<1, 2>(policy, s, 0, unit, panel);
    }
  }
  for (; unit < end; unit += kLanes, panel += panel_size) {
    for_row_tiles<kWideRows>(s.dims.B,
                             [&](auto rows, Index row) { gru_after_tile<rows.value, 1>(policy, s, row, unit, panel); });
  }
  if (narrow > 0) gru_after_narrow_block(policy, s, end, panel);
}

// One step forward for s.dims.B rows and s.units, reset before: the first pass, and the second, for which s.s of every
// unit must be there. Source: math.md (27), (19), (65). Twin: reference::gru_forward.
template <class Policy, class Scalar>
void gru_before_cell_reset(const Policy& policy, const GruStep<Scalar>& s) {
  gru_before_pass<2>(policy, s, s.packed);
}
template <class Policy, class Scalar>
void gru_before_cell_forward(const Policy& policy, const GruStep<Scalar>& s) {
  gru_before_pass<1>(policy, s, s.packed + block_count<Scalar>(s.dims.H) * gru_before_panel_size<Scalar>(s.dims, 2));
}

GATEDCORE_END_ISA
