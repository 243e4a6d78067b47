#include "dispatch/draws.hpp"

#include <cmath>
#include <vector>

#include "check.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
std::vector<Scalar> factors_of(RandomStream random, double rate, Index count, int threads = 1) {
  std::vector<Scalar> factors(static_cast<std::size_t>(count), Scalar(7));
  draw(random, dropout_choice<Scalar>(rate), factors.data(), count, threads);
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

TEST_CASE("zoneout keeps a unit where dropout would drop it") {
  const std::vector<float> factors = factors_of<float>({3, 4}, 0.3, 1001);
  std::vector<float> kept(factors.size(), 7.0f);
  draw({3, 4}, zoneout_choice<float>(0.3), kept.data(), 1001, 1);
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i] == (factors[i] == 0 ? 1.0f : 0.0f));
}

TEST_CASE("any number of threads draws the same") {
  constexpr Index kCount = 100003;  // enough to deserve five threads
  const std::vector<double> alone = factors_of<double>({1, 2}, 0.5, kCount);
  for (const int threads : {2, 3, 5}) {
    const bool same = factors_of<double>({1, 2}, 0.5, kCount, threads) == alone;
    CHECK(same);
  }
}

TEST_CASE("draws may begin at any word") {
  const std::vector<float> all = factors_of<float>({5, 6}, 0.5, 1001);
  for (const Index first : {1, 2, 3, 4, 7, 990}) {
    for (const Index count : {0, 1, 2, 3, 4, 9, 11}) {
      const std::vector<float> some = factors_of<float>({5, 6, first}, 0.5, count);
      for (Index i = 0; i < count; ++i) {
        CHECK(some[static_cast<std::size_t>(i)] == all[static_cast<std::size_t>(first + i)]);
      }
    }
  }
  constexpr Index kCount = 100003;
  const bool same = factors_of<float>({1, 2, 5}, 0.5, kCount, 3) == factors_of<float>({1, 2, 5}, 0.5, kCount);
  CHECK(same);
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
