// What a caller hands to an optimizer step over a flat parameter vector.
//
// Rates are double for both scalar types: 1 - beta has to be formed before it is rounded, as 1 - 0.999f is off
// by 1.3e-5.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// Kingma and Ba (2015), algorithm 1 in the order of its section 2, with Keras's place for epsilon:
//   m += (1 - beta_1) (g - m);  v += (1 - beta_2) (g^2 - v);  p -= rate m / (sqrt(v) + epsilon)
// where rate is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t). AMSGrad (Reddi et al. 2018) divides by the
// root of v_hat, the largest v so far.
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
  Scalar* v_hat = nullptr;  // null: not AMSGrad
  Index first = 0;          // the element that gradients[0] belongs to
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
  Index first = 0;  // the element that gradients[0] belongs to
};

// Tieleman and Hinton (2012), with epsilon under the root as Keras has it:
//   v += (1 - rho) (g^2 - v);  p -= rate g / sqrt(v + epsilon)
// Centered (Graves 2013), v is diminished by the square of  m += (1 - rho) (g - m).  With momentum
//   velocity = momentum velocity - rate g / sqrt(v + epsilon)  and  p += velocity.
template <class Scalar>
struct RmspropStep {
  Index count = 0;
  Scalar* parameters = nullptr;
  const Scalar* gradients = nullptr;
  Scalar* v = nullptr;
  Scalar* m = nullptr;         // null: not centered
  Scalar* velocity = nullptr;  // null: no momentum
  double rate = 0;
  double rho = 0;
  double momentum = 0;
  double epsilon = 0;
  Index first = 0;  // the element that gradients[0] belongs to
};

// Dozat (2016): Adam with Nesterov's momentum. The means are Adam's, then
//   p -= (m_rate m + g_rate g) / (sqrt(v_factor v) + epsilon)
// where the factors, which change from step to step, are those of math.md (59k) to (59m).
template <class Scalar>
struct NadamStep {
  Index count = 0;
  Scalar* parameters = nullptr;
  const Scalar* gradients = nullptr;
  Scalar* m = nullptr;
  Scalar* v = nullptr;
  double m_rate = 0;
  double g_rate = 0;
  double v_factor = 0;
  double beta_1 = 0;
  double beta_2 = 0;
  double epsilon = 0;
  Index first = 0;  // the element that gradients[0] belongs to
};

// Duchi et al. (2011), with epsilon under the root as Keras has it:
//   squares += g^2;  p -= rate g / sqrt(squares + epsilon)
template <class Scalar>
struct AdagradStep {
  Index count = 0;
  Scalar* parameters = nullptr;
  const Scalar* gradients = nullptr;
  Scalar* squares = nullptr;
  double rate = 0;
  double epsilon = 0;
  Index first = 0;  // the element that gradients[0] belongs to
};

// What the limit of clipping limits: nothing, the size of each element, the norm of each variable's gradient, the norm
// of the whole.
enum class Clip : std::int32_t { kNone, kValue, kNorm, kGlobalNorm };

// What stands around the update of any optimizer, in Keras's order: the mean of the gradients of several calls is
// clipped, the parameters decay, then comes the update, then the parameters' moving average follows.
template <class Scalar>
struct UpdateFrame {
  Scalar* accumulated = nullptr;  // (count), the sum of the gradients of earlier calls, zeroed here; null: none
  Index summed = 1;               // the calls whose gradients the mean is of, this one among them
  Clip clip = Clip::kNone;
  double limit = 0;
  const Index* ends = nullptr;  // (variables), where each variable ends in the vector; for kNorm
  Index variables = 0;
  double decay = 0;           // what parameters lose of themselves: weight decay times learning rate
  Scalar* average = nullptr;  // (count), the parameters' moving average; null: none
  double average_share = 0;   // of the new parameters in it
};

// How gradients become those that an update sees: limited to [-limit, limit] after scale (gradients + accumulated).
template <class Scalar>
struct GradientShape {
  const Scalar* gradients = nullptr;
  Scalar* accumulated = nullptr;  // zeroed; null: none
  double scale = 1;
  double limit = 0;
};

}  // namespace gatedcore
