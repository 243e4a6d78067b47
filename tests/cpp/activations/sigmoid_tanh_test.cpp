// The oracle is reference/activation.hpp on the C library in double, exact to 2^-28 ULP of float32, or in long double,
// exact to 2^-10 ULP of float64 at worst.
#include "activations/sigmoid_tanh.hpp"

#include <array>

#include "activations/ulp.hpp"
#include "core/fp_mode.hpp"
#include "reference/activation.hpp"

namespace gatedcore::test {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64);

// A function under test: its vector form and the exact one.
struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  template <class Scalar>
  static Vec<Scalar> vector(Vec<Scalar> x) {
    return sigmoid(x);
  }
  template <class Exact>
  static Exact exact(Exact x) {
    return reference::activate(Activation::kSigmoid, x);
  }
};
struct Tanh {
  static constexpr const char* kName = "tanh";
  template <class Scalar>
  static Vec<Scalar> vector(Vec<Scalar> x) {
    return tanh(x);
  }
  template <class Exact>
  static Exact exact(Exact x) {
    return reference::activate(Activation::kTanh, x);
  }
};
// On its half line; the other half is left out of every sweep.
struct Expm1Negative {
  static constexpr const char* kName = "expm1";
  template <class Scalar>
  static Vec<Scalar> vector(Vec<Scalar> x) {
    return expm1_negative(min(Vec<Scalar>::zero(), x));
  }
  template <class Exact>
  static Exact exact(Exact x) {
    return x < 0 ? reference::activate(Activation::kElu, x) : (x >= 0 ? 0 : x);
  }
};

// What a sweep finds beside the largest error.
struct Broken {
  long magnitude = 0;  // above 1
  long nan = 0;        // NaN lost or made
  long tiny = 0;       // exact value below the smallest normal number, result further than that from it
};

template <class Function, class Scalar, class Exact>
void add_vector(const Scalar* x, Worst<Scalar>& worst, Broken& broken) {
  constexpr Exact kNormal = std::numeric_limits<Scalar>::min();
  std::array<Scalar, Vec<Scalar>::kLanes> y;
  Function::vector(Vec<Scalar>::load(x)).store(y.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Exact exact = Function::exact(Exact(x[i]));
    broken.nan += std::isnan(y[i]) != std::isnan(x[i]);
    if (std::isnan(x[i])) continue;
    broken.magnitude += !(std::abs(y[i]) <= 1);
    if (std::abs(exact) >= kNormal) {
      worst.add(x[i], y[i], exact);
    } else {
      broken.tiny += !(std::abs(Exact(y[i]) - exact) < kNormal);
    }
  }
}

// Promised are 3 ULP in float32 and 4 in float64. The limits of the sweeps are what docs/accuracy.md records, rounded
// up, so that a worse coefficient is noticed while it still keeps the promise.
template <class Function>
void sweep_float(double most_ulp) {
  constexpr std::uint64_t kAll = std::uint64_t{1} << 32;
  const std::uint64_t stride = full_sweep() ? 1 : 257;
  Worst<float> worst;
  Broken broken;
  std::array<float, Vec<float>::kLanes> x{};
  for (std::uint64_t next = 0; next < kAll;) {
    for (float& value : x) {  // after the last number the first ones again
      const auto bits = static_cast<std::uint32_t>(next % kAll);
      std::memcpy(&value, &bits, sizeof value);
      next += stride;
    }
    add_vector<Function, float, double>(x.data(), worst, broken);
  }
  worst.print(Function::kName);
  CONTEXT(Function::kName);
  CHECK(worst.ulp <= most_ulp);
  CHECK(broken.magnitude == 0);
  CHECK(broken.nan == 0);
  CHECK(broken.tiny == 0);
}
TEST_CASE("float32: at most 3 ULP, at most 1, NaN stays") {
  sweep_float<Sigmoid>(2.6);
  sweep_float<Tanh>(2.6);
  sweep_float<Expm1Negative>(1.1);
}
TEST_CASE("float32 with denormals flushed: at most 3 ULP, at most 1, NaN stays") {
  const ScopedFlushDenormals flush;
  sweep_float<Sigmoid>(2.6);
  sweep_float<Tanh>(2.6);
  sweep_float<Expm1Negative>(1.1);
}

