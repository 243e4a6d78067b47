// Plain products C = A P over packed columns: input gradients, recurrent gradients, dense layers.
#pragma once

#include "gemm/pack.hpp"
#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

// What a sum starts from.
enum class Start { kZero, kBias, kResult };

// c (rows, columns) = start + a p, where a's columns are the segments one after the other.
template <class Scalar>
struct Product {
  Index rows = 0;
  Index columns = 0;
  Segment<Scalar> a[2];            // the second may be empty
  const Scalar* packed = nullptr;  // pack_columns or pack_transposed, depth a[0].depth + a[1].depth
  Start start = Start::kZero;
  const Scalar* bias = nullptr;  // (columns), for Start::kBias
  Scalar* c = nullptr;
  Index c_stride = 0;
  Range only{0, -1};  // of the columns, those in whole groups of vectors; end -1: all
};

// kGroups groups of kVectors vectors of columns; only the last vector may be partial.
template <int kRows, int kGroups, int kVectors, class Scalar>
GATEDCORE_INLINE void product_tile(const Product<Scalar>& p, Index row, Index column, const Scalar* panel) {
  using V = Vec<Scalar>;
  constexpr int kLanes = V::kLanes;
  constexpr int kAll = kGroups * kVectors;
  const Index panel_size = (p.a[0].depth + p.a[1].depth) * kVectors * kLanes;
  Tile<Scalar, kRows, kGroups, kVectors> tile;
  Scalar* c = p.c + row * p.c_stride + column;
  // Columns left for the last vector, perhaps more than it holds.
  const Index last = p.columns - column - (kAll - 1) * kLanes;
  const Index width = last < kLanes ? last : kLanes;
  // Calls body(group, vector, offset of its columns, their number) for each vector of columns.
  const auto for_vectors = [&](const auto& body) GATEDCORE_INLINED {
    unroll<kGroups>([&](auto g) GATEDCORE_INLINED {
      unroll<kVectors>([&](auto v) GATEDCORE_INLINED {
        constexpr int kAt = g * kVectors + v;
        body(g, v, kAt * kLanes, kAt == kAll - 1 ? width : Index(kLanes));
      });
    });
  };
  for_vectors([&](auto g, auto v, Index at, Index n) GATEDCORE_INLINED {
    const V bias = p.start == Start::kBias ? load_width(p.bias + column + at, n) : V::zero();
    unroll<kRows>([&](auto r) GATEDCORE_INLINED {
      tile.acc[r][g][v] = p.start == Start::kResult ? load_width(c + r * p.c_stride + at, n) : bias;
    });
  });
  for (const Segment<Scalar>& a : p.a) {
    const Operand<Scalar> left{a.data + row * a.row_stride, a.row_stride, 1};
    accumulate<FirstSlots<kVectors>>(tile, left, panel, panel_size, a.depth);
    panel += a.depth * kVectors * kLanes;
  }
  for_vectors([&](auto g, auto v, Index at, Index n) GATEDCORE_INLINED {
    unroll<kRows>([&](auto r) GATEDCORE_INLINED { store_width(tile.acc[r][g][v], c + r * p.c_stride + at, n); });
  });
}

template <class Scalar>
GATEDCORE_NOINLINE void product(const Product<Scalar>& p) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index vectors = block_count<Scalar>(p.columns);
  const Index depth = p.a[0].depth + p.a[1].depth;
  const Index end = p.only.end < 0 ? vectors : block_count<Scalar>(p.only.end);
  for (Index first = p.only.begin / kLanes; first < end;) {
    int width = group_width(vectors, first);
    const Scalar* panel = p.packed + panel_offset<Scalar>(depth, first);
    const Index column = first * kLanes;
    if (p.rows == 1 && end - first >= 8) {
      product_tile<1, 2, 4>(p, 0, column, panel);
      width = 8;
    } else if (width == 4) {
      for_row_tiles<kWideRows>(p.rows,
                               [&](auto rows, Index r) { product_tile<rows.value, 1, 4>(p, r, column, panel); });
    } else if (width == 2) {
      for_row_tiles<kNarrowRows>(p.rows,
                                 [&](auto rows, Index r) { product_tile<rows.value, 1, 2>(p, r, column, panel); });
    } else {
      for_row_tiles<kNarrowRows>(p.rows,
                                 [&](auto rows, Index r) { product_tile<rows.value, 1, 1>(p, r, column, panel); });
    }
    first += width;
  }
}

GATEDCORE_END_ISA
