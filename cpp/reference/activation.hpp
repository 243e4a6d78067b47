// The activations and their slopes, as math.md (40)-(46) has them: plain <cmath>, one number at a time.
//
// Twin of activations/. The slope is a function of the output, as backward has nothing else.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/types.hpp"

namespace gatedcore::reference {

template <class Scalar>
Scalar activate(Activation activation, Scalar a) {
  switch (activation) {
    case Activation::kLinear:
      return a;
    case Activation::kTanh:
      return std::tanh(a);
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-a));
    case Activation::kHardSigmoid:
      return std::min(std::max(a + 3, Scalar(0)), Scalar(6)) / 6;
    case Activation::kRelu:
      return std::max(a, Scalar(0));
    case Activation::kSoftsign:
      return a / (1 + std::abs(a));
    case Activation::kElu:
      return a > 0 ? a : std::expm1(a);
  }
  return a;
}

// d activate(a) / d a where y = activate(a).
template <class Scalar>
Scalar slope(Activation activation, Scalar y) {
  switch (activation) {
    case Activation::kLinear:
      return 1;
    case Activation::kTanh:
      return 1 - y * y;
    case Activation::kSigmoid:
      return y * (1 - y);
    case Activation::kHardSigmoid:
      return y > 0 && y < 1 ? Scalar(1) / 6 : Scalar(0);
    case Activation::kRelu:
      return y > 0 ? Scalar(1) : Scalar(0);
    case Activation::kSoftsign:
      return (1 - std::abs(y)) * (1 - std::abs(y));
    case Activation::kElu:
      return y > 0 ? Scalar(1) : y + 1;
  }
  return 1;
}

// The same of a gate that is cut off to [-clip, clip] before its activation; a clip of 0 cuts nothing off. An output
// tells that it was cut off by being a limit's.
template <class Scalar>
Scalar activate_clipped(Activation activation, Scalar clip, Scalar a) {
  return activate(activation, clip == 0 ? a : std::clamp(a, -clip, clip));
}
template <class Scalar>
Scalar slope_clipped(Activation activation, Scalar clip, Scalar y) {
  const bool cut = clip != 0 && (y == activate(activation, -clip) || y == activate(activation, clip));
  return cut ? 0 : slope(activation, y);
}

}  // namespace gatedcore::reference
