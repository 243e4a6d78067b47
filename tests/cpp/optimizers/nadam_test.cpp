#include "optimizers/nadam.hpp"

#include "optimizers/twin_steps.hpp"

namespace gatedcore::test {
namespace {

constexpr double kRate = 0.01, kBeta1 = 0.9, kBeta2 = 0.99, kEpsilon = 1e-7;

long double momentum(int t) { return kBeta1 * (1 - 0.5L * std::pow(0.96L, t)); }
long double momenta(int t) { return t == 0 ? 1 : momentum(t) * momenta(t - 1); }

// Dozat's algorithm 2, the first mean's two parts written out.
template <class Scalar>
struct Nadam {
  static constexpr std::size_t kSlots = 2;
  static constexpr double kStart = 0;

  static NadamStep<Scalar> step(Vectors<Scalar>& v, int t) {
    return {v.parameters.size(),
            v.parameters.data(),
            v.gradients.data(),
            v.slots[0].data(),
            v.slots[1].data(),
            static_cast<double>(kRate * momentum(t + 1) / (1 - momenta(t + 1))),
            static_cast<double>(kRate * (1 - momentum(t)) / (1 - momenta(t))),
            static_cast<double>(1 / (1 - std::pow(static_cast<long double>(kBeta2), t))),
            kBeta1,
            kBeta2,
            kEpsilon};
  }
  static void run(const NadamStep<Scalar>& step, Range range) { nadam_step(step, range); }

  struct Plain {
    long double p = 0, slots[kSlots] = {};

    void step(long double g, int t) {
      long double& m = slots[0];
      long double& v = slots[1];
      m = kBeta1 * m + (1.0L - kBeta1) * g;
      v = kBeta2 * v + (1.0L - kBeta2) * g * g;
      const long double m_hat = momentum(t + 1) * m / (1 - momenta(t + 1)) + (1 - momentum(t)) * g / (1 - momenta(t));
      const long double v_hat = v / (1 - std::pow(static_cast<long double>(kBeta2), t));
      p -= kRate * m_hat / (std::sqrt(v_hat) + kEpsilon);
    }
  };
};

TEST_CASE("ten steps agree with plain loops, any split gives the same bits") { check_kernel<Nadam>(); }

}  // namespace
}  // namespace gatedcore::test
