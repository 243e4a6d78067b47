#include "gemm/narrow.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_units() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (Index H = 0; H <= 3 * kLanes; ++H) {
    for (const int gates : {3, 4}) {
      const Index width = narrow_units<Scalar>(H, gates), left = H % kLanes;
      CHECK(width == (H > kLanes && left * gates <= kLanes ? left : 0));
      CHECK(narrow_units<Scalar>(Units{0, H}, H, gates) == width);
      CHECK(narrow_units<Scalar>(Units{0, H}, H + 1, gates) == 0);  // a share that ends before
    }
  }
}
TEST_CASE("a narrow block has what no whole block holds, if there are any and its gates fit one vector") {
  check_units<float>();
  check_units<double>();
}

template <class Scalar>
void check_rows() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  check::Random random(1);
  for (Index width = 1; 3 * width <= kLanes; ++width) {
    const Index H = kLanes + width, rows = 3, stride = 4 * H;
    const Guarded<Scalar> w(random_array<Scalar>(random, rows * stride, 1));
    Guarded<Scalar> to(rows * kLanes, Scalar(kGuard), 0);
    pack_narrow_rows(w.data(), rows, stride, H, width, 1, 3, to.data());
    for (Index i = 0; i < to.size(); ++i) {
      const Index k = i / kLanes, lane = i % kLanes;
      const Index column = (1 + lane / width) * H + kLanes + lane % width;
      CHECK(to.data()[i] == (lane < 3 * width ? w.data()[k * stride + column] : Scalar(0)));
    }
    pack_narrow_rows<Scalar>(nullptr, rows, stride, H, width, 0, 3, to.data());
    for (Index i = 0; i < to.size(); ++i) CHECK(to.data()[i] == 0);
    CHECK(to.intact());
  }
}
TEST_CASE("pack_narrow_rows sets the gates of the last units side by side in one vector") {
  check_rows<float>();
  check_rows<double>();
}

template <int kBlocks, class Scalar>
void check_lone_end() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  constexpr int kSlots = 4, kGates = 3;
  using Map = Slots<0, 1, 3>;
  const Index depth = 7, panel = (kSlots + depth * kGates) * kLanes;
  check::Random random(2);
  const Guarded<Scalar> packed(random_array<Scalar>(random, kBlocks * panel, 1), 0);
  const Guarded<Scalar> narrow(random_array<Scalar>(random, (2 + depth) * kLanes, 1), 0);
  const Guarded<Scalar> a(random_array<Scalar>(random, depth, 1));
  const auto started = [&](auto& tile, auto& narrow_tile) {
    start(tile, Origin<Scalar>{packed.data(), 0, panel});
    start(narrow_tile, Origin<Scalar>{narrow.data(), 0, 0});
  };
  Tile<Scalar, 1, kBlocks, kSlots> tile, expected;
  NarrowTile<Scalar, 1, 2> narrow_tile, narrow_expected;
  started(tile, narrow_tile);
  started(expected, narrow_expected);
  const Scalar *w = packed.data() + kSlots * kLanes, *last = narrow.data() + 2 * kLanes;
  accumulate_lone_end<Map, 1>(tile, narrow_tile, a.data(), w, panel, last, depth);
  accumulate<Map>(expected, Operand<Scalar>{a.data(), 0, 1}, w, panel, depth);
  accumulate<Slots<1>>(narrow_expected, Operand<Scalar>{a.data(), 0, 1}, last, 0, depth);
  const auto same = [](Vec<Scalar> x, Vec<Scalar> y) {
    std::vector<Scalar> of_x(static_cast<std::size_t>(kLanes)), of_y = of_x;
    x.store(of_x.data());
    y.store(of_y.data());
    CHECK(same_bits(of_x, of_y));
  };
  for (int b = 0; b < kBlocks; ++b) {
    for (int s = 0; s < kSlots; ++s) same(tile.acc[0][b][s], expected.acc[0][b][s]);
  }
  for (int s = 0; s < 2; ++s) same(narrow_tile.acc[0][0][s], narrow_expected.acc[0][0][s]);
}
TEST_CASE("whole blocks and a narrow one at once give the bits of one after the other") {
  check_lone_end<1, float>();
  check_lone_end<3, float>();
  check_lone_end<2, double>();
}

}  // namespace
}  // namespace gatedcore::test
