// One Adam step over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct AdamRates {
  Vec<Scalar> rate, m_share, v_share, epsilon;
};

// The first n elements of a vector. Source: math.md (52), (53), (55).
template <class Scalar>
GATEDCORE_INLINE void adam_vector(const AdamStep<Scalar>& step, const AdamRates<Scalar>& rates, Index i, Index n) {
  using V = Vec<Scalar>;
  const V g = load_width(step.gradients + i, n);
  V p = load_width(step.parameters + i, n);
  V m = load_width(step.m + i, n);
  V v = load_width(step.v + i, n);
  m = fma(rates.m_share, g - m, m);
  v = fma(rates.v_share, fma(g, g, -v), v);
  p = p - rates.rate * m / (sqrt(v) + rates.epsilon);
  store_width(p, step.parameters + i, n);
  store_width(m, step.m + i, n);
  store_width(v, step.v + i, n);
}

// Updates parameters, m and v in the elements of range; gradients are only read. An element's result does not depend on
// where ranges are split.
template <class Scalar>
void adam_step(const AdamStep<Scalar>& step, Range range) {
  using V = Vec<Scalar>;
  const AdamRates<Scalar> rates = {V::set(Scalar(step.rate)), V::set(Scalar(1 - step.beta_1)),
                                   V::set(Scalar(1 - step.beta_2)), V::set(Scalar(step.epsilon))};
  Index i = range.begin;
  for (; i + V::kLanes <= range.end; i += V::kLanes) adam_vector(step, rates, i, V::kLanes);
  if (i < range.end) adam_vector(step, rates, i, range.end - i);
}

GATEDCORE_END_ISA
