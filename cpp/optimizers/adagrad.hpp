// One Adagrad step over a flat parameter vector, in one pass.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// Updates parameters and squares in the elements of range; gradients are only read. An element's result does not depend
// on where ranges are split. Source: math.md (59i), (59j).
template <class Scalar>
void adagrad_step(const AdagradStep<Scalar>& call, Range range) {
  const AdagradStep<Scalar> step = call;
  using V = Vec<Scalar>;
  const V rate = V::set(Scalar(step.rate)), epsilon = V::set(Scalar(step.epsilon));
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED {
    const V g = load_width(step.gradients + (i - step.first), n);
    const V squares = fma(g, g, load_width(step.squares + i, n));
    store_width(squares, step.squares + i, n);
    const V p = load_width(step.parameters + i, n);
    store_width(p - rate * g / sqrt(squares + epsilon), step.parameters + i, n);
  });
}

GATEDCORE_END_ISA
