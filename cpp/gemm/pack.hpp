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

// Gates [first, first + count) of the first `units` of H units.
struct GateBlocks {
  Index H;
  Index units;
  int first;
  int count;
};

// Rows of a (rows, gates * H) matrix: to[block][row][gate][lane], with blocks panel_size apart. Row after row, as the
// matrix stands in memory: block after block would read a line here and a line there, each of another page where the
// matrix is large (I = H = 512: 15 % of an LSTM's inference at a batch of 1).
template <class Scalar>
void pack_gate_rows(const Scalar* w, Index rows, Index row_stride, const GateBlocks& g, Index panel_size, Scalar* to) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (Index k = 0; k < rows; ++k, w += row_stride, to += g.count * kLanes) {
    Scalar* block = to;
    for (Index unit = 0; unit < g.units; unit += kLanes, block += panel_size) {
      const Index width = block_width<Scalar>(g.units, unit);
      for (int q = 0; q < g.count; ++q) pack_vector(w + (g.first + q) * g.H + unit, width, block + q * kLanes);
    }
  }
}

// The same of one row, a bias; null: zeros.
template <class Scalar>
void pack_bias(const Scalar* b, const GateBlocks& g, Index panel_size, Scalar* to) {
  for (Index unit = 0; unit < g.units; unit += Vec<Scalar>::kLanes, to += panel_size) {
    for (int q = 0; q < g.count; ++q) {
      pack_vector(b == nullptr ? nullptr : b + (g.first + q) * g.H + unit, block_width<Scalar>(g.units, unit),
                  to + q * Vec<Scalar>::kLanes);
    }
  }
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

// Four rows of four, to turn.
template <class Scalar>
struct Quad {
  typedef Scalar Row __attribute__((vector_size(4 * sizeof(Scalar))));
  Row rows[4];

  static GATEDCORE_INLINE Quad load(const Scalar* from, Index stride) {
    Quad quad;
    unroll<4>([&](auto r) GATEDCORE_INLINED { std::memcpy(&quad.rows[r], from + r * stride, sizeof(Row)); });
    return quad;
  }
  GATEDCORE_INLINE void store(Scalar* to, Index stride) const {
    unroll<4>([&](auto r) GATEDCORE_INLINED { std::memcpy(to + r * stride, &rows[r], sizeof(Row)); });
  }
  GATEDCORE_INLINE Quad transposed() const {
    const Row low01 = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
    const Row low23 = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    const Row high01 = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    const Row high23 = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    return {{__builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
             __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)}};
  }
};

// to[j][i] = from[i][j] for rows i and columns j, four by four where there are so many.
template <class Scalar>
GATEDCORE_INLINE void transpose(const Scalar* from, Index from_stride, Index rows, Index columns, Scalar* to,
                                Index to_stride) {
  const Index whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (Index i = 0; i < whole_rows; i += 4) {
    for (Index j = 0; j < whole_columns; j += 4) {
      Quad<Scalar>::load(from + i * from_stride + j, from_stride).transposed().store(to + j * to_stride + i, to_stride);
    }
  }
  for (Index i = 0; i < rows; ++i) {
    for (Index j = i < whole_rows ? whole_columns : 0; j < columns; ++j) {
      to[j * to_stride + i] = from[i * from_stride + j];
    }
  }
}

// The same of a whole matrix, by squares of which both sides stay in the L1 cache: in strips alone the lines written to
// would push each other out where the matrix is large.
template <class Scalar>
void transpose_matrix(const Scalar* from, Index from_stride, Index rows, Index columns, Scalar* to, Index to_stride) {
  constexpr Index kSide = 64;
  for (Index i = 0; i < rows; i += kSide) {
    for (Index j = 0; j < columns; j += kSide) {
      transpose(from + i * from_stride + j, from_stride, rows - i < kSide ? rows - i : kSide,
                columns - j < kSide ? columns - j : kSide, to + j * to_stride + i, to_stride);
    }
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
    Scalar* panel = to + panel_offset<Scalar>(depth, group) + k_first * width * kLanes;
    // A vector of columns after the other: each is read from front to end, and what is written are whole cache lines.
    for (int v = 0; v < width; ++v) {
      const Index column = (group + v) * kLanes, columns = block_width<Scalar>(from.columns, column);
      const Scalar* source = from.w + column * from.row_stride + from.first * from.H;
      for (int q = 0; q < from.gates; ++q) {
        for (Index unit = 0; unit < from.H; unit += kLanes) {
          const Index units = block_width<Scalar>(from.H, unit);
          Scalar* rows = panel + ((from.gates * unit + q * units) * width + v) * kLanes;
          transpose(source + q * from.H + unit, from.row_stride, columns, units, rows, width * kLanes);
          if (columns == kLanes) continue;
          for (Index u = 0; u < units; ++u) {
            for (Index lane = columns; lane < kLanes; ++lane) rows[u * width * kLanes + lane] = 0;
          }
        }
      }
    }
    group += width;
  }
}

GATEDCORE_END_ISA
