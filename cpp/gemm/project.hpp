// The input product of many steps ahead of their recurrence, in the accumulators' own layout.
#pragma once

#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

// projected[row][block][slot][lane] = bias + x w_x for rows of x that need not be of one step: the same sums in the
// same order as in the step's own tile. Panels, panel_size apart, begin with kSlots bias vectors; the rows of w_x
// follow. Rows of the result are stride apart.
template <class Map, int kSlots, class Scalar>
GATEDCORE_NOINLINE void project(const Scalar* packed, Index panel_size, Index blocks, Segment<Scalar> x, Index rows,
                                Scalar* projected, Index stride) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  for (Index block = 0; block < blocks; ++block, packed += panel_size, projected += kSlots * kLanes) {
    for_row_tiles<kWideRows>(rows, [&](auto tile_rows, Index row) {
      Tile<Scalar, tile_rows.value, 1, kSlots> tile;
      start(tile, Origin<Scalar>{packed, 0, 0});
      accumulate<Map>(tile, Operand<Scalar>{x.data + row * x.row_stride, x.row_stride, 1}, packed + kSlots * kLanes, 0,
                      x.depth);
      unroll<tile_rows.value>([&](auto r) GATEDCORE_INLINED {
        unroll<kSlots>([&](auto s)
                           GATEDCORE_INLINED { tile.acc[r][0][s].store(projected + (row + r) * stride + s * kLanes); });
      });
    });
  }
}

GATEDCORE_END_ISA
