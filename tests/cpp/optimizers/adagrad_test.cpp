#include "optimizers/adagrad.hpp"

#include "optimizers/twin_steps.hpp"

namespace gatedcore::test {
namespace {

constexpr double kRate = 0.01, kEpsilon = 1e-5;

template <class Scalar>
struct Adagrad {
  static constexpr std::size_t kSlots = 1;
  static constexpr double kStart = 0.1;

  static AdagradStep<Scalar> step(Vectors<Scalar>& v, int) {
    return {v.parameters.size(), v.parameters.data(), v.gradients.data(), v.slots[0].data(), kRate, kEpsilon};
  }
  static void run(const AdagradStep<Scalar>& step, Range range) { adagrad_step(step, range); }

  struct Plain {
    long double p = 0, slots[kSlots] = {};

    void step(long double g, int) {
      slots[0] += g * g;
      p -= kRate * g / std::sqrt(slots[0] + kEpsilon);
    }
  };
};

TEST_CASE("ten steps agree with plain loops, any split gives the same bits") { check_kernel<Adagrad>(); }

}  // namespace
}  // namespace gatedcore::test
