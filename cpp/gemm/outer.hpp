// Sums of outer products over all sample-steps: the weight gradients  sum_(t,b) a(t,b)^T d(t,b)  after the time loop.
//
// The sum runs over chunks of a fixed number of sample-steps, the last chunk first, and each column panel is one
// thread's: the same bits for any number of threads, and for a backward pass that takes the chunks as it comes to them.
#pragma once

#include "gemm/pack.hpp"
#include "gemm/tile.hpp"

GATEDCORE_BEGIN_ISA

// Columns of the left operand: the rows of a sequence, delayed by one step or not.
template <class Scalar>
struct Source {
  Sequence<const Scalar> rows;
  Index columns = 0;
  bool delayed = false;             // step t reads row t - 1, and step 0 the initial row
  const Scalar* initial = nullptr;  // (B, columns) for a delayed source; null: zeros
  const Scalar* factors = nullptr;  // (B, columns) that rows are multiplied by; null: ones
};

constexpr int kSources = 3;

// The left operand's columns are those of the sources one after the other, M in all; the right operand is `columns`
// columns of d, whose row t * B + b stands d_stride apart.
template <class Scalar>
struct OuterProduct {
  Index T = 0;
  Index B = 0;
  Source<Scalar> sources[kSources];  // unused ones have no columns
  const Scalar* d = nullptr;
  Index d_stride = 0;
  Index columns = 0;
};

// A panel is as wide as a tile.
template <class Scalar>
constexpr Index kPanelColumns = 4 * Vec<Scalar>::kLanes;

// Sample-steps per chunk: a panel of d is to stay in the L1 cache (32 KB where vectors are 32 bytes, 48 KB at 64
// bytes).
template <class Scalar>
constexpr Index kChunk = (kRegisters == 32 ? 32768 : 24576) / (kPanelColumns<Scalar> * Index(sizeof(Scalar)));

// Left columns packed at once: kChunk * kLeftBlock elements stay in the L2 cache beside the panel. A multiple of 3
// and 6.
constexpr Index kLeftBlock = 240;

template <class Scalar>
constexpr Index left_columns(const OuterProduct<Scalar>& p) {
  return p.sources[0].columns + p.sources[1].columns + p.sources[2].columns;
}
template <class Scalar>
constexpr Index padded_left_columns(const OuterProduct<Scalar>& p) {
  return (left_columns(p) + kWideRows - 1) / kWideRows * kWideRows;
}
template <class Scalar>
constexpr Index panel_count(const OuterProduct<Scalar>& p) {
  return (p.columns + kPanelColumns<Scalar> - 1) / kPanelColumns<Scalar>;
}

// Elements of scratch for a range of panels; the sums come first: sums[panel][left column][kPanelColumns].
template <class Scalar>
constexpr Index outer_sums_size(const OuterProduct<Scalar>& p, Index panels) {
  return panels * padded_left_columns(p) * kPanelColumns<Scalar>;
}
template <class Scalar>
constexpr Index outer_packing_size = kChunk<Scalar>*(kLeftBlock + kPanelColumns<Scalar>);
template <class Scalar>
constexpr Index outer_scratch_size(const OuterProduct<Scalar>& p, Index panels) {
  return outer_sums_size(p, panels) + outer_packing_size<Scalar>;
}

template <class Scalar>
GATEDCORE_INLINE const Scalar* source_row(const Source<Scalar>& s, Index t, Index b) {
  if (!s.delayed) return s.rows.data + t * s.rows.t_stride + b * s.rows.b_stride;
  if (t == 0) return s.initial == nullptr ? nullptr : s.initial + b * s.columns;
  return s.rows.data + (t - 1) * s.rows.t_stride + b * s.rows.b_stride;
}

// Writes one sample-step's row of left columns, tile after tile: element m stands at to[m / kWideRows][m % kWideRows]
// with tiles tile_size apart.
template <class Scalar>
struct LeftCursor {
  Scalar* tile;
  Index tile_size;
  Index lane = 0;

  // Appends count elements of data times their factors, or zeros where data is null.
  GATEDCORE_INLINE void append(const Scalar* data, const Scalar* factors, Index count) {
    if (data != nullptr && factors != nullptr) {
      append(count, [&](Index i) GATEDCORE_INLINED { return data[i] * factors[i]; });
    } else if (data != nullptr) {
      append(count, [&](Index i) GATEDCORE_INLINED { return data[i]; });
    } else {
      append(count, [](Index) GATEDCORE_INLINED { return Scalar(0); });
    }
  }

