#include "optimizers/frame.hpp"

#include <limits>

#include "check.hpp"
#include "guarded.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
std::vector<Scalar> random_values(Index count, std::uint64_t seed) {
  check::Random random(seed);
  std::vector<Scalar> values(static_cast<std::size_t>(count));
  for (Scalar& value : values) value = static_cast<Scalar>(random.uniform(-2, 2));
  return values;
}

template <class Scalar>
std::vector<Index> sizes() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  return {0, 1, kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3, 100};
}

// Bits for other sums than these differ by a rounding or two of a double.
template <class Scalar>
void check_squares() {
  for (const Index count : sizes<Scalar>()) {
    const Guarded<Scalar> g(random_values<Scalar>(count + 1, 1)), a(random_values<Scalar>(count + 1, 2));
    long double alone = 0, both = 0;
    for (Index i = 1; i <= count; ++i) {
      const long double one = g.data()[i], two = one + a.data()[i];
      alone += one * one;
      both += two * two;
    }
    CHECK_NEAR(square_sum<Scalar>(g.data(), nullptr, {1, count + 1}), alone, 1e-14 * static_cast<double>(alone));
    CHECK_NEAR(square_sum<Scalar>(g.data(), a.data(), {1, count + 1}), both, 1e-14 * static_cast<double>(both));
  }
}
TEST_CASE("sums of squares") {
  check_squares<float>();
  check_squares<double>();
}
TEST_CASE("the squares of large floats have room in their sum") {
  const std::vector<float> large(40, 1e30f);
  CHECK_NEAR(square_sum<float>(large.data(), nullptr, {0, 40}), 40e60, 1e55);  // 1e30f is off by 6e-8 of itself
}

template <class Scalar>
void check_shape() {
  constexpr Scalar kScale = Scalar(0.625), kLimit = 1;
  for (const Index count : sizes<Scalar>()) {
    for (const bool accumulates : {false, true}) {
      CONTEXT("count " << count << ", accumulated " << accumulates);
      const std::vector<Scalar> g = random_values<Scalar>(count + 2, 3), a = random_values<Scalar>(count + 2, 4);
      const Guarded<Scalar> gradients(g, 1);
      Guarded<Scalar> accumulated(a, 2), shaped(count, 0, 3);
      shape_gradients<Scalar>({gradients.data(), accumulates ? accumulated.data() : nullptr, kScale, kLimit},
                              {1, count + 1}, shaped.data());
      for (Index i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i + 1);
        const Scalar scaled = kScale * (accumulates ? g[at] + a[at] : g[at]);  // the same roundings
        CHECK(shaped.data()[i] == std::min(kLimit, std::max(-kLimit, scaled)));
        CHECK(accumulated.data()[i + 1] == (accumulates ? 0 : a[at]));
      }
      CHECK(accumulated.data()[0] == a.front());
      CHECK(accumulated.data()[count + 1] == a.back());
      CHECK(shaped.intact());
      CHECK(accumulated.intact());
    }
  }
}
TEST_CASE("gradients are summed, scaled and limited, and the sum begins anew") {
  check_shape<float>();
  check_shape<double>();
}
TEST_CASE("no limit is infinite, and what is no number stays none") {
  const std::vector<float> gradients = {1e38f, -1e38f, std::numeric_limits<float>::quiet_NaN()};
  std::vector<float> shaped(3);
  shape_gradients<float>({gradients.data(), nullptr, 1, std::numeric_limits<double>::infinity()}, {0, 3},
                         shaped.data());
  CHECK(shaped[0] == 1e38f);
  CHECK(shaped[1] == -1e38f);
  CHECK(std::isnan(shaped[2]));
  shape_gradients<float>({gradients.data(), nullptr, 1, 2}, {0, 3}, shaped.data());
  CHECK(shaped[0] == 2);
  CHECK(shaped[1] == -2);
  CHECK(std::isnan(shaped[2]));
}

template <class Scalar>
void check_decay_and_average() {
  const double epsilon = std::numeric_limits<Scalar>::epsilon();
  for (const Index count : sizes<Scalar>()) {
    CONTEXT("count " << count);
    const std::vector<Scalar> p = random_values<Scalar>(count + 2, 5), a = random_values<Scalar>(count + 2, 6);
    Guarded<Scalar> parameters(p, 1), average(a, 2);
    decay_parameters<Scalar>(parameters.data(), 0.3, {1, count + 1});
    move_average<Scalar>(parameters.data(), average.data(), 0.1, {1, count + 1});
    for (Index i = 0; i < count + 2; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const bool inside = i > 0 && i <= count;
      const long double decayed = inside ? p[at] - 0.3L * p[at] : p[at];
      const long double mean = inside ? a[at] + 0.1L * (decayed - a[at]) : a[at];
      CHECK_NEAR(parameters.data()[i], decayed, 2 * epsilon);  // the share's rounding and the result's, of up to 2
      CHECK_NEAR(average.data()[i], mean, 4 * epsilon);        // three of numbers up to 4, most of them a tenth
    }
    CHECK(parameters.intact());
    CHECK(average.intact());
  }
}
TEST_CASE("parameters decay, their average follows") {
  check_decay_and_average<float>();
  check_decay_and_average<double>();
}

// A product with 1 - 3.96e-6, which is 66 and not 66.44 times the spacing of floats below 1, would be off by 0.7 %.
TEST_CASE("a small decay is that on the average, though each parameter rounds it") {
  constexpr Index kCount = 4096;
  std::vector<float> parameters = random_values<float>(kCount, 8);
  for (float& p : parameters) p = 0.75f + p / 8;
  const std::vector<float> before = parameters;
  decay_parameters<float>(parameters.data(), 3.96e-6, {0, kCount});
  double lost = 0;
  for (std::size_t k = 0; k < before.size(); ++k) lost += (static_cast<double>(before[k]) - parameters[k]) / before[k];
  // Roundings of up to 3e-8 of numbers from 0.5 to 1, over 64, the root of 4096: five times 4e-10.
  CHECK_NEAR(lost / kCount, 3.96e-6, 2e-9);
}

TEST_CASE("the first average is the parameters") {
  const std::vector<float> parameters = random_values<float>(21, 7);
  std::vector<float> average(21, 0.0f);
  move_average<float>(parameters.data(), average.data(), 1.0, {0, 21});
  CHECK(same_bits(average, parameters));
}

}  // namespace
}  // namespace gatedcore::test
