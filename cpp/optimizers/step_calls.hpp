// What a caller hands to an optimizer step over a flat parameter vector.
//
// Rates are double for both scalar types: 1 - beta has to be formed before it is rounded, as 1 - 0.999f is off
// by 1.3e-5.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// Kingma and Ba (2015), algorithm 1 in the order of its section 2, with Keras's place for epsilon:
//   m += (1 - beta_1) (g - m);  v += (1 - beta_2) (g^2 - v);  p -= rate m / (sqrt(v) + epsilon)
// where rate is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t).
template <class Scalar>
struct AdamStep {
  Index count = 0;
  Scalar* parameters = nullptr;
  const Scalar* gradients = nullptr;
  Scalar* m = nullptr;
  Scalar* v = nullptr;
  double rate = 0;
  double beta_1 = 0;
  double beta_2 = 0;
  double epsilon = 0;
};

// Gradient descent; with momentum  velocity = momentum velocity - rate g  and  p += velocity,
// or, with Nesterov's,  p += momentum velocity - rate g  (Keras's form).
template <class Scalar>
struct SgdStep {
  Index count = 0;
  Scalar* parameters = nullptr;
  const Scalar* gradients = nullptr;
  Scalar* velocity = nullptr;  // null: no momentum
  double rate = 0;
  double momentum = 0;
  bool nesterov = false;
};

}  // namespace gatedcore
