#include "optimizers/adam.hpp"

#include "check.hpp"
#include "guarded.hpp"
#include "optimizers/twin_steps.hpp"

namespace gatedcore::test {
namespace {

// Parameters and moments of one optimizer, between guard values and at odd alignments.
template <class Scalar>
struct State {
  Guarded<Scalar> parameters, gradients, m, v;

  explicit State(Index count) : parameters(count, 0, 1), gradients(count, 0, 2), m(count, 0, 3), v(count, 0, 5) {
    check::Random random(static_cast<std::uint64_t>(count) + 1);
    for (Index i = 0; i < count; ++i) {
      parameters.data()[i] = static_cast<Scalar>(random.uniform(-1, 1));
      gradients.data()[i] = static_cast<Scalar>(random.uniform(-1, 1) * std::pow(10, random.uniform(-4, 2)));
    }
    if (count > 2) gradients.data()[2] = 0;
  }
  AdamStep<Scalar> step(double rate) {
    return {parameters.size(), parameters.data(), gradients.data(), m.data(), v.data(), rate, 0.9, 0.999, 1e-7};
  }
  bool intact() const { return parameters.intact() && gradients.intact() && m.intact() && v.intact(); }
};

// Kingma and Ba's algorithm 1 as they print it, with both moments corrected by themselves; their epsilon hat stands
// where Keras's epsilon does after the correction is moved into the rate, so it is scaled back here.
struct Plain {
  long double p, m = 0, v = 0;
  long double most_m = 0, most_v = 0;  // the largest they have been

  void step(long double g, int t, long double learning_rate, long double epsilon) {
    const long double beta_1 = 0.9, beta_2 = 0.999;  // the numbers in float64 that the kernel gets
    m = beta_1 * m + (1 - beta_1) * g;
    v = beta_2 * v + (1 - beta_2) * g * g;
    most_m = std::max(most_m, std::abs(m));
    most_v = std::max(most_v, v);
    const long double m_hat = m / (1 - std::pow(beta_1, t)), v_hat = v / (1 - std::pow(beta_2, t));
    p -= learning_rate * m_hat / (std::sqrt(v_hat) + epsilon / std::sqrt(1 - std::pow(beta_2, t)));
  }
};

double rate_at(int t) { return 0.01 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)); }

// A step moves a parameter by about 0.01, exact to six roundings, and rounds it once: half an epsilon of at most 1. m
// and v gain up to three roundings a step of what they are, and keep those of when they were larger.
template <class Scalar>
void check_steps(Index count) {
  CONTEXT("count " << count);
  constexpr int kSteps = 10;
  const double epsilon = std::numeric_limits<Scalar>::epsilon();
  State<Scalar> state(count);
  std::vector<Plain> plain;
  for (const Scalar p : state.parameters.values()) plain.push_back({p});
  for (int t = 1; t <= kSteps; ++t) {
    adam_step(state.step(rate_at(t)), {0, count});
    for (Index i = 0; i < count; ++i) {
      Plain& twin = plain[static_cast<std::size_t>(i)];
      const Scalar g = state.gradients.data()[i];
      twin.step(g, t, 0.01L, 1e-7L);
      CHECK_NEAR(state.parameters.data()[i], twin.p, t * 0.7 * epsilon);
      CHECK_NEAR(state.m.data()[i], twin.m, 1.5 * t * epsilon * twin.most_m);
      CHECK_NEAR(state.v.data()[i], twin.v, 1.5 * t * epsilon * twin.most_v);
      state.gradients.data()[i] = -g / 2;  // another sign and size for the next step
    }
  }
  CHECK(state.intact());
  CHECK(state.parameters.size() == count);
}
template <class Scalar>
void check_sizes() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (const Index count : {Index(0), Index(1), kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3})
    check_steps<Scalar>(count);
}
TEST_CASE("ten steps agree with the algorithm in long double") {
  check_sizes<float>();
  check_sizes<double>();
}

template <class Scalar>
void check_split() {
  constexpr Index kCount = 3 * Vec<Scalar>::kLanes + 5;
  State<Scalar> whole(kCount);
  adam_step(whole.step(0.01), {0, kCount});
  for (Index at = 0; at <= kCount; ++at) {
    CONTEXT("split at " << at);
    State<Scalar> parts(kCount);
    const std::vector<Scalar> before = parts.parameters.values(), gradients = parts.gradients.values();
    adam_step(parts.step(0.01), {at, kCount});
    for (Index i = 0; i < at; ++i) CHECK(parts.parameters.data()[i] == before[static_cast<std::size_t>(i)]);
    adam_step(parts.step(0.01), {0, at});
    CHECK(same_bits(parts.parameters.values(), whole.parameters.values()));
    CHECK(same_bits(parts.m.values(), whole.m.values()));
    CHECK(same_bits(parts.v.values(), whole.v.values()));
    CHECK(same_bits(parts.gradients.values(), gradients));
    CHECK(parts.intact());
  }
}
TEST_CASE("any split gives the same bits and stays in its range") {
  check_split<float>();
  check_split<double>();
}

// 1 - 0.999 formed in float32 is off by 1.3e-5.
TEST_CASE("the first second moment is (1 - beta_2) g^2 to the last place") {
  State<float> state(1);
  state.gradients.data()[0] = 1;
  adam_step(state.step(0.01), {0, 1});
  CHECK_NEAR(state.v.data()[0], 0.001, 0.001 * 1.2e-7);
  CHECK_NEAR(state.m.data()[0], 0.1, 0.1 * 1.2e-7);
}

TEST_CASE("a gradient of zero leaves a fresh parameter alone") {
  State<float> state(8);
  state.gradients = Guarded<float>(8, 0, 2);
  const std::vector<float> before = state.parameters.values();
  adam_step(state.step(0.01), {0, 8});
  CHECK(same_bits(state.parameters.values(), before));
}

// Reddi et al.'s AMSGrad in Keras's form: the largest second mean before its correction. beta_2 is small so that means
// fall behind their largest.
template <class Scalar>
struct Amsgrad {
  static constexpr std::size_t kSlots = 3;
  static constexpr double kStart = 0, kBeta1 = 0.9, kBeta2 = 0.5;

  static double rate(int t) { return 0.01 * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t)); }
  static AdamStep<Scalar> step(Vectors<Scalar>& v, int t) {
    return {v.parameters.size(),
            v.parameters.data(),
            v.gradients.data(),
            v.slots[0].data(),
            v.slots[1].data(),
            rate(t),
            kBeta1,
            kBeta2,
            1e-7,
            v.slots[2].data()};
  }
  static void run(const AdamStep<Scalar>& step, Range range) { adam_step(step, range); }

  struct Plain {
    long double p = 0, slots[kSlots] = {};

    void step(long double g, int t) {
      long double& m = slots[0];
      long double& v = slots[1];
      long double& v_hat = slots[2];
      m = kBeta1 * m + (1.0L - kBeta1) * g;
      v = kBeta2 * v + (1.0L - kBeta2) * g * g;
      v_hat = std::max(v_hat, v);
      p -= rate(t) * m / (std::sqrt(v_hat) + 1e-7L);
    }
  };
};
TEST_CASE("AMSGrad: ten steps agree with plain loops, any split gives the same bits") { check_kernel<Amsgrad>(); }

}  // namespace
}  // namespace gatedcore::test
