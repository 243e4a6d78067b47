// Optimizer kernels beside their twins: ten steps over vectors of awkward sizes, and any split of a range.
//
// A problem names a kernel and its twin:
//   kSlots, kStart      vectors beside the parameters, and what fills them
//   step(vectors, t)    the call of step number t, from 1
//   run(step, range)    the kernel
//   Plain               one element in long double: p, slots[kSlots], step(g, t)
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "guarded.hpp"
#include "simd/vec.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
struct Vectors {
  Guarded<Scalar> parameters, gradients;
  std::vector<Guarded<Scalar>> slots;

  Vectors(Index count, int slot_count, double start) : parameters(count, 0, 1), gradients(count, 0, 2) {
    check::Random random(static_cast<std::uint64_t>(count) + 1);
    for (Index i = 0; i < count; ++i) {
      parameters.data()[i] = static_cast<Scalar>(random.uniform(-1, 1));
      gradients.data()[i] = static_cast<Scalar>(random.uniform(-1, 1) * std::pow(10, random.uniform(-4, 2)));
    }
    if (count > 2) gradients.data()[2] = 0;
    for (int k = 0; k < slot_count; ++k) slots.emplace_back(count, static_cast<Scalar>(start), 3 + 2 * k);
  }
  bool intact() const {
    return parameters.intact() && gradients.intact() &&
           std::all_of(slots.begin(), slots.end(), [](const Guarded<Scalar>& slot) { return slot.intact(); });
  }
};

// A step moves a parameter by about the learning rate of 0.01, exact to ten roundings, and rounds it once: half an
// epsilon of at most 1. Slots gain up to three roundings a step of what they are, and keep those of when they were
// larger.
template <class Problem, class Scalar>
void check_steps(Index count) {
  CONTEXT("count " << count);
  constexpr int kSteps = 10;
  const double epsilon = std::numeric_limits<Scalar>::epsilon();
  Vectors<Scalar> vectors(count, Problem::kSlots, Problem::kStart);
  struct Twin {
    typename Problem::Plain plain;
    long double most[Problem::kSlots] = {};
  };
  std::vector<Twin> twins;
  for (const Scalar p : vectors.parameters.values()) {
    twins.push_back({});
    twins.back().plain.p = p;
    for (long double& slot : twins.back().plain.slots) slot = static_cast<Scalar>(Problem::kStart);
  }
  for (int t = 1; t <= kSteps; ++t) {
    Problem::run(Problem::step(vectors, t), Range{0, count});
    for (Index i = 0; i < count; ++i) {
      Twin& twin = twins[static_cast<std::size_t>(i)];
      const Scalar g = vectors.gradients.data()[i];
      twin.plain.step(g, t);
      CHECK_NEAR(vectors.parameters.data()[i], twin.plain.p, t * 0.8 * epsilon);
      for (std::size_t k = 0; k < Problem::kSlots; ++k) {
        twin.most[k] = std::max(twin.most[k], std::abs(twin.plain.slots[k]));
        CHECK_NEAR(vectors.slots[k].data()[i], twin.plain.slots[k], 1.5 * t * epsilon * twin.most[k]);
      }
      vectors.gradients.data()[i] = -g / 2;  // another sign and size for the next step
    }
  }
  CHECK(vectors.intact());
  CHECK(vectors.parameters.size() == count);
}

template <class Problem, class Scalar>
void check_split() {
  constexpr Index kCount = 3 * Vec<Scalar>::kLanes + 5;
  const Vectors<Scalar> fresh(kCount, Problem::kSlots, Problem::kStart);
  Vectors<Scalar> whole(kCount, Problem::kSlots, Problem::kStart);
  Problem::run(Problem::step(whole, 1), Range{0, kCount});
  CHECK(!same_bits(whole.parameters.values(), fresh.parameters.values()));
  for (Index at = 0; at <= kCount; ++at) {
    CONTEXT("split at " << at);
    Vectors<Scalar> parts(kCount, Problem::kSlots, Problem::kStart);
    Problem::run(Problem::step(parts, 1), Range{at, kCount});
    for (Index i = 0; i < at; ++i) CHECK(parts.parameters.data()[i] == fresh.parameters.data()[i]);
    // The gradients of a range may stand elsewhere, from their first on.
    auto step = Problem::step(parts, 1);
    const Guarded<Scalar> apart(std::vector<Scalar>(parts.gradients.data(), parts.gradients.data() + at));
    step.gradients = apart.data();
    Problem::run(step, Range{0, at});
    CHECK(same_bits(parts.parameters.values(), whole.parameters.values()));
    for (std::size_t k = 0; k < Problem::kSlots; ++k)
      CHECK(same_bits(parts.slots[k].values(), whole.slots[k].values()));
    CHECK(same_bits(parts.gradients.values(), fresh.gradients.values()));
    CHECK(parts.intact());
  }
  // An end in memory of its own: element `at` is the first there.
  const Index at = kCount / 2;
  Vectors<Scalar> parts(kCount, Problem::kSlots, Problem::kStart);
  auto step = Problem::step(parts, 1);
  Problem::run(step, Range{0, at});
  const Guarded<Scalar> apart(std::vector<Scalar>(parts.gradients.data() + at, parts.gradients.data() + kCount));
  step.gradients = apart.data();
  step.first = at;
  Problem::run(step, Range{at, kCount});
  CHECK(same_bits(parts.parameters.values(), whole.parameters.values()));
}

template <template <class> class Problem, class Scalar>
void check_scalar() {
  CONTEXT("bytes " << sizeof(Scalar));
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (const Index count : {Index(0), Index(1), kLanes - 1, kLanes, kLanes + 1, 2 * kLanes + 3})
    check_steps<Problem<Scalar>, Scalar>(count);
  check_split<Problem<Scalar>, Scalar>();
}

template <template <class> class Problem>
void check_kernel() {
  check_scalar<Problem, float>();
  check_scalar<Problem, double>();
}

}  // namespace
}  // namespace gatedcore::test
