// The register tile: a small matrix of vector accumulators, fed one k at a time.
//
// A tile covers kRows rows of the left operand and kBlocks blocks of kSlots vectors of packed weights. It knows no
// gates: a cell starts it from biases, accumulates its segments (x, then h), and applies its equations to the live
// accumulators. Every row's sum runs over k in one order in every tile shape, so a result does not depend on how rows
// are grouped.
#pragma once

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// The left operand of a product: element (r, k) stands at data[r * row_stride + k * k_stride].
template <class Scalar>
struct Operand {
  const Scalar* data = nullptr;
  Index row_stride = 0;
  Index k_stride = 1;
};

// A run of k in the left operand: element (r, k) at data[r * row_stride + k].
template <class Scalar>
struct Segment {
  const Scalar* data = nullptr;
  Index row_stride = 0;
  Index depth = 0;
};

// Which accumulators the vectors of a packed weight row feed: the n-th vector goes to slot at(n).
template <int... kSlot>
struct Slots {
  static constexpr int kCount = sizeof...(kSlot);
  static constexpr int at(int n) {
    const int slots[] = {kSlot...};
    return slots[n];
  }
};

// The first kCount slots in order: FirstSlots<3> is Slots<0, 1, 2>.
template <int kCount, int... kSlot>
struct CountedSlots : CountedSlots<kCount - 1, kCount - 1, kSlot...> {};
template <int... kSlot>
struct CountedSlots<0, kSlot...> {
  using type = Slots<kSlot...>;
};
template <int kCount>
using FirstSlots = typename CountedSlots<kCount>::type;

template <class Scalar, int kRows, int kBlocks, int kSlots>
struct Tile {
  Vec<Scalar> acc[kRows][kBlocks][kSlots];
};

// Tile rows: with 4 columns 16 registers hold 3 rows (12 accumulators, 3 broadcasts, 1 weight), 32 hold 6 (24, 1, 4).
constexpr int kWideRows = kRegisters == 32 ? 6 : 3;
// With 2 columns or fewer 6 rows fit everywhere.
constexpr int kNarrowRows = 6;
// One row alone needs at least 8 accumulators, FMA latency 4 times 2 pipes, so it takes several blocks at once.
constexpr int kLoneBlocks = kRegisters == 32 ? 4 : 2;

// Where the accumulators of a tile begin: vector (r, b, s) at data[r * row_stride + b * block_stride + s * kLanes].
template <class Scalar>
struct Origin {
  const Scalar* data = nullptr;
  Index row_stride = 0;  // 0 for a bias, the same for every row
  Index block_stride = 0;
};

template <class Scalar, int kRows, int kBlocks, int kSlots>
GATEDCORE_INLINE void start(Tile<Scalar, kRows, kBlocks, kSlots>& tile, Origin<Scalar> from) {
  unroll<kRows>([&](auto r) GATEDCORE_INLINED {
    unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
      unroll<kSlots>([&](auto s) GATEDCORE_INLINED {
        tile.acc[r][b][s] =
            Vec<Scalar>::load(from.data + r * from.row_stride + b * from.block_stride + s * Vec<Scalar>::kLanes);
      });
    });
  });
}

// Weight rows from where a tile reads to where it asks for a line: an L2 cache's latency at 6 to 12 cycles a row.
// Weights that do not stay in the L1 cache gain a tenth by it (inference, 16 lanes, H = 256: 90 to 103 GFLOP/s, 512: 97
// to 108).
constexpr int kPrefetchAhead = 12;

// acc[r][b][Map(n)] += a(r, k) * w(k, b, n) for k in [0, depth). Weight rows hold Map::kCount vectors and follow each
// other; block b is panel_stride further. Whichever operand is held across the inner loop is pinned in registers: left
// alone, g++ 12 folds the weight load into each FMA that uses it, and the load ports, not the FMAs, set the pace (1.7
// times slower).
template <class Map, class Scalar, int kRows, int kBlocks, int kSlots>
GATEDCORE_INLINE void accumulate(Tile<Scalar, kRows, kBlocks, kSlots>& tile, Operand<Scalar> a, const Scalar* w,
                                 Index panel_stride, Index depth) {
  using V = Vec<Scalar>;
  constexpr int kCount = Map::kCount;
  const Scalar* x = a.data;
  for (Index k = 0; k < depth; ++k) {
    if constexpr (kRows > 1) {
      unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
        unroll<kCount>([&](auto n) GATEDCORE_INLINED {
          __builtin_prefetch(w + b * panel_stride + (kPrefetchAhead * kCount + n) * V::kLanes);
        });
      });
    }
    if constexpr (kRows == 1) {
      const V broadcast = V::set(*x);
      unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
        unroll<kCount>([&](auto n) GATEDCORE_INLINED {
          V& acc = tile.acc[0][b][Map::at(n)];
          acc = fma(V::load(w + b * panel_stride + n * V::kLanes), broadcast, acc);
        });
      });
    } else if constexpr (kRows <= kBlocks * kCount) {
      V rows[kRows];
      unroll<kRows>([&](auto r) GATEDCORE_INLINED { rows[r] = pin(V::set(x[r * a.row_stride])); });
      unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
        unroll<kCount>([&](auto n) GATEDCORE_INLINED {
          const V weight = pin(V::load(w + b * panel_stride + n * V::kLanes));
          unroll<kRows>([&](auto r) GATEDCORE_INLINED {
            V& acc = tile.acc[r][b][Map::at(n)];
            acc = fma(rows[r], weight, acc);
          });
        });
      });
    } else {
      V weights[kBlocks][kCount];
      unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
        unroll<kCount>([&](auto n)
                           GATEDCORE_INLINED { weights[b][n] = pin(V::load(w + b * panel_stride + n * V::kLanes)); });
      });
      unroll<kRows>([&](auto r) GATEDCORE_INLINED {
        const V broadcast = pin(V::set(x[r * a.row_stride]));
        unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
          unroll<kCount>([&](auto n) GATEDCORE_INLINED {
            V& acc = tile.acc[r][b][Map::at(n)];
            acc = fma(broadcast, weights[b][n], acc);
          });
        });
      });
    }
    x += a.k_stride;
    w += kCount * V::kLanes;
  }
}

// Splits rows into tiles of kMost, 4, 3, 2 and 1 rows, or of 3, 2 and 1 where kMost is 3, and calls
// body(Constant<tile rows>, first row) for each. Few rows are left to small tiles, which load a weight for two
// multiply-adds: from 6 rows on none has less than 3, and a lone row is one only where there is nothing else. Tiles of
// 4 rows serve for that (LSTM inference, 16 lanes): 6 to 7 % at a batch of 4 or 8 with 128 units, 4 % at 8 with 512 and
// at 10 with 256, 1 % at 32 and 64. kMost is 3 or 6.
template <int kMost, class Body>
GATEDCORE_INLINE void for_row_tiles(Index rows, const Body& body) {
  Index r = 0;
  const auto take = [&](auto count) GATEDCORE_INLINED {
    body(count, r);
    r += count.value;
  };
  if constexpr (kMost == 6) {
    const auto fits = [](Index after) { return after >= 0 && after != 1 && after != 2 && after != 5; };
    while (fits(rows - r - 6)) take(Constant<6>{});
    while (rows - r >= 4 && rows - r != 5) take(Constant<4>{});
  }
  while (rows - r >= 3 && rows - r != 4) take(Constant<3>{});
  while (rows - r >= 2) take(Constant<2>{});
  if (rows - r == 1) take(Constant<1>{});
}

GATEDCORE_END_ISA
