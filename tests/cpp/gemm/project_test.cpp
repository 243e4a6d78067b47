#include "gemm/project.hpp"

#include "gemm/pack.hpp"
#include "problem.hpp"

namespace gatedcore::test {
namespace {

// Two blocks of units with panels of three input rows and two more rows that a projection passes over.
template <class Scalar>
void check_projection(Index rows) {
  CONTEXT("rows " << rows << " bytes " << sizeof(Scalar));
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  constexpr int kSlots = 4, kGates = 3;
  using Map = Slots<0, 1, 3>;
  const Index I = 3, blocks = 2, panel_size = (kSlots + (I + 2) * kGates) * kLanes, x_stride = I + 1;
  const Index stride = blocks * kSlots * kLanes + kLanes;
  check::Random random(1);
  const Guarded<Scalar> packed(random_array<Scalar>(random, blocks * panel_size, 1), 0);
  const Guarded<Scalar> x(random_array<Scalar>(random, rows * x_stride, 1));
  Guarded<Scalar> projected(rows * stride, Scalar(kGuard), 0);
  project<Map, kSlots>(packed.data(), panel_size, blocks, Segment<Scalar>{x.data(), x_stride, I}, rows,
                       projected.data(), stride);
  CHECK(projected.intact());

  std::vector<Scalar> actual;
  std::vector<double> expected;
  for (Index r = 0; r < rows; ++r) {
    for (Index block = 0; block < blocks; ++block) {
      const Scalar* panel = packed.data() + block * panel_size;
      // The step's own tile: it must give these bits.
      Tile<Scalar, 1, 1, kSlots> tile;
      start(tile, Origin<Scalar>{panel, 0, 0});
      accumulate<Map>(tile, Operand<Scalar>{x.data() + r * x_stride, 0, 1}, panel + kSlots * kLanes, 0, I);
      std::vector<Scalar> step(static_cast<std::size_t>(kSlots * kLanes));
      unroll<kSlots>([&](auto s) { tile.acc[0][0][s].store(step.data() + s * kLanes); });
      const Scalar* row = projected.data() + r * stride + block * kSlots * kLanes;
      CHECK(same_bits(std::vector<Scalar>(row, row + kSlots * kLanes), step));
      for (Index s = 0; s < kSlots; ++s) {
        for (Index lane = 0; lane < kLanes; ++lane) {
          double sum = panel[s * kLanes + lane];
          for (Index k = 0; k < I; ++k) {
            for (Index n = 0; n < kGates; ++n) {
              if (Map::at(static_cast<int>(n)) != s) continue;
              sum += static_cast<double>(x.data()[r * x_stride + k]) * panel[(kSlots + k * kGates + n) * kLanes + lane];
            }
          }
          actual.push_back(row[s * kLanes + lane]);
          expected.push_back(sum);
        }
      }
    }
    for (Index i = blocks * kSlots * kLanes; i < stride; ++i) CHECK(projected.data()[r * stride + i] == Scalar(kGuard));
  }
  check_close("projected", actual, expected, Tolerances<Scalar>::kForward);
}

TEST_CASE("a projection gives the bits of the step's own tile") {
  for (const Index rows : {1, 2, 5, 7, 24}) {
    check_projection<float>(rows);
    check_projection<double>(rows);
  }
}

}  // namespace
}  // namespace gatedcore::test
