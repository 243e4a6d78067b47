#include "sequence/zoneout.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("the rows of a step, of one row for all steps, and of no array") {
  const std::vector<float> z(5 * 4 * 3);
  const Sequence<const float> drawn{z.data(), 12, 3}, constant{z.data(), 0, 0};
  CHECK(zoneout_rows(drawn, 2, {1, 3}).data == z.data() + 2 * 12 + 3);
  CHECK(zoneout_rows(drawn, 2, {1, 3}).stride == 3);
  CHECK(zoneout_rows(constant, 2, {1, 3}).data == z.data());
  CHECK(zoneout_rows(constant, 2, {1, 3}).stride == 0);
  CHECK(!zoneout_rows(Sequence<const float>{}, 2, {1, 3}));
}

TEST_CASE("states add up") {
  check::Random random(1);
  for (const Index H : sizes_around(Vec<float>::kLanes)) {
    const Index stride = state_stride<float>(H);
    const std::vector<float> a = random_array<float>(random, 4 * H, 1), b = random_array<float>(random, 4 * H, 1);
    const Guarded<float> from_a(a), from_b(b);
    Guarded<float> d(2 * stride, 7, 0), sum(2 * stride, 7, 0);
    load_state(from_a.data(), {1, 3}, H, d.data());
    load_state(from_b.data(), {1, 3}, H, sum.data());
    add_state<float>({1, 3}, H, d.data(), sum.data());
    for (Index i = 0; i < 2 * stride; ++i) {
      const std::size_t at = static_cast<std::size_t>((1 + i / stride) * H + i % stride);
      CHECK(sum.data()[i] == (i % stride < H ? a[at] + b[at] : 0));
    }
    CHECK(sum.intact());
  }
}

}  // namespace
}  // namespace gatedcore::test
