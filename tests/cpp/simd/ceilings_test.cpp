#include "simd/ceilings.hpp"

#include "check.hpp"
#include "guarded.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_rounds(Index rounds) {
  CONTEXT("rounds " << rounds);
  const double factor = 0.5, addend = 0.25;
  double expected = 0;
  for (int chain = 0; chain < kChains; ++chain) {
    double x = chain;
    for (Index round = 0; round < rounds; ++round) x = x * factor + addend;
    expected += x * Vec<Scalar>::kLanes;
  }
  const Scalar got = multiply_add(rounds, Scalar(factor), Scalar(addend));
  // A rounding or two for each of the sums over chains and lanes; the chains themselves are nearly exact.
  const double allowed = 40 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()) * expected;
  CHECK_NEAR(got, expected, allowed);
}

TEST_CASE("every chain and lane runs every round") {
  for (const Index rounds : {0, 1, 2, 10, 1000}) {
    check_rounds<float>(rounds);
    check_rounds<double>(rounds);
  }
}

TEST_CASE("a round counts a product and a sum for each lane of each chain") {
  CHECK(kRoundOperations<float> == 2 * kChains * Vec<float>::kLanes);
  CHECK(kRoundOperations<double> == 2 * kChains * Vec<double>::kLanes);
}

// Whole numbers small enough for exact sums, so that an element left out or read twice shows.
template <class Scalar>
void check_sum(Index count) {
  CONTEXT("count " << count);
  Guarded<Scalar> data(count, 0, 1);
  Scalar expected = 0;
  for (Index i = 0; i < count; ++i) {
    data.data()[i] = Scalar(1 + i % 7);
    expected += data.data()[i];
  }
  CHECK(read_all(data.data(), count, 1) == expected);
  CHECK(read_all(data.data(), count, 3) == 3 * expected);
  CHECK(read_all(data.data(), count, 0) == 0);
}

TEST_CASE("every element is read as often as asked") {
  const auto check_sizes = [](auto zero) {
    using Scalar = decltype(zero);
    constexpr Index kLanes = Vec<Scalar>::kLanes, kBlock = kChains * kLanes;
    for (const Index count : {Index(0), Index(1), kLanes, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock + 5})
      check_sum<Scalar>(count);
  };
  check_sizes(0.0f);
  check_sizes(0.0);
}

}  // namespace
}  // namespace gatedcore::test
