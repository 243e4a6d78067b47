// Weight layouts: the order in which tiles read them, one contiguous panel after the other.
//
// Panels are zero-padded to whole vectors: a padded unit has weights and bias 0 and is never stored.
#pragma once

#include <cstring>

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// Blocks of kLanes units that cover H units, and the units in the block that begins at unit.
template <class Scalar>
constexpr Index block_count(Index H) {
  return (H + Vec<Scalar>::kLanes - 1) / Vec<Scalar>::kLanes;
}
template <class Scalar>
constexpr Index block_width(Index H, Index unit) {
  const Index left = H - unit;
  return left < Vec<Scalar>::kLanes ? left : Vec<Scalar>::kLanes;
}

// Units [begin, end).
using Units = Range;

// Calls body(row, unit, width) for every block of some units, which begin with a block, of every row.
template <class Scalar, class Body>
GATEDCORE_INLINE void for_blocks(Index rows, Units units, const Body& body) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index whole = units.begin + (units.end - units.begin) / kLanes * kLanes;
  for (Index row = 0; row < rows; ++row) {
    for (Index unit = units.begin; unit < whole; unit += kLanes) body(row, unit, kLanes);
    if (whole < units.end) body(row, whole, units.end - whole);
  }
}

// Copies width elements and fills the vector up with zeros; a null source gives zeros.
template <class Scalar>
GATEDCORE_INLINE void pack_vector(const Scalar* from, Index width, Scalar* to) {
  const Vec<Scalar> v = from == nullptr ? Vec<Scalar>::zero() : Vec<Scalar>::load_n(from, width);
  v.store(to);
}

// Rows of a (rows, gates * H) matrix, for gates [first, first + count) of the block of units at unit:
// to[row][gate][lane]. Returns where the next row would go.
template <class Scalar>
Scalar* pack_gate_rows(const Scalar* w, Index rows, Index row_stride, Index H, Index unit, int first, int count,
                       Scalar* to) {
  const Index width = block_width<Scalar>(H, unit);
  for (Index k = 0; k < rows; ++k) {
    for (int q = first; q < first + count; ++q) {
      pack_vector(w + k * row_stride + q * H + unit, width, to);
      to += Vec<Scalar>::kLanes;
    }
  }
  return to;
}

// A bias of each gate [first, first + count) of the block at unit; null: zeros.
template <class Scalar>
Scalar* pack_bias(const Scalar* b, Index H, Index unit, int first, int count, Scalar* to) {
  for (int q = first; q < first + count; ++q) {
    pack_vector(b == nullptr ? nullptr : b + q * H + unit, block_width<Scalar>(H, unit), to);
    to += Vec<Scalar>::kLanes;
  }
  return to;
}

// Plain products (gemm.hpp) read their right operand in groups of up to kGroup vectors of columns: 4, 2 or 1.
constexpr int kGroup = 4;

// Vectors in the group that begins at the given one of count vectors.
constexpr int group_width(Index count, Index first) { return count - first >= 4 ? 4 : (count - first >= 2 ? 2 : 1); }

// The units of a share: whole groups of blocks, so that a share of the units is a share of the columns of a product
// too.
template <class Scalar>
constexpr Units units_of(const UnitShare& share, Index H) {
  constexpr Index kUnits = kGroup * Vec<Scalar>::kLanes;
  const Index groups = (H + kUnits - 1) / kUnits;
  const Index end = groups * (share.part + 1) / share.parts * kUnits;
  return {groups * share.part / share.parts * kUnits, end < H ? end : H};
}

// Elements of a right operand of depth rows and the given columns, packed.
template <class Scalar>
constexpr Index packed_size(Index depth, Index columns) {
  return depth * block_count<Scalar>(columns) * Vec<Scalar>::kLanes;
}

// Where the panel of the group that begins at vector first stands.
template <class Scalar>
constexpr Index panel_offset(Index depth, Index first) {
  return depth * first * Vec<Scalar>::kLanes;
}

// A (depth, columns) matrix as groups: to[group][k][vector][lane].
template <class Scalar>
void pack_columns(const Scalar* w, Index depth, Index columns, Index row_stride, Scalar* to) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index vectors = block_count<Scalar>(columns);
  for (Index first = 0; first < vectors;) {
    const int width = group_width(vectors, first);
    for (Index k = 0; k < depth; ++k) {
      for (Index v = first; v < first + width; ++v) {
        pack_vector(w + k * row_stride + v * kLanes, block_width<Scalar>(columns, v * kLanes), to);
        to += kLanes;
      }
    }
    first += width;
  }
}

// Part of the transpose of a weight matrix w (columns, row_stride) as the right operand of a product over gate
// gradients: row k of the operand is column from[k] of w, for the gate columns of a cache row.
//
// The rows [k_first, k_first + gates * H) of a packed operand of the given depth are filled with gates [first, first +
// gates) of w in the order of a cache row: blocks of up to kLanes units, in each block gate after gate.
template <class Scalar>
struct TransposedGates {
  const Scalar* w = nullptr;  // (columns, row_stride), gates of H units side by side
  Index columns = 0;
  Index row_stride = 0;
  Index H = 0;
  int first = 0;
  int gates = 0;
};
template <class Scalar>
void pack_transposed(const TransposedGates<Scalar>& from, Index depth, Index k_first, Scalar* to) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index vectors = block_count<Scalar>(from.columns);
  for (Index group = 0; group < vectors;) {
    const int width = group_width(vectors, group);
    Scalar* panel = to + panel_offset<Scalar>(depth, group);
    // Run after run of units: the rows that one run fills stay in the L1 cache while column after column is written to
    // them, and each column is read from front to end.
    for (int q = 0; q < from.gates; ++q) {
      for (Index unit = 0; unit < from.H; unit += kLanes) {
        const Index units = block_width<Scalar>(from.H, unit);
        Scalar* rows = panel + (k_first + from.gates * unit + q * units) * width * kLanes;
        for (Index lane = 0; lane < width * kLanes; ++lane) {
          const Index column = group * kLanes + lane;
          const Scalar* source = from.w + column * from.row_stride + (from.first + q) * from.H + unit;
          const bool padding = column >= from.columns;
          for (Index u = 0; u < units; ++u) rows[u * width * kLanes + lane] = padding ? Scalar(0) : source[u];
        }
      }
    }
    group += width;
  }
}

GATEDCORE_END_ISA
