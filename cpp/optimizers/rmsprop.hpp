// One RMSprop step over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct RmspropRates {
  Vec<Scalar> rate, share, momentum, epsilon;
};

// The first n elements of a vector. Source: math.md (59c)-(59h).
template <bool kCentered, bool kMomentum, class Scalar>
GATEDCORE_INLINE void rmsprop_vector(const RmspropStep<Scalar>& step, const RmspropRates<Scalar>& rates, Index i,
                                     Index n) {
  using V = Vec<Scalar>;
  const V g = load_width(step.gradients + (i - step.first), n);
  V p = load_width(step.parameters + i, n);
  V v = load_width(step.v + i, n);
  v = fma(rates.share, fma(g, g, -v), v);
  store_width(v, step.v + i, n);
  if constexpr (kCentered) {
    V m = load_width(step.m + i, n);
    m = fma(rates.share, g - m, m);
    store_width(m, step.m + i, n);
    // A variance; where the gradient hardly changes, the roundings of v and m can leave it below zero.
    v = max(V::zero(), fnma(m, m, v));
  }
  const V change = rates.rate * g / sqrt(v + rates.epsilon);
  if constexpr (kMomentum) {
    const V velocity = rates.momentum * load_width(step.velocity + i, n) - change;
    store_width(velocity, step.velocity + i, n);
    p = p + velocity;
  } else {
    p = p - change;
  }
  store_width(p, step.parameters + i, n);
}

template <bool kCentered, bool kMomentum, class Scalar>
GATEDCORE_INLINE void rmsprop_pass(RmspropStep<Scalar> step, Range range) {
  using V = Vec<Scalar>;
  const RmspropRates<Scalar> rates = {V::set(Scalar(step.rate)), V::set(Scalar(1 - step.rho)),
                                      V::set(Scalar(step.momentum)), V::set(Scalar(step.epsilon))};
  for_each_vector<Scalar>(
      range, [&](Index i, Index n) GATEDCORE_INLINED { rmsprop_vector<kCentered, kMomentum>(step, rates, i, n); });
}

// Updates parameters, v, and m and velocity where there are any, in the elements of range; gradients are only read. An
// element's result does not depend on where ranges are split.
template <class Scalar>
void rmsprop_step(const RmspropStep<Scalar>& step, Range range) {
  const bool centered = step.m != nullptr, momentum = step.velocity != nullptr;
  if (centered) {
    momentum ? rmsprop_pass<true, true>(step, range) : rmsprop_pass<true, false>(step, range);
  } else {
    momentum ? rmsprop_pass<false, true>(step, range) : rmsprop_pass<false, false>(step, range);
  }
}

GATEDCORE_END_ISA
