// Every tolerance of the kernel tests, with its reason. Widening one needs the reason in the commit.
//
// A difference is measured against the largest magnitude of the array it stands in, or 1 if that is smaller: sums of
// products of numbers of that size are as exact as their largest terms, not as what is left after they cancel.
#pragma once

namespace gatedcore::test {

template <class Scalar>
struct Tolerances;

template <>
struct Tolerances<float> {
  // Sums of up to 500 products, each rounded by 2^-24 and partly cancelling, then activations within 3 ULP (2e-7), over
  // up to 60 steps. Largest seen: 1.9e-6 where every activation is linear and a step multiplies three such sums,
  // else 1.4e-6.
  static constexpr double kForward = 5e-6;
  // Backward reads the states that forward saved, so only its own roundings count: sums over up to 420 sample-steps and
  // over the gates of up to 60 steps. Largest seen: 9e-7.
  static constexpr double kBackward = 4e-6;
  // h against float64 after 1000 steps: a promise of the project. Largest seen: 7e-7.
  static constexpr double kAfterThousandSteps = 2e-6;
};

template <>
struct Tolerances<double> {
  // As above with roundings of 2^-53 and activations within 4 ULP, and the twin rounds alike. Largest seen: 2e-15.
  static constexpr double kForward = 1e-14;
  // Largest seen: 2e-15.
  static constexpr double kBackward = 2e-14;
};

// Central differences in float64 with this step: the truncation is step^2 / 6 = 1.5e-12 times a third derivative, up to
// 1000 times the first where gates are linear; the rounding of a loss of order 10 is 4e-15 / step = 1e-9. Largest seen:
// 3e-9.
inline constexpr double kDifferenceStep = 3e-6;
inline constexpr double kDifference = 1e-8;

}  // namespace gatedcore::test
