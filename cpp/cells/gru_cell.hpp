// One GRU step for a run of batch rows, in both forms: register tiles that end in the gates, and the gates' way back.
#pragma once

#include "cells/gru_gates.hpp"
#include "cells/zoneout.hpp"
#include "gemm/pack.hpp"
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

// A packed block of units is [biases of z r n_h n_x][I rows of w_x][H rows of w_h], each row three gates' vectors.
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
  pack_bias(b_x, H, 0, 2, panel, to);
  pack_bias(b_h, H, 2, 1, panel, to + 2 * V::kLanes);
  pack_bias(b_x, H, 2, 1, panel, to + 3 * V::kLanes);
  pack_gate_rows(w_x, dims.I, stride, H, 0, kGruGates, panel, rows);
  pack_gate_rows(w_h, H, stride, H, 0, kGruGates, panel, rows + dims.I * kGruGates * V::kLanes);
  if (b_h == nullptr) return;
  for (Index unit = 0; unit < H; unit += V::kLanes, to += panel) {
    for (int q = 0; q < 2; ++q) {
      const V b = V::load_n(b_h + q * H + unit, block_width<Scalar>(H, unit));
      (V::load(to + q * V::kLanes) + b).store(to + q * V::kLanes);
    }
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
  pack_bias(b, H, first, count, panel, to);
  pack_gate_rows(w_x, dims.I, stride, H, first, count, panel, to + row);
  pack_gate_rows(w_h, H, stride, H, first, count, panel, to + (1 + dims.I) * row);
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
  const Index end = s.units.end;
  Index unit = s.units.begin;
  if (s.dims.B == 1) {
    for (; end - unit > (kLoneBlocks - 1) * kLanes; unit += kLoneBlocks * kLanes, panel += kLoneBlocks * panel_size) {
      gru_after_tile<1, kLoneBlocks>(policy, s, 0, unit, panel);
    }
    for (; end - unit > kLanes; unit += 2 * kLanes, panel += 2 * panel_size) {
      gru_after_tile<1, 2>(policy, s, 0, unit, panel);
    }
  }
  for (; unit < end; unit += kLanes, panel += panel_size) {
    for_row_tiles<kWideRows>(s.dims.B,
                             [&](auto rows, Index row) { gru_after_tile<rows.value, 1>(policy, s, row, unit, panel); });
  }
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
