// Times the register tiles in the shapes that kernels use: a tile starts from biases, accumulates, and is stored.
//
//   tile_bench.avx2 --depths=64,256 --benchmark_filter=float32
//
// A tile of R x B x S has R rows and B blocks of S vectors of weights; those of a GRU's input feed three of four.
#include <memory>

#include "agreement.hpp"
#include "bench.hpp"
#include "gemm/tile.hpp"
#include "numbers.hpp"

namespace gatedcore::bench {
namespace {

template <int kRows, int kBlocks, int kSlots, class Map, class Scalar>
struct TileProblem {
  using V = Vec<Scalar>;
  static constexpr Index kLanes = V::kLanes;
  static constexpr Index kSize = kRows * kBlocks * kSlots * kLanes;

  Index depth, panel_stride = depth * Map::kCount * kLanes;
  Buffer<Scalar> from = numbers<Scalar>(kBlocks * kSlots * kLanes, 1, 1), x = numbers<Scalar>(kRows * depth, 1, 2);
  Buffer<Scalar> w = numbers<Scalar>(kBlocks * panel_stride, 1, 3), values = zeros<Scalar>(kSize);

  void run() {
    Tile<Scalar, kRows, kBlocks, kSlots> tile;
    start(tile, Origin<Scalar>{from.data(), 0, kSlots * kLanes});
    accumulate<Map>(tile, Operand<Scalar>{x.data(), depth, 1}, w.data(), panel_stride, depth);
    unroll<kRows>([&](auto r) GATEDCORE_INLINED {
      unroll<kBlocks>([&](auto b) GATEDCORE_INLINED {
        unroll<kSlots>([&](auto s) GATEDCORE_INLINED {
          tile.acc[r][b][s].store(values.data() + ((r * kBlocks + b) * kSlots + s) * kLanes);
        });
      });
    });
  }

  // The sums in plain loops.
  void require_plain(const std::string& name) const {
    for (Index i = 0; i < kSize; ++i) {
      const Index lane = i % kLanes, s = i / kLanes % kSlots, b = i / kLanes / kSlots % kBlocks;
      const Index r = i / kLanes / kSlots / kBlocks;
      double sum = from.data()[(b * kSlots + s) * kLanes + lane];
      for (Index n = 0; n < Map::kCount; ++n) {
        if (Map::at(static_cast<int>(n)) != s) continue;
        for (Index k = 0; k < depth; ++k) {
          sum += static_cast<double>(x.data()[r * depth + k]) *
                 w.data()[b * panel_stride + (k * Map::kCount + n) * kLanes + lane];
        }
      }
      require_near(name, i, values.data()[i], sum);
    }
  }
};

template <int kRows, int kBlocks, int kSlots, class Map, class Scalar>
void add_tile(const std::string& name, Index depth) {
  using Problem = TileProblem<kRows, kBlocks, kSlots, Map, Scalar>;
  Row row;
  row.name = name + "/" + std::to_string(kRows) + "x" + std::to_string(kBlocks) + "x" + std::to_string(Map::kCount);
  row.isa = GATEDCORE_BENCH_ISA;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = "depth:" + std::to_string(depth);
  row.unit = "k";
  row.units = static_cast<double>(depth);
  row.operations = 2.0 * kRows * kBlocks * Map::kCount * Problem::kLanes * static_cast<double>(depth);
  const auto check = [=] {
    Problem problem{depth};
    problem.run();
    problem.require_plain(full_name(row));
  };
  add(row, check, [=] { return [problem = std::make_shared<Problem>(Problem{depth})] { problem->run(); }; });
}

template <class Scalar>
void add_tiles(Index depth) {
  using Four = FirstSlots<4>;
  using GruInput = Slots<0, 1, 3>;  // cells/gru_cell.hpp
  using Two = FirstSlots<2>;
  using One = FirstSlots<1>;
  // Four gates, or four vectors of columns.
  if constexpr (kWideRows > 3) add_tile<kWideRows, 1, 4, Four, Scalar>("tile", depth);
  add_tile<3, 1, 4, Four, Scalar>("tile", depth);
  add_tile<2, 1, 4, Four, Scalar>("tile", depth);
  add_tile<1, 1, 4, Four, Scalar>("tile", depth);
  add_tile<1, 2, 4, Four, Scalar>("tile", depth);
  if constexpr (kLoneBlocks > 2) add_tile<1, kLoneBlocks, 4, Four, Scalar>("tile", depth);
  // A GRU's three.
  add_tile<kWideRows, 1, 4, GruInput, Scalar>("gru_input", depth);
  add_tile<1, kLoneBlocks, 4, GruInput, Scalar>("gru_input", depth);
  // The narrow ones.
  add_tile<kNarrowRows, 1, 2, Two, Scalar>("tile", depth);
  add_tile<kNarrowRows, 2, 1, One, Scalar>("tile", depth);
  add_tile<kNarrowRows, 1, 1, One, Scalar>("tile", depth);
}

}  // namespace

void add_rows(Options& options) {
  for (const long depth : whole_numbers("depths", options.value("depths", "64,256"))) {
    add_tiles<float>(depth);
    add_tiles<double>(depth);
  }
}

}  // namespace gatedcore::bench
