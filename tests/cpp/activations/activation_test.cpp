#include "activations/activation.hpp"

#include "activations/ulp.hpp"
#include "guarded.hpp"
#include "reference/activation.hpp"

namespace gatedcore::test {
namespace {

constexpr Activation kKinds[] = {Activation::kLinear,      Activation::kTanh, Activation::kSigmoid,
                                 Activation::kHardSigmoid, Activation::kRelu, Activation::kSoftsign,
                                 Activation::kElu};

// Zeros, kinks, infinities, numbers far out, then random ones where the activations bend.
template <class Scalar>
std::vector<Scalar> inputs(Index count) {
  const Scalar inf = std::numeric_limits<Scalar>::infinity();
  std::vector<Scalar> x = {0,
                           Scalar(-0.0),
                           1,
                           -1,
                           3,
                           -3,
                           inf,
                           -inf,
                           std::numeric_limits<Scalar>::quiet_NaN(),
                           1000,
                           -1000,
                           Scalar(1e30),
                           Scalar(-1e30),
                           Scalar(2.999),
                           Scalar(-2.999),
                           88,
                           -88,
                           std::numeric_limits<Scalar>::max()};
  check::Random random(5);
  while (static_cast<Index>(x.size()) < count) x.push_back(static_cast<Scalar>(random.uniform(-6, 6)));
  x.resize(static_cast<std::size_t>(count));
  return x;
}

template <class Scalar>
std::vector<Scalar> applied(Activation kind, const std::vector<Scalar>& x) {
  std::vector<Scalar> y(x.size());
  apply(kind, x.data(), y.data(), static_cast<Index>(x.size()));
  return y;
}

// tanh, sigmoid and elu: the contracts of sigmoid_tanh.hpp. The others round at most twice; hard sigmoid adds 3 first,
// so only its absolute error is bounded: half a spacing at 6, divided by 6, and two roundings of a number up to 1.
template <class Scalar>
double allowed(Activation kind, long double exact) {
  const double epsilon = std::numeric_limits<Scalar>::epsilon();
  if (kind == Activation::kHardSigmoid) return epsilon;
  if (kind == Activation::kLinear || kind == Activation::kRelu) return 0;
  const double ulps = kind == Activation::kSoftsign ? 2 : sizeof(Scalar) == 4 ? 3 : 4;
  return ulps * epsilon * static_cast<double>(std::abs(exact)) + std::numeric_limits<Scalar>::min();
}

template <class Scalar>
void check_values() {
  const std::vector<Scalar> x = inputs<Scalar>(3000);
  for (const Activation kind : kKinds) {
    const std::vector<Scalar> y = applied(kind, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CONTEXT("kind " << static_cast<int>(kind) << ", x " << x[i] << ", y " << y[i]);
      if (std::isnan(x[i])) {
        CHECK(std::isnan(y[i]));
      } else if (std::isinf(x[i]) && kind == Activation::kSoftsign) {
        CHECK(y[i] == std::copysign(Scalar(1), x[i]));  // the twin says inf / inf
      } else {
        const long double exact = reference::activate<long double>(kind, x[i]);
        CHECK_NEAR(y[i], exact, allowed<Scalar>(kind, exact));
      }
    }
  }
}
TEST_CASE("every kind agrees with its twin in long double") {
  check_values<float>();
  check_values<double>();
}

// Backward has to be able to trust it: where hard sigmoid is flat its output is exactly 0 or 1.
template <class Scalar>
void check_flat_ends() {
  const std::vector<Scalar> y = applied<Scalar>(Activation::kHardSigmoid, {-3, 3, -100, 100, 0});
  CHECK(y == std::vector<Scalar>({0, 1, 0, 1, Scalar(0.5)}));
}
TEST_CASE("hard sigmoid reaches 0 and 1 exactly") {
  check_flat_ends<float>();
  check_flat_ends<double>();
}

// Wherever an element stands, and whatever is beside it.
template <class Scalar>
void check_apply_sizes(Activation kind) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const std::vector<Scalar> x = inputs<Scalar>(4 * kLanes + 40);
  const std::vector<Scalar> all = applied(kind, x);
  for (const Index n : {Index(0), Index(1), kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3}) {
    for (Index start = 0; start < 20; ++start) {
      CONTEXT("kind " << static_cast<int>(kind) << ", n " << n << ", start " << start);
      const std::vector<Scalar> part(x.begin() + start, x.begin() + start + n);
      const std::vector<Scalar> expected(all.begin() + start, all.begin() + start + n);
      Guarded<Scalar> from(part, static_cast<int>(start % 3)), to(n, 0, static_cast<int>(start % 5));
      apply(kind, from.data(), to.data(), n);
      CHECK(same_bits(to.values(), expected));
      CHECK(to.intact());
      apply(kind, from.data(), from.data(), n);
      CHECK(same_bits(from.values(), expected));
      CHECK(from.intact());
    }
  }
}
TEST_CASE("apply gives an element the same bits at any place, in place too") {
  for (const Activation kind : kKinds) {
    check_apply_sizes<float>(kind);
    check_apply_sizes<double>(kind);
  }
}

template <class Scalar>
void check_gradient_sizes(Activation kind) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (const Index n : {Index(0), Index(1), kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3}) {
    CONTEXT("kind " << static_cast<int>(kind) << ", n " << n);
    check::Random random(9);
    std::vector<Scalar> x(static_cast<std::size_t>(n)), d_y(x.size()), expected(x.size());
    random.fill(x, -4, 4);
    random.fill(d_y);
    const std::vector<Scalar> y = applied(kind, x);
    Guarded<Scalar> outputs(y, 1), gradients(d_y, 3), d_x(n, 0, 2);
    apply_gradient(kind, outputs.data(), gradients.data(), d_x.data(), n);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double slope = reference::slope<double>(kind, y[i]);
      CHECK_NEAR(d_x.values()[i], d_y[i] * slope, 2 * std::numeric_limits<Scalar>::epsilon());
    }
    CHECK(d_x.intact());
    apply_gradient(kind, outputs.data(), gradients.data(), gradients.data(), n);
    CHECK(same_bits(gradients.values(), d_x.values()));
    CHECK(gradients.intact());
    CHECK(same_bits(outputs.values(), y));
  }
}
TEST_CASE("apply_gradient multiplies by the slope, in place too") {
  for (const Activation kind : kKinds) {
    check_gradient_sizes<float>(kind);
    check_gradient_sizes<double>(kind);
  }
}

