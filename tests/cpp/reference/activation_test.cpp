#include "reference/activation.hpp"

#include <limits>

#include "problem.hpp"

namespace gatedcore::test {
namespace {

using reference::activate;
using reference::slope;

TEST_CASE("the slope of every activation is that of its curve") {
  for (const Activation activation : kActivations) {
    // Eighths, shifted off the corners at -3, 0 and 3.
    for (double a = -6.03; a < 6; a += 0.125) {
      CONTEXT("activation " << check::show(activation) << " at " << a);
      const double above = activate(activation, a + kDifferenceStep);
      const double below = activate(activation, a - kDifferenceStep);
      CHECK_NEAR(slope(activation, activate(activation, a)), (above - below) / (2 * kDifferenceStep), kDifference);
    }
  }
}

TEST_CASE("activations have the values that math.md gives them") {
  CHECK(activate(Activation::kLinear, -2.5) == -2.5);
  CHECK_NEAR(activate(Activation::kTanh, 0.5), 0.46211715726000975, 1e-16);
  CHECK_NEAR(activate(Activation::kSigmoid, 0.5), 0.6224593312018546, 1e-16);
  CHECK(activate(Activation::kHardSigmoid, -3.0) == 0);
  CHECK(activate(Activation::kHardSigmoid, 0.0) == 0.5);
  CHECK(activate(Activation::kHardSigmoid, 1.5) == 0.75);
  CHECK(activate(Activation::kHardSigmoid, 4.0) == 1);
  CHECK(activate(Activation::kRelu, -1.0) == 0);
  CHECK(activate(Activation::kRelu, 1.5) == 1.5);
  CHECK(activate(Activation::kSoftsign, -3.0) == -0.75);
  CHECK(activate(Activation::kElu, 2.0) == 2);
  CHECK_NEAR(activate(Activation::kElu, -1.0), -0.6321205588285577, 1e-16);
}

TEST_CASE("at a corner the slope is 0, as in Keras and PyTorch") {
  CHECK(slope(Activation::kRelu, 0.0) == 0);
  CHECK(slope(Activation::kHardSigmoid, 0.0) == 0);
  CHECK(slope(Activation::kHardSigmoid, 1.0) == 0);
}

TEST_CASE("NaN passes every activation") {
  for (const Activation activation : kActivations) {
    CHECK(std::isnan(activate(activation, std::numeric_limits<double>::quiet_NaN())));
  }
}

}  // namespace
}  // namespace gatedcore::test