 private:
  template <class Element>
  GATEDCORE_INLINE void append(Index count, const Element& element) {
    Index i = 0;
    const auto one = [&]() GATEDCORE_INLINED {
      tile[lane] = element(i);
      ++i;
      if (++lane == kWideRows) next();
    };
    while (lane != 0 && i < count) one();
    for (; count - i >= kWideRows; i += kWideRows) {
      unroll<kWideRows>([&](auto r) GATEDCORE_INLINED { tile[r] = element(i + r); });
      next();
    }
    while (i < count) one();
  }

  GATEDCORE_INLINE void next() {
    lane = 0;
    tile += tile_size;
  }
};

// Packs left columns [first, first + count) of the sample-steps [begin, end): to[tile][k][kWideRows], zero-padded.
template <class Scalar>
void pack_left(const OuterProduct<Scalar>& p, Index begin, Index end, Index first, Index count, Scalar* to) {
  const Index depth = end - begin;
  const Index padding = (kWideRows - count % kWideRows) % kWideRows;
  Index t = begin / p.B;
  Index b = begin % p.B;
  for (Index k = 0; k < depth; ++k) {
    LeftCursor<Scalar> cursor{to + k * kWideRows, depth * kWideRows};
    Index start = 0;  // first column of the source
    for (const Source<Scalar>& s : p.sources) {
      const Index from = first > start ? first - start : 0;
      const Index until = first + count - start < s.columns ? first + count - start : s.columns;
      if (from < until) {
        const Scalar* row = source_row(s, t, b);
        cursor.append(row == nullptr ? nullptr : row + from,
                      s.factors == nullptr ? nullptr : s.factors + b * s.columns + from, until - from);
      }
      start += s.columns;
    }
    cursor.append(nullptr, nullptr, padding);
    if (++b == p.B) {
      b = 0;
      ++t;
    }
  }
}

// Packs the columns of one panel for the sample-steps [begin, end): to[k][kPanelColumns], zero-padded.
template <class Scalar>
void pack_right(const OuterProduct<Scalar>& p, Index begin, Index end, Index panel, Scalar* to) {
  using V = Vec<Scalar>;
  const Index column = panel * kPanelColumns<Scalar>;
  const Index left = p.columns - column;
  const Scalar* from = p.d + begin * p.d_stride + column;
  for (Index k = begin; k < end; ++k) {
    if (left >= kPanelColumns<Scalar>) {
      unroll<4>([&](auto v) GATEDCORE_INLINED { V::load(from + v * V::kLanes).store(to + v * V::kLanes); });
    } else {
      for (Index v = 0; v < 4; ++v) {
        const Index n = left - v * V::kLanes;
        pack_vector(n > 0 ? from + v * V::kLanes : nullptr, n < V::kLanes ? n : V::kLanes, to + v * V::kLanes);
      }
    }
    from += p.d_stride;
    to += kPanelColumns<Scalar>;
  }
}

// sums (count left columns, one panel) += the chunk's outer products.
template <class Scalar>
GATEDCORE_NOINLINE void outer_chunk(Index depth, Index count, const Scalar* left, const Scalar* right, Scalar* sums) {
  using V = Vec<Scalar>;
  for (Index m = 0; m < count; m += kWideRows) {
    Tile<Scalar, kWideRows, 1, 4> tile;
    unroll<kWideRows>(
        [&](auto r) GATEDCORE_INLINED { unroll<4>([&](auto v) GATEDCORE_INLINED { tile.acc[r][0][v] = V::zero(); }); });
    accumulate<FirstSlots<4>>(tile, Operand<Scalar>{left + m * depth, 1, kWideRows}, right, 0, depth);
    unroll<kWideRows>([&](auto r) GATEDCORE_INLINED {
      unroll<4>([&](auto v) GATEDCORE_INLINED {
        Scalar* to = sums + (m + r) * kPanelColumns<Scalar> + v * V::kLanes;
        (V::load(to) + tile.acc[r][0][v]).store(to);
      });
    });
  }
}

template <class Scalar>
void clear_outer_sums(const OuterProduct<Scalar>& p, Range panels, Scalar* sums) {
  for (Index i = 0; i < outer_sums_size(p, panels.end - panels.begin); ++i) sums[i] = 0;
}

