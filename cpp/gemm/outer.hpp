// Sums of outer products over all sample-steps: the weight gradients  sum_(t,b) a(t,b)^T d(t,b)  after the time loop.
//
// The sum runs over chunks of a fixed number of sample-steps, the last chunk first, and each column panel is one
// thread's: the same bits for any number of threads, and for a backward pass that takes the chunks as it comes to them.
#pragma once

#include <cstring>

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

// A panel is as wide as a tile, 4 vectors, or narrower at the end, where 5 vectors are left as 3 and 2: a tile of one
// vector has too few accumulators to keep the multiply-adders busy.
template <class Scalar>
constexpr Index kPanelColumns = 4 * Vec<Scalar>::kLanes;

// Sample-steps per chunk: a panel of d is to stay in the L1 cache.
template <class Scalar>
constexpr Index kChunk = (kRegisters == 32 ? 32768 : 24576) / (kPanelColumns<Scalar> * Index(sizeof(Scalar)));

// Elements from a tile of left columns to the next: room for a chunk, and a cache line more, as lines a power of two
// apart would push each other out of the cache while a sample-step is written to all tiles.
template <class Scalar>
constexpr Index kLeftTile = kChunk<Scalar>* kWideRows + 64 / Index(sizeof(Scalar));

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

// The first column of a panel and its vectors, the last of which may be partial.
struct Panel {
  Index column;
  int vectors;
};
template <class Scalar>
constexpr Panel panel_at(const OuterProduct<Scalar>& p, Index panel) {
  const Index vectors = block_count<Scalar>(p.columns);
  const Index first = 4 * panel, left = vectors - first;
  if (left == 5) return {first * Vec<Scalar>::kLanes, 3};
  if (left == 1 && panel > 0) return {(first - 1) * Vec<Scalar>::kLanes, 2};
  return {first * Vec<Scalar>::kLanes, left < 4 ? static_cast<int>(left) : 4};
}

// Multiply-adds of vectors in a panel for one sample-step.
template <class Scalar>
constexpr Index panel_work(const OuterProduct<Scalar>& p, Index panel) {
  return padded_left_columns(p) * panel_at(p, panel).vectors;
}

// Elements of scratch for a range of panels; the sums come first: sums[panel][left column][kPanelColumns], where a
// narrow panel leaves columns unused.
template <class Scalar>
constexpr Index outer_sums_size(const OuterProduct<Scalar>& p, Index panels) {
  return panels * padded_left_columns(p) * kPanelColumns<Scalar>;
}
// A chunk of all left columns, and of one panel.
template <class Scalar>
constexpr Index outer_packing_size(const OuterProduct<Scalar>& p) {
  return padded_left_columns(p) / kWideRows * kLeftTile<Scalar> + kChunk<Scalar> * kPanelColumns<Scalar>;
}
template <class Scalar>
constexpr Index outer_scratch_size(const OuterProduct<Scalar>& p, Index panels) {
  return outer_sums_size(p, panels) + outer_packing_size(p);
}

template <class Scalar>
GATEDCORE_INLINE const Scalar* source_row(const Source<Scalar>& s, Index t, Index b) {
  if (!s.delayed) return s.rows.data + t * s.rows.t_stride + b * s.rows.b_stride;
  if (t == 0) return s.initial == nullptr ? nullptr : s.initial + b * s.columns;
  return s.rows.data + (t - 1) * s.rows.t_stride + b * s.rows.b_stride;
}

// Writes one sample-step's row of left columns, tile after tile: element m stands at to[m / kWideRows][m % kWideRows].
template <class Scalar>
struct LeftCursor {
  Scalar* tile;
  Index lane = 0;

  // Appends count elements of data times their factors, or zeros where data is null.
  GATEDCORE_INLINE void append(const Scalar* data, const Scalar* factors, Index count) {
    if (data != nullptr && factors != nullptr) {
      append(
          count, [&](Index i) GATEDCORE_INLINED { return data[i] * factors[i]; },
          [&](Index i) GATEDCORE_INLINED {
            unroll<kWideRows>([&](auto r) GATEDCORE_INLINED { tile[r] = data[i + r] * factors[i + r]; });
          });
    } else if (data != nullptr) {
      append(
          count, [&](Index i) GATEDCORE_INLINED { return data[i]; },
          [&](Index i) GATEDCORE_INLINED { std::memcpy(tile, data + i, kWideRows * sizeof(Scalar)); });
    } else {
      append(
          count, [](Index) GATEDCORE_INLINED { return Scalar(0); },
          [&](Index) GATEDCORE_INLINED { std::memset(tile, 0, kWideRows * sizeof(Scalar)); });
    }
  }

 private:
  // element(i) is one element; write(i) puts a tile's row from element i on where it belongs.
  template <class Element, class Write>
  GATEDCORE_INLINE void append(Index count, const Element& element, const Write& write) {
    Index i = 0;
    const auto one = [&]() GATEDCORE_INLINED {
      tile[lane] = element(i);
      ++i;
      if (++lane == kWideRows) next();
    };
    while (lane != 0 && i < count) one();
    for (; count - i >= kWideRows; i += kWideRows) {
      write(i);
      next();
    }
    while (i < count) one();
  }

