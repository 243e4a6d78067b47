// The dense layer in plain loops, before any activation: the twin of sequence/dense.hpp. Source: math.md (47)-(49).
#pragma once

#include "sequence/dense_calls.hpp"

namespace gatedcore::reference {

template <class Scalar>
void dense_forward(const DenseForward<Scalar>& call) {
  for (Index m = 0; m < call.M; ++m) {
    for (Index o = 0; o < call.O; ++o) {
      Scalar y = call.b == nullptr ? Scalar(0) : call.b[o];
      for (Index k = 0; k < call.I; ++k) y += call.x[m * call.x_stride + k] * call.w[k * call.O + o];
      call.y[m * call.O + o] = y;
    }
  }
}

template <class Scalar>
void dense_backward(const DenseBackward<Scalar>& call) {
  for (Index m = 0; m < call.M; ++m) {
    const Scalar* d_y = call.d_y + m * call.O;
    for (Index k = 0; k < call.I; ++k) {
      Scalar d_x = 0;
      for (Index o = 0; o < call.O; ++o) {
        d_x += d_y[o] * call.w[k * call.O + o];
        call.d_w[k * call.O + o] += call.x[m * call.x_stride + k] * d_y[o];
      }
      if (call.d_x != nullptr) call.d_x[m * call.I + k] = d_x;
    }
    for (Index o = 0; o < call.O; ++o) {
      if (call.d_b != nullptr) call.d_b[o] += d_y[o];
    }
  }
}

}  // namespace gatedcore::reference
