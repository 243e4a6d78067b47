// What stands around an optimizer's update, each a pass over a range short enough to stay in the cache: gradients are
// shaped and parameters decay before it, the parameters' moving average follows them after it.
#pragma once

#include "optimizers/step_calls.hpp"
#include "optimizers/vectors.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

template <bool kAccumulated, class Scalar>
double squares_in(const Scalar* gradients, const Scalar* accumulated, Range range) {
  // As many sums as keep the adders busy with the narrowest vectors of doubles: the compiler makes vectors of them.
  constexpr int kSums = 16;
  double sums[kSums] = {};
  const auto square = [&](Index i) GATEDCORE_INLINED {
    double g = static_cast<double>(gradients[i]);
    if constexpr (kAccumulated) g += static_cast<double>(accumulated[i]);
    return g * g;
  };
  Index i = range.begin;
  for (; i + kSums <= range.end; i += kSums) {
    for (int k = 0; k < kSums; ++k) sums[k] += square(i + k);
  }
  for (int k = 0; i < range.end; ++i, ++k) sums[k] += square(i);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// The sum of the squares of gradients, plus accumulated unless that is null, over a range. In double: the square of a
// float always has room there. Source: math.md (59p).
template <class Scalar>
double square_sum(const Scalar* gradients, const Scalar* accumulated, Range range) {
  return accumulated == nullptr ? squares_in<false>(gradients, accumulated, range)
                                : squares_in<true>(gradients, accumulated, range);
}

template <bool kAccumulated, class Scalar>
GATEDCORE_INLINE void shape_pass(GradientShape<Scalar> shape, Range range, Scalar* shaped) {
  using V = Vec<Scalar>;
  const V scale = V::set(Scalar(shape.scale)), limit = V::set(Scalar(shape.limit));
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED {
    V g = load_width(shape.gradients + i, n);
    if constexpr (kAccumulated) {
      g = g + load_width(shape.accumulated + i, n);
      store_width(V::zero(), shape.accumulated + i, n);
    }
    store_width(min(limit, max(-limit, scale * g)), shaped + (i - range.begin), n);  // NaN stays NaN
  });
}

// Writes the shaped gradients of a range to shaped, from its first element on. Source: math.md (59o), (59q), (59r).
template <class Scalar>
void shape_gradients(const GradientShape<Scalar>& shape, Range range, Scalar* shaped) {
  if (shape.accumulated == nullptr) {
    shape_pass<false>(shape, range, shaped);
  } else {
    shape_pass<true>(shape, range, shaped);
  }
}

// Source: math.md (59s). Not a product with 1 - decay, whose rounding in float32, up to 3e-8, would be that of every
// parameter and step: near a hundredth of the usual 0.004 * 0.001.
template <class Scalar>
void decay_parameters(Scalar* parameters, double decay, Range range) {
  using V = Vec<Scalar>;
  const V share = V::set(Scalar(decay));
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED {
    const V p = load_width(parameters + i, n);
    store_width(fnma(share, p, p), parameters + i, n);
  });
}

// Moves the average by a share of the way to the parameters. Source: math.md (59t).
template <class Scalar>
void move_average(const Scalar* parameters, Scalar* average, double share, Range range) {
  using V = Vec<Scalar>;
  const V part = V::set(Scalar(share));
  for_each_vector<Scalar>(range, [&](Index i, Index n) GATEDCORE_INLINED {
    const V mean = load_width(average + i, n);
    store_width(fma(part, load_width(parameters + i, n) - mean, mean), average + i, n);
  });
}

GATEDCORE_END_ISA