template <class Scalar>
std::vector<Scalar> slopes(Activation kind, const std::vector<Scalar>& y) {
  std::vector<Scalar> ones(y.size(), 1), result(y.size());
  apply_gradient(kind, y.data(), ones.data(), result.data(), static_cast<Index>(y.size()));
  return result;
}

// Central differences with step h: truncated by h^2 / 6 times the third derivative (at most 6, softsign's): 1e-10; the
// rounding of y, up to 4 ULP of 6 (elu), over 2 h: 4e-10.
TEST_CASE("the slope from the output is the derivative, by finite differences in float64") {
  constexpr double kStep = 1e-5, kAllowed = 5e-10;
  std::vector<double> x;
  check::Random random(11);
  while (x.size() < 2000) {
    const double at = random.uniform(-6, 6);
    // No kink within a step, the second derivative of softsign and elu at 0 included.
    if (std::abs(at) > 2 * kStep && std::abs(std::abs(at) - 3) > 2 * kStep) x.push_back(at);
  }
  for (const Activation kind : kKinds) {
    const std::vector<double> slope = slopes(kind, applied(kind, x));
    std::vector<double> above = x, below = x;
    for (double& value : above) value += kStep;
    for (double& value : below) value -= kStep;
    above = applied(kind, above);
    below = applied(kind, below);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CONTEXT("kind " << static_cast<int>(kind) << ", x " << x[i]);
      CHECK_NEAR(slope[i], (above[i] - below[i]) / (2 * kStep), kAllowed);
    }
  }
}

template <class Scalar>
void check_slopes_at_ends() {
  using Values = std::vector<Scalar>;
  CHECK(slopes<Scalar>(Activation::kRelu, {0, Scalar(-0.0), 2}) == Values({0, 0, 1}));
  CHECK(slopes<Scalar>(Activation::kHardSigmoid, {0, 1, Scalar(0.5)}) == Values({0, 0, Scalar(1) / 6}));
  CHECK(slopes<Scalar>(Activation::kElu, {0, -1, 5}) == Values({1, 0, 1}));
  CHECK(slopes<Scalar>(Activation::kTanh, {0, 1, -1}) == Values({1, 0, 0}));
  CHECK(slopes<Scalar>(Activation::kSigmoid, {0, 1, Scalar(0.5)}) == Values({0, 0, Scalar(0.25)}));
  CHECK(slopes<Scalar>(Activation::kSoftsign, {0, 1, -1}) == Values({1, 0, 0}));
}
TEST_CASE("slopes at kinks and where the activations saturate") {
  check_slopes_at_ends<float>();
  check_slopes_at_ends<double>();
}

