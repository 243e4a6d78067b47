#include "optimizers/sgd.hpp"

#include "check.hpp"
#include "guarded.hpp"

namespace gatedcore::test {
namespace {

constexpr double kRate = 0.1, kMomentum = 0.9;

template <class Scalar>
struct State {
  Guarded<Scalar> parameters, gradients, velocity;

  explicit State(Index count) : parameters(count, 0, 1), gradients(count, 0, 2), velocity(count, 0, 3) {
    check::Random random(static_cast<std::uint64_t>(count) + 1);
    for (Index i = 0; i < count; ++i) {
      parameters.data()[i] = static_cast<Scalar>(random.uniform(-1, 1));
      gradients.data()[i] = static_cast<Scalar>(random.uniform(-1, 1));
    }
  }
  SgdStep<Scalar> step(SgdKind kind) {
    Scalar* moving = kind == SgdKind::kPlain ? nullptr : velocity.data();
    return {parameters.size(), parameters.data(),         gradients.data(), moving, kRate,
            kMomentum,         kind == SgdKind::kNesterov};
  }
  bool intact() const { return parameters.intact() && gradients.intact() && velocity.intact(); }
};

// Sutskever et al. (2013) in their own letters: w at the point where the gradient is taken. Nesterov's form looks
// ahead: what the kernel stores is w + momentum velocity.
struct Plain {
  long double p, velocity = 0;

  void step(long double g, SgdKind kind) {
    const long double rate = 0.1L, momentum = 0.9L;
    if (kind == SgdKind::kPlain) {
      p -= rate * g;
      return;
    }
    const long double before = velocity;
    velocity = momentum * velocity - rate * g;
    p += kind == SgdKind::kMomentum ? velocity : velocity + momentum * (velocity - before);
  }
};

template <class Scalar>
void check_steps(SgdKind kind, Index count) {
  CONTEXT("kind " << static_cast<int>(kind) << ", count " << count);
  State<Scalar> state(count);
  std::vector<Plain> plain;
  for (const Scalar p : state.parameters.values()) plain.push_back({p});
  for (int t = 1; t <= 10; ++t) {
    sgd_step(state.step(kind), {0, count});
    for (Index i = 0; i < count; ++i) {
      Plain& twin = plain[static_cast<std::size_t>(i)];
      const Scalar g = state.gradients.data()[i];
      twin.step(g, kind);
      // A few roundings a step of numbers up to 2, and the rate's own.
      const double allowed = 4 * t * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
      CHECK_NEAR(state.parameters.data()[i], twin.p, allowed);
      CHECK_NEAR(state.velocity.data()[i], twin.velocity, allowed);
      state.gradients.data()[i] = Scalar(0.5) - g;
    }
  }
  CHECK(state.intact());
  CHECK(state.parameters.size() == count);
}
template <class Scalar>
void check_sizes() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (const SgdKind kind : {SgdKind::kPlain, SgdKind::kMomentum, SgdKind::kNesterov}) {
    for (const Index count : {Index(0), Index(1), kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3})
      check_steps<Scalar>(kind, count);
  }
}
TEST_CASE("ten steps agree with plain loops in long double") {
  check_sizes<float>();
  check_sizes<double>();
}

template <class Scalar>
void check_split(SgdKind kind) {
  constexpr Index kCount = 3 * Vec<Scalar>::kLanes + 5;
  State<Scalar> whole(kCount);
  sgd_step(whole.step(kind), {0, kCount});
  for (Index at = 0; at <= kCount; ++at) {
    CONTEXT("kind " << static_cast<int>(kind) << ", split at " << at);
    State<Scalar> parts(kCount);
    const std::vector<Scalar> before = parts.parameters.values(), gradients = parts.gradients.values();
    sgd_step(parts.step(kind), {at, kCount});
    for (Index i = 0; i < at; ++i) CHECK(parts.parameters.data()[i] == before[static_cast<std::size_t>(i)]);
    sgd_step(parts.step(kind), {0, at});
    CHECK(same_bits(parts.parameters.values(), whole.parameters.values()));
    CHECK(same_bits(parts.velocity.values(), whole.velocity.values()));
    CHECK(same_bits(parts.gradients.values(), gradients));
    CHECK(parts.intact());
  }
}
TEST_CASE("any split gives the same bits and stays in its range") {
  for (const SgdKind kind : {SgdKind::kPlain, SgdKind::kMomentum, SgdKind::kNesterov}) {
    check_split<float>(kind);
    check_split<double>(kind);
  }
}

}  // namespace
}  // namespace gatedcore::test
