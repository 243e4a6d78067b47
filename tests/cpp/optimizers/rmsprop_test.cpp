#include "optimizers/rmsprop.hpp"

#include "optimizers/twin_steps.hpp"

namespace gatedcore::test {
namespace {

constexpr double kRate = 0.01, kRho = 0.8, kMomentum = 0.7, kEpsilon = 1e-5;

// Keras's form in its own order; its momentum has the other sign.
template <bool kCentered, bool kMoving, class Scalar>
struct Rmsprop {
  static constexpr std::size_t kSlots = 3;
  static constexpr double kStart = 0;

  static RmspropStep<Scalar> step(Vectors<Scalar>& v, int) {
    return {v.parameters.size(),
            v.parameters.data(),
            v.gradients.data(),
            v.slots[0].data(),
            kCentered ? v.slots[1].data() : nullptr,
            kMoving ? v.slots[2].data() : nullptr,
            kRate,
            kRho,
            kMomentum,
            kEpsilon};
  }
  static void run(const RmspropStep<Scalar>& step, Range range) { rmsprop_step(step, range); }

  struct Plain {
    long double p = 0, slots[kSlots] = {};

    void step(long double g, int) {
      long double& velocity = slots[0];
      long double& average = slots[1];
      long double& momentum = slots[2];
      velocity = kRho * velocity + (1.0L - kRho) * g * g;
      long double denominator = velocity + kEpsilon;
      if (kCentered) {
        average = kRho * average + (1.0L - kRho) * g;
        denominator -= average * average;
      }
      const long double increment = kRate * g / std::sqrt(denominator);
      if (kMoving) momentum = kMomentum * momentum - increment;
      p += kMoving ? momentum : -increment;
    }
  };
};

template <class Scalar>
using Simple = Rmsprop<false, false, Scalar>;
template <class Scalar>
using Moving = Rmsprop<false, true, Scalar>;
template <class Scalar>
using Centered = Rmsprop<true, false, Scalar>;
template <class Scalar>
using CenteredMoving = Rmsprop<true, true, Scalar>;

TEST_CASE("simple: ten steps agree with plain loops, any split gives the same bits") { check_kernel<Simple>(); }
TEST_CASE("with momentum") { check_kernel<Moving>(); }
TEST_CASE("centered") { check_kernel<Centered>(); }
TEST_CASE("centered, with momentum") { check_kernel<CenteredMoving>(); }

// Of a gradient that stays the same v and m^2 become equal but for their roundings, which are far above epsilon here.
TEST_CASE("a variance of zero is no square root of less") {
  Vectors<float> vectors(9, 3, 0);
  for (Index i = 0; i < 9; ++i) vectors.gradients.data()[i] = 1000.0f + static_cast<float>(i) / 7;
  for (int t = 1; t <= 500; ++t) {
    RmspropStep<float> step = Centered<float>::step(vectors, t);
    step.epsilon = 1e-7;
    rmsprop_step(step, {0, 9});
  }
  for (const float p : vectors.parameters.values()) CHECK(std::isfinite(p));
}

}  // namespace
}  // namespace gatedcore::test