template <class Scalar>
std::vector<Scalar> lanes_of(Vec<Scalar> v) {
  std::vector<Scalar> lanes(static_cast<std::size_t>(Vec<Scalar>::kLanes));
  v.store(lanes.data());
  return lanes;
}

// Equal bits, or both NaN: the sign of a NaN is not part of a result, compilers may swap the factors of a product.
template <class Scalar>
bool same_results(std::vector<Scalar> a, std::vector<Scalar> b) {
  for (std::vector<Scalar>* values : {&a, &b}) {
    for (Scalar& value : *values) {
      if (std::isnan(value)) value = std::numeric_limits<Scalar>::quiet_NaN();
    }
  }
  return same_bits(a, b);
}

template <class Scalar>
void check_policies() {
  using V = Vec<Scalar>;
  const std::vector<Scalar> x = inputs<Scalar>(2000);
  const Standard standard;
  const Any<Scalar> same{Activation::kTanh, Activation::kSigmoid};
  for (std::size_t i = 0; i + V::kLanes <= x.size(); i += V::kLanes) {
    const V v = V::load(x.data() + i);
    CHECK(same_results(lanes_of(standard.activation(v)), lanes_of(same.activation(v))));
    CHECK(same_results(lanes_of(standard.recurrent(v)), lanes_of(same.recurrent(v))));
    CHECK(same_results(lanes_of(standard.activation_slope(v)), lanes_of(same.activation_slope(v))));
    CHECK(same_results(lanes_of(standard.recurrent_slope(v)), lanes_of(same.recurrent_slope(v))));
    for (const Activation kind : kKinds) {
      CONTEXT("kind " << static_cast<int>(kind));
      const Any<Scalar> any{kind, kind};
      std::vector<Scalar> y(lanes_of(v).size());
      apply(kind, x.data() + i, y.data(), V::kLanes);
      CHECK(same_results(lanes_of(any.activation(v)), y));
      CHECK(same_results(lanes_of(any.recurrent(v)), y));
    }
  }
}
template <class Scalar>
void check_limits(Activation kind) {
  using V = Vec<Scalar>;
  const Scalar clip = Scalar(1.25);
  const Limits<Scalar> limits = limits_of(kind, clip);
  const Any<Scalar> plain{kind, kind}, cut{kind, kind, &limits, &limits};
  for (const Scalar x : {Scalar(-1e30), -clip, Scalar(-1.24), Scalar(-0.5), Scalar(0.75), Scalar(1.24), clip,
                         Scalar(1.26), std::numeric_limits<Scalar>::infinity()}) {
    CONTEXT("x " << x);
    const V inside = V::set(std::min(std::max(x, -clip), clip)), y = cut.activation(V::set(x));
    CHECK(same_bits(lanes_of(y), lanes_of(plain.activation(inside))));
    CHECK(same_bits(lanes_of(cut.recurrent(V::set(x))), lanes_of(y)));
    CHECK(same_bits(lanes_of(cut.cell_activation(V::set(x))), lanes_of(plain.activation(V::set(x)))));
    const V slope = std::abs(x) < clip ? plain.activation_slope(y) : V::zero();
    CHECK(same_bits(lanes_of(cut.activation_slope(y)), lanes_of(slope)));
    CHECK(same_bits(lanes_of(cut.recurrent_slope(y)), lanes_of(slope)));
    CHECK(same_bits(lanes_of(cut.cell_activation_slope(y)), lanes_of(plain.activation_slope(y))));
  }
  const V nan = V::set(std::numeric_limits<Scalar>::quiet_NaN());
  for (const Scalar value : lanes_of(cut.activation(nan))) CHECK(std::isnan(value));
  for (const Scalar value : lanes_of(cut.activation_slope(nan))) CHECK(std::isnan(value));
}
TEST_CASE("limits cut off what lies outside, and the slope is zero there") {
  for (const Activation kind : kKinds) {
    CONTEXT("kind " << static_cast<int>(kind));
    check_limits<float>(kind);
    check_limits<double>(kind);
  }
}

TEST_CASE("kinds at run time give the bits of kinds at compile time") {
  check_policies<float>();
  check_policies<double>();
}

}  // namespace
}  // namespace gatedcore::test
