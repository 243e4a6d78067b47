// One Adam step over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct AdamRates {
  Vec<Scalar> rate, m_share, v_share, epsilon;
};

// The first n elements of a vector. Source: math.md (52), (53), (55), (59a), (59b).
template <bool kAmsgrad, class Scalar>
GATEDCORE_INLINE void adam_vector(const AdamStep<Scalar>& step, const AdamRates<Scalar>& rates, Index i, Index n) {
  using V = Vec<Scalar>;
  const V g = load_width(step.gradients + (i - step.first), n);
  V p = load_width(step.parameters + i, n);
  V m = load_width(step.m + i, n);
  V v = load_width(step.v + i, n);
  m = fma(rates.m_share, g - m, m);
  v = fma(rates.v_share, fma(g, g, -v), v);
  V v_hat = v;
  if constexpr (kAmsgrad) {
    v_hat = max(load_width(step.v_hat + i, n), v);
    store_width(v_hat, step.v_hat + i, n);
  }
  p = p - rates.rate * m / (sqrt(v_hat) + rates.epsilon);
  store_width(p, step.parameters + i, n);
  store_width(m, step.m + i, n);
  store_width(v, step.v + i, n);
}

template <bool kAmsgrad, class Scalar>
GATEDCORE_INLINE void adam_pass(AdamStep<Scalar> step, Range range) {
  using V = Vec<Scalar>;
  const AdamRates<Scalar> rates = {V::set(Scalar(step.rate)), V::set(Scalar(1 - step.beta_1)),
                                   V::set(Scalar(1 - step.beta_2)), V::set(Scalar(step.epsilon))};
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED { adam_vector<kAmsgrad>(step, rates, i, n); });
}

// Updates parameters, m, v, and v_hat where there is one, in the elements of range; gradients are only read. An
// element's result does not depend on where ranges are split.
template <class Scalar>
void adam_step(const AdamStep<Scalar>& step, Range range) {
  if (step.v_hat == nullptr) {
    adam_pass<false>(step, range);
  } else {
    adam_pass<true>(step, range);
  }
}

GATEDCORE_END_ISA
