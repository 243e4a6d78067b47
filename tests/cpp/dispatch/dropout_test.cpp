#include "dispatch/dropout.hpp"

#include <cmath>
#include <vector>

#include "check.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
std::vector<Scalar> factors_of(RandomStream random, double rate, Index count) {
  std::vector<Scalar> factors(static_cast<std::size_t>(count), Scalar(7));
  dropout_factors(random, rate, factors.data(), count);
  return factors;
}

TEST_CASE("a factor is 0 as often as the rate says, else what keeps the mean at 1") {
  constexpr Index kCount = 1000000;
  for (const double rate : {0.0, 0.1, 0.5, 0.9}) {
    CONTEXT("rate " << rate);
    double zeros = 0;
    for (const double factor : factors_of<double>({1, 2}, rate, kCount)) {
      zeros += factor == 0;
      const bool known = factor == 0 || factor == 1 / (1 - rate);
      CHECK(known);
    }
    // Four standard deviations of the share of a million draws.
    CHECK_NEAR(zeros / kCount, rate, 4 * std::sqrt(rate * (1 - rate) / kCount));
  }
}

TEST_CASE("a factor depends on its place, the seed and the stream alone") {
  const std::vector<float> all = factors_of<float>({5, 6}, 0.5, 1001);
  for (const Index count : {0, 1, 2, 3, 4, 5, 1000}) {
    const std::vector<float> some = factors_of<float>({5, 6}, 0.5, count);
    for (std::size_t i = 0; i < some.size(); ++i) CHECK(some[i] == all[i]);
  }
  const std::vector<double> doubles = factors_of<double>({5, 6}, 0.5, 1001);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK((doubles[i] == 0) == (all[i] == 0));
  for (const RandomStream other : {RandomStream{5, 7}, RandomStream{6, 6}, RandomStream{5, 6 + (1ull << 32)}}) {
    const std::vector<float> others = factors_of<float>(other, 0.5, 1001);
    int same = 0;
    for (std::size_t i = 0; i < all.size(); ++i) same += others[i] == all[i];
    CHECK_NEAR(same / 1001.0, 0.5, 0.1);  // six standard deviations
  }
}

}  // namespace
}  // namespace gatedcore::test
