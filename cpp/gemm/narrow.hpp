// The last block of a layer's units where they are few: its gates stand side by side in one vector.
//
// A block costs as much for two units as for as many as a vector has lanes: of 50 units and 16 lanes, a fifth of all
// products would be with zeros. One vector holds unit u of gate q in lane q * width + u instead. What that brings is in
// docs/decisions/0010-narrow-blocks.md.
#pragma once

#include "gemm/pack.hpp"
#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

// Units of the narrow block at the end of H units with so many gates; 0 where there is none: a layer of less than a
// block would gain less than the rotations cost.
template <class Scalar>
constexpr Index narrow_units(Index H, int gates) {
  const Index left = H % Vec<Scalar>::kLanes;
  return H > left && left * gates <= Vec<Scalar>::kLanes ? left : 0;
}

// The same of those that a share ends with.
template <class Scalar>
constexpr Index narrow_units(Units units, Index H, int gates) {
  return units.end == H ? narrow_units<Scalar>(H, gates) : 0;
}

// Rows of a (rows, gates * H) matrix, the gates [first, first + count) of its last `width` units: to[row][lane], where
// gate q of them begins at lane q * width; null: zeros.
template <class Scalar>
void pack_narrow_rows(const Scalar* w, Index rows, Index row_stride, Index H, Index width, int first, int count,
                      Scalar* to) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (Index k = 0; k < rows; ++k, to += kLanes) {
    for (Index lane = 0; lane < kLanes; ++lane) to[lane] = 0;
    if (w == nullptr) continue;
    const Scalar* last = w + k * row_stride + (first + 1) * H - width;
    for (int q = 0; q < count; ++q) {
      for (Index u = 0; u < width; ++u) to[q * width + u] = last[q * H + u];
    }
  }
}

// A narrow tile's vectors for one row: kSlots rows of lanes.
template <class Scalar, int kRows, int kSlots>
using NarrowTile = Tile<Scalar, kRows, 1, kSlots>;

// Accumulates a lone row's last whole blocks and the narrow block behind them at once: a few accumulators alone would
// wait for each other. Weight rows of the narrow block, at `narrow`, are one vector each and feed slot kSlot.
template <class Map, int kSlot, class Scalar, int kBlocks, int kSlots, int kNarrowSlots>
GATEDCORE_INLINE void accumulate_lone_end(Tile<Scalar, 1, kBlocks, kSlots>& tile,
                                          NarrowTile<Scalar, 1, kNarrowSlots>& narrow_tile, const Scalar* a,
                                          const Scalar* w, Index panel_stride, const Scalar* narrow, Index depth) {
  using V = Vec<Scalar>;
  for (Index k = 0; k < depth; ++k) {
    const V broadcast = V::set(a[k]);
    unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
      unroll<Map::kCount>([&](auto n) GATEDCORE_INLINED {
        V& acc = tile.acc[0][b][Map::at(n)];
        acc = fma(V::load(w + b * panel_stride + n * V::kLanes), broadcast, acc);
      });
    });
    V& acc = narrow_tile.acc[0][0][kSlot];
    acc = fma(V::load(narrow), broadcast, acc);
    w += Map::kCount * V::kLanes;
    narrow += V::kLanes;
  }
}

GATEDCORE_END_ISA