// Half of the numbers where the function bends, a quarter on its long tail, a quarter of all exponents.
double sample(check::Random& random, Index index) {
  if (index % 2 == 0) return random.uniform(-40, 40);
  if (index % 4 == 1) return random.uniform(-750, 40);
  const std::uint64_t bits = random.bits();
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

template <class Function>
void sweep_double(double most_ulp) {
  const Index count = full_sweep() ? 10'000'000 : 1'000'000;
  check::Random random(7);
  Worst<double> worst;
  Broken broken;
  std::array<double, Vec<double>::kLanes> x{};
  for (Index next = 0; next < count;) {
    for (double& value : x) value = sample(random, next++);
    add_vector<Function, double, long double>(x.data(), worst, broken);
  }
  worst.print(Function::kName);
  CONTEXT(Function::kName);
  CHECK(worst.ulp <= most_ulp);
  CHECK(broken.magnitude == 0);
  CHECK(broken.nan == 0);
  CHECK(broken.tiny == 0);
}
TEST_CASE("float64: at most 4 ULP, at most 1, NaN stays") {
  sweep_double<Sigmoid>(2.6);
  sweep_double<Tanh>(2.8);
  sweep_double<Expm1Negative>(2.2);
}

template <class Function, class Scalar>
Scalar at(Scalar x) {
  std::array<Scalar, Vec<Scalar>::kLanes> y;
  Function::vector(Vec<Scalar>::set(x)).store(y.data());
  return y[0];
}

template <class Scalar>
void check_special_values() {
  using Limits = std::numeric_limits<Scalar>;
  for (const Scalar far : {Limits::infinity(), Limits::max(), Scalar(1e30), Scalar(1000)}) {
    CONTEXT("far " << far);
    CHECK(at<Sigmoid>(far) == Scalar(1));
    CHECK(at<Sigmoid>(-far) == Scalar(0));
    CHECK(!std::signbit(at<Sigmoid>(-far)));
    CHECK(at<Tanh>(far) == Scalar(1));
    CHECK(at<Tanh>(-far) == Scalar(-1));
    CHECK(at<Expm1Negative>(-far) == Scalar(-1));
  }
  for (const Scalar zero : {Scalar(0), Scalar(-0.0)}) {
    CHECK(at<Sigmoid>(zero) == Scalar(0.5));
    CHECK(at<Tanh>(zero) == Scalar(0));
    CHECK(std::signbit(at<Tanh>(zero)) == std::signbit(zero));
  }
  CHECK(std::isnan(at<Sigmoid>(Limits::quiet_NaN())));
  CHECK(std::isnan(at<Tanh>(-Limits::quiet_NaN())));
  CHECK(std::isnan(at<Expm1Negative>(Limits::quiet_NaN())));
}
TEST_CASE("infinities saturate, zeros keep their sign, NaN stays") {
  check_special_values<float>();
  check_special_values<double>();
  const ScopedFlushDenormals flush;
  check_special_values<float>();
  check_special_values<double>();
}

template <class Scalar>
void check_odd() {
  check::Random random(3);
  for (int i = 0; i < 10000; ++i) {
    const Scalar x = static_cast<Scalar>(random.uniform(0, 10) * std::pow(10, random.uniform(-10, 1)));
    CHECK(at<Tanh>(-x) == -at<Tanh>(x));
  }
}
TEST_CASE("tanh is odd to the last bit") {
  check_odd<float>();
  check_odd<double>();
}

// What the state of a kernel may do: tiny numbers pass through tanh unchanged, or become 0 where denormals are flushed.
template <class Scalar>
void check_tiny() {
  using Limits = std::numeric_limits<Scalar>;
  for (const Scalar x : {Limits::min(), Scalar(2 * Limits::min()), Scalar(1e10) * Limits::min()}) {
    CHECK(at<Tanh>(x) == x);
    CHECK(at<Expm1Negative>(-x) == -x);
    CHECK(at<Sigmoid>(x) == Scalar(0.5));
  }
}
TEST_CASE("the smallest normal numbers are kept, with denormals flushed too") {
  check_tiny<float>();
  check_tiny<double>();
  CHECK(at<Tanh>(std::numeric_limits<float>::denorm_min()) == std::numeric_limits<float>::denorm_min());
  const ScopedFlushDenormals flush;
  check_tiny<float>();
  check_tiny<double>();
  CHECK(at<Tanh>(std::numeric_limits<float>::denorm_min()) == 0.0f);
}

}  // namespace
}  // namespace gatedcore::test
