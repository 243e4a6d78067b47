// One Nadam step over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// Updates parameters, m and v in the elements of range; gradients are only read. An element's result does not depend on
// where ranges are split. Source: math.md (52), (53), (59n).
template <class Scalar>
void nadam_step(const NadamStep<Scalar>& call, Range range) {
  const NadamStep<Scalar> step = call;
  using V = Vec<Scalar>;
  const V m_rate = V::set(Scalar(step.m_rate)), g_rate = V::set(Scalar(step.g_rate)),
          m_share = V::set(Scalar(1 - step.beta_1)), v_share = V::set(Scalar(1 - step.beta_2)),
          v_factor = V::set(Scalar(step.v_factor)), epsilon = V::set(Scalar(step.epsilon));
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED {
    const V g = load_width(step.gradients + (i - step.first), n);
    V p = load_width(step.parameters + i, n);
    V m = load_width(step.m + i, n);
    V v = load_width(step.v + i, n);
    m = fma(m_share, g - m, m);
    v = fma(v_share, fma(g, g, -v), v);
    p = p - fma(m_rate, m, g_rate * g) / (sqrt(v_factor * v) + epsilon);
    store_width(p, step.parameters + i, n);
    store_width(m, step.m + i, n);
    store_width(v, step.v + i, n);
  });
}

GATEDCORE_END_ISA
