// One step of gradient descent over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// Plain, with momentum, with Nesterov's momentum.
enum class SgdKind { kPlain, kMomentum, kNesterov };

// The first n elements of a vector. Source: math.md (56)-(59).
template <SgdKind kKind, class Scalar>
GATEDCORE_INLINE void sgd_vector(const SgdStep<Scalar>& step, Index i, Index n) {
  using V = Vec<Scalar>;
  const V rate = V::set(Scalar(step.rate));
  const V g = load_width(step.gradients + (i - step.first), n);
  V p = load_width(step.parameters + i, n);
  if constexpr (kKind == SgdKind::kPlain) {
    p = fnma(rate, g, p);
  } else {
    const V momentum = V::set(Scalar(step.momentum));
    const V velocity = fnma(rate, g, momentum * load_width(step.velocity + i, n));
    store_width(velocity, step.velocity + i, n);
    p = p + (kKind == SgdKind::kNesterov ? fnma(rate, g, momentum * velocity) : velocity);
  }
  store_width(p, step.parameters + i, n);
}

template <SgdKind kKind, class Scalar>
GATEDCORE_INLINE void sgd_pass(SgdStep<Scalar> step, Range range) {
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED { sgd_vector<kKind>(step, i, n); });
}

// Updates parameters, and velocity where there is one, in the elements of range; gradients are only read. An element's
// result does not depend on where ranges are split.
template <class Scalar>
void sgd_step(const SgdStep<Scalar>& step, Range range) {
  if (step.velocity == nullptr) {
    sgd_pass<SgdKind::kPlain>(step, range);
  } else if (step.nesterov) {
    sgd_pass<SgdKind::kNesterov>(step, range);
  } else {
    sgd_pass<SgdKind::kMomentum>(step, range);
  }
}

GATEDCORE_END_ISA