// Adds to the sums of the panels in range; packing is room for outer_packing_size elements.
template <class Scalar>
void sum_outer_product(const OuterProduct<Scalar>& p, Range panels, Scalar* sums, Scalar* packing) {
  const Index columns = left_columns(p);
  const Index panel_size = padded_left_columns(p) * kPanelColumns<Scalar>;
  const Index rows = p.T * p.B;
  Scalar* left = packing;
  Scalar* right = left + kChunk<Scalar> * kLeftBlock;
  for (Index begin = (rows + kChunk<Scalar> - 1) / kChunk<Scalar> * kChunk<Scalar> - kChunk<Scalar>; begin >= 0;
       begin -= kChunk<Scalar>) {
    const Index end = begin + kChunk<Scalar> < rows ? begin + kChunk<Scalar> : rows;
    for (Index first = 0; first < columns; first += kLeftBlock) {
      const Index count = columns - first < kLeftBlock ? columns - first : kLeftBlock;
      pack_left(p, begin, end, first, count, left);
      for (Index panel = panels.begin; panel < panels.end; ++panel) {
        pack_right(p, begin, end, panel, right);
        Scalar* to = sums + (panel - panels.begin) * panel_size + first * kPanelColumns<Scalar>;
        outer_chunk(end - begin, count, left, right, to);
      }
    }
  }
}

// Fills scratch with the sums of the panels in range.
template <class Scalar>
void outer_product(const OuterProduct<Scalar>& p, Range panels, Scalar* scratch) {
  clear_outer_sums(p, panels, scratch);
  sum_outer_product(p, panels, scratch, scratch + outer_sums_size(p, panels.end - panels.begin));
}

// Which weight column a column of the right operand belongs to. Columns are those of a cache row: blocks of up to lanes
// units, in each block gate after gate; gates and units count from first_gate.
struct GateColumns {
  Index H = 0;
  Index lanes = 0;
  Index gates = 0;
  Index first_gate = 0;

  Index operator()(Index column) const {
    const Index unit = column / (gates * lanes) * lanes;
    const Index width = H - unit < lanes ? H - unit : lanes;
    const Index within = column - gates * unit;
    return (first_gate + within / width) * H + unit + within % width;
  }
};

// to[i] += from[i] for count elements.
template <class Scalar>
GATEDCORE_INLINE void add_to(Scalar* to, const Scalar* from, Index count) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (Index i = 0; i < count; i += kLanes) {
    const Index width = block_width<Scalar>(count, i);
    store_width(load_width(to + i, width) + load_width(from + i, width), to + i, width);
  }
}

// Adds the sums of the panels in range to the weight gradients: to[i] (columns of source i, row_stride), or null.
template <class Scalar>
void add_outer_sums(const OuterProduct<Scalar>& p, Range panels, const Scalar* sums, const GateColumns& target,
                    Index row_stride, Scalar* const (&to)[kSources]) {
  for (Index panel = panels.begin; panel < panels.end; ++panel) {
    const Index first = panel * kPanelColumns<Scalar>;
    const Index count = p.columns - first < kPanelColumns<Scalar> ? p.columns - first : kPanelColumns<Scalar>;
    // Runs of columns that are neighbours in the weights too.
    Index runs = 0;
    Index run_begin[kPanelColumns<Scalar> + 1];
    Index run_column[kPanelColumns<Scalar>];
    for (Index i = 0; i < count; ++i) {
      const Index column = target(first + i);
      if (i > 0 && column == run_column[runs - 1] + i - run_begin[runs - 1]) continue;
      run_begin[runs] = i;
      run_column[runs++] = column;
    }
    run_begin[runs] = count;
    const Scalar* row = sums + (panel - panels.begin) * padded_left_columns(p) * kPanelColumns<Scalar>;
    for (int source = 0; source < kSources; ++source) {
      for (Index m = 0; m < p.sources[source].columns; ++m, row += kPanelColumns<Scalar>) {
        if (to[source] == nullptr) continue;
        for (Index run = 0; run < runs; ++run) {
          add_to(to[source] + m * row_stride + run_column[run], row + run_begin[run],
                 run_begin[run + 1] - run_begin[run]);
        }
      }
    }
  }
}

GATEDCORE_END_ISA
