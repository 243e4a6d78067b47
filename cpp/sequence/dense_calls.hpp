// What a caller hands to a dense layer.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// y = x w + b over M rows, before any activation.
template <class Scalar>
struct DenseForward {
  Index M = 0;                // rows
  Index I = 0;                // inputs
  Index O = 0;                // outputs
  const Scalar* x = nullptr;  // (M, I), rows x_stride apart
  Index x_stride = 0;
  const Scalar* w = nullptr;  // (I, O)
  const Scalar* b = nullptr;  // (O); null: zeros
  Scalar* y = nullptr;        // (M, O)
};
template <class Scalar>
struct DenseBackward {
  Index M = 0;
  Index I = 0;
  Index O = 0;
  const Scalar* x = nullptr;  // (M, I), rows x_stride apart
  Index x_stride = 0;
  const Scalar* w = nullptr;    // (I, O)
  const Scalar* d_y = nullptr;  // (M, O)
  Scalar* d_x = nullptr;        // (M, I), assigned; null: not wanted
  Scalar* d_w = nullptr;        // (I, O), added to
  Scalar* d_b = nullptr;        // (O), added to; null: not wanted
};
}  // namespace gatedcore