  GATEDCORE_INLINE void next() {
    lane = 0;
    tile += kLeftTile<Scalar>;
  }
};

// Packs the left columns of the sample-steps [begin, end): to[tile][k][kWideRows], zero-padded, tiles kLeftTile apart.
template <class Scalar>
void pack_left(const OuterProduct<Scalar>& p, Index begin, Index end, Scalar* to) {
  const Index padding = padded_left_columns(p) - left_columns(p);
  Index t = begin / p.B;
  Index b = begin % p.B;
  for (Index k = begin; k < end; ++k, to += kWideRows) {
    LeftCursor<Scalar> cursor{to};
    for (const Source<Scalar>& s : p.sources) {
      cursor.append(source_row(s, t, b), s.factors == nullptr ? nullptr : s.factors + b * s.columns, s.columns);
    }
    cursor.append(nullptr, nullptr, padding);
    if (++b == p.B) {
      b = 0;
      ++t;
    }
  }
}

// Packs the columns of one panel for the sample-steps [begin, end): to[k][vector][lane], zero-padded.
template <int kVectors, class Scalar>
void pack_right(const OuterProduct<Scalar>& p, Index begin, Index end, Index column, Scalar* to) {
  using V = Vec<Scalar>;
  const Scalar* from = p.d + begin * p.d_stride + column;
  const Index last = p.columns - column - (kVectors - 1) * V::kLanes;
  const Index width = last < V::kLanes ? last : V::kLanes;
  constexpr Index kAhead = 8;
  for (Index k = begin; k < end; ++k, from += p.d_stride, to += kVectors * V::kLanes) {
    unroll<kVectors>([&](auto v) GATEDCORE_INLINED {
      __builtin_prefetch(from + kAhead * p.d_stride + v * V::kLanes);
      load_width(from + v * V::kLanes, v == kVectors - 1 ? width : Index(V::kLanes)).store(to + v * V::kLanes);
    });
  }
}

// sums (count left columns, one panel) += the chunk's outer products; fresh sums are taken for zeros, whatever they
// hold.
template <int kVectors, class Scalar>
GATEDCORE_NOINLINE void outer_chunk(Index depth, Index count, const Scalar* left, const Scalar* right, bool fresh,
                                    Scalar* sums) {
  using V = Vec<Scalar>;
  for (Index m = 0; m < count; m += kWideRows, left += kLeftTile<Scalar>) {
    Tile<Scalar, kWideRows, 1, kVectors> tile;
    unroll<kWideRows>([&](auto r) GATEDCORE_INLINED {
      unroll<kVectors>([&](auto v) GATEDCORE_INLINED { tile.acc[r][0][v] = V::zero(); });
    });
    accumulate<FirstSlots<kVectors>>(tile, Operand<Scalar>{left, 1, kWideRows}, right, 0, depth);
    unroll<kWideRows>([&](auto r) GATEDCORE_INLINED {
      unroll<kVectors>([&](auto v) GATEDCORE_INLINED {
        Scalar* to = sums + (m + r) * kPanelColumns<Scalar> + v * V::kLanes;
        ((fresh ? V::zero() : V::load(to)) + tile.acc[r][0][v]).store(to);
      });
    });
  }
}

template <class Scalar>
void clear_outer_sums(const OuterProduct<Scalar>& p, Range panels, Scalar* sums) {
  for (Index i = 0; i < outer_sums_size(p, panels.end - panels.begin); ++i) sums[i] = 0;
}

// Adds the sample-steps in range, which begins with a chunk, to the sums of the panels in range, or with fresh sums,
// and at least one sample-step, begins them; packing is room for outer_packing_size elements.
template <class Scalar>
void sum_outer_product(const OuterProduct<Scalar>& p, Range panels, Range samples, bool fresh, Scalar* sums,
                       Scalar* packing) {
  const Index columns = left_columns(p);
  const Index panel_size = padded_left_columns(p) * kPanelColumns<Scalar>;
  Scalar* left = packing;
  Scalar* right = left + padded_left_columns(p) / kWideRows * kLeftTile<Scalar>;
  for (Index end = samples.end, begin; end > samples.begin; end = begin) {
    begin = (end - 1) / kChunk<Scalar> * kChunk<Scalar>;
    pack_left(p, begin, end, left);
    for (Index panel = panels.begin; panel < panels.end; ++panel) {
      const Panel at = panel_at(p, panel);
      Scalar* to = sums + (panel - panels.begin) * panel_size;
      unroll<4>([&](auto fewer) GATEDCORE_INLINED {
        constexpr int kVectors = 4 - fewer.value;
        if (at.vectors != kVectors) return;
        pack_right<kVectors>(p, begin, end, at.column, right);
        outer_chunk<kVectors>(end - begin, columns, left, right, fresh, to);
      });
    }
    fresh = false;
  }
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
    const Panel at = panel_at(p, panel);
    const Index first = at.column, widest = at.vectors * Vec<Scalar>::kLanes;
    const Index count = p.columns - first < widest ? p.columns - first : widest;
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
