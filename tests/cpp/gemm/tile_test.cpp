#include "gemm/tile.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <int kMost>
void check_row_tiles() {
  for (Index rows = 0; rows <= 40; ++rows) {
    CONTEXT("most " << kMost << " rows " << rows);
    Index next = 0, lone = 0, small = 0;
    for_row_tiles<kMost>(rows, [&](auto count, Index first) {
      CHECK(first == next);
      CHECK(count.value <= kMost);
      next += count.value;
      lone += count.value == 1;
      small += count.value == 2;
    });
    CHECK(next == rows);
    CHECK(lone == (rows == 1 ? 1 : 0));
    if (kMost == 6) CHECK(small == (rows == 2 || rows == 5 ? 1 : 0));
  }
}

TEST_CASE("for_row_tiles covers every row once and leaves no lone row beside others") {
  check_row_tiles<3>();
  check_row_tiles<6>();
}

constexpr int kDepth = 7;
constexpr int kMostRows = 6;
constexpr int kSlots = 4;
using Three = Slots<0, 1, 3>;  // as the GRU's input feeds its tile

// Element (r, b, s, lane) of a tile that starts from `start` and accumulates x (kMostRows, kDepth) times packed
// weights.
template <int kRows, int kBlocks, class Scalar>
std::vector<Scalar> tile_values(const Guarded<Scalar>& from, const Guarded<Scalar>& x, const Guarded<Scalar>& w) {
  constexpr int kLanes = Vec<Scalar>::kLanes;
  Tile<Scalar, kRows, kBlocks, kSlots> tile;
  start(tile, Origin<Scalar>{from.data(), 0, kSlots * kLanes});
  accumulate<Three>(tile, Operand<Scalar>{x.data(), kDepth, 1}, w.data(), Index(kDepth) * Three::kCount * kLanes,
                    kDepth);
  Guarded<Scalar> values(kRows * kBlocks * kSlots * kLanes);
  unroll<kRows>([&](auto r) {
    unroll<kBlocks>([&](auto b) {
      unroll<kSlots>(
          [&](auto s) { tile.acc[r][b][s].store(values.data() + ((r * kBlocks + b) * kSlots + s) * kLanes); });
    });
  });
  CHECK(values.intact());
  return values.values();
}

template <int kRows, int kBlocks, class Scalar>
void check_tile() {
  CONTEXT("rows " << kRows << " blocks " << kBlocks << " bytes " << sizeof(Scalar));
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  check::Random random(1);
  const Guarded<Scalar> from(random_array<Scalar>(random, 4 * kSlots * kLanes, 1));
  const Guarded<Scalar> x(random_array<Scalar>(random, kMostRows * kDepth, 1));
  const Guarded<Scalar> w(random_array<Scalar>(random, 4 * kDepth * Three::kCount * kLanes, 1));
  const std::vector<Scalar> values = tile_values<kRows, kBlocks>(from, x, w);
  std::vector<double> expected;
  for (Index r = 0; r < kRows; ++r) {
    for (Index b = 0; b < kBlocks; ++b) {
      for (Index s = 0; s < kSlots; ++s) {
        for (Index lane = 0; lane < kLanes; ++lane) {
          double sum = from.data()[(b * kSlots + s) * kLanes + lane];
          for (Index k = 0; k < kDepth; ++k) {
            for (Index n = 0; n < Three::kCount; ++n) {
              if (Three::at(static_cast<int>(n)) != s) continue;
              sum += static_cast<double>(x.data()[r * kDepth + k]) *
                     w.data()[((b * kDepth + k) * Three::kCount + n) * kLanes + lane];
            }
          }
          expected.push_back(sum);
        }
      }
    }
  }
  check_close("tile", values, expected, Tolerances<Scalar>::kForward);

  // Row 0 of block 0 alone: the same bits in every tile shape.
  const std::vector<Scalar> lone = tile_values<1, 1>(from, x, w);
  CHECK(same_bits(lone, std::vector<Scalar>(values.begin(), values.begin() + kSlots * kLanes)));
}

template <class Scalar>
void check_tiles() {
  check_tile<1, 1, Scalar>();
  check_tile<1, 2, Scalar>();
  check_tile<1, 4, Scalar>();
  check_tile<2, 1, Scalar>();
  check_tile<3, 1, Scalar>();
  check_tile<6, 1, Scalar>();
  check_tile<3, 2, Scalar>();
  check_tile<6, 2, Scalar>();
}

TEST_CASE("tiles of every shape accumulate the same sums") {
  check_tiles<float>();
  check_tiles<double>();
}

TEST_CASE("FirstSlots counts from 0") {
  using Four = FirstSlots<4>;
  CHECK(Four::kCount == 4);
  for (int n = 0; n < 4; ++n) CHECK(Four::at(n) == n);
}

}  // namespace
}  // namespace gatedcore::test
