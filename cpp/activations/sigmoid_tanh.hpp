// sigmoid, tanh and expm1 on vectors.
//
// All three split their argument into n ln 2 + r with |r| <= ln 2 / 2 and evaluate a polynomial in r. Adding 1.5 * 2^23
// (float) or 1.5 * 2^52 (double) to x / ln 2 rounds it to an integer n and leaves n in the low bits of the sum; with
// the exponent bias added too, one shift of those bits is 2^n.
//
// Accuracy, against the exact value: float32 at most 3 ULP for every input, float64 at most 4 ULP; docs/accuracy.md has
// what was measured. It holds with and without a fused multiply-add. NaN gives NaN. Where denormals are flushed, an
// input below the smallest normal number counts as 0, a result below it is 0, and no other result changes.
//
// Tried without use: degree 5 in sigmoid (one instruction of 15 less, 3.6 ULP); the polynomial of tanh as two chains in
// r^2 (AVX2 latency 47 to 43 cycles, AVX-512 46 to 48, same throughput).
#pragma once

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// The numbers of sigmoid and tanh in one format. kExpMinus: exp(-r) = sum kExpMinus[j] r^j. kExpm1: expm1(r) = r + r^2
// sum kExpm1[j] r^j.
//
// Origin of the float32 coefficients: minimax by linear programming on 800 Chebyshev nodes of |r| <= 1.0005 ln 2 / 2,
// each coefficient rounded to float32 in turn and the rest fitted anew. kExpMinus is weighted for the ULP of 1 /
// exp(-r): largest error 0.04 ULP. kExpm1 is weighted for the relative error of tanh: largest 1.1e-8 = 0.19 * 2^-24.
// Those of float64: the same by Remez's exchange with 50 digits, the first three coefficients after the fixed ones
// rounded in turn: largest error 0.06 ULP in kExpMinus, 0.36 * 2^-53 in kExpm1.
template <class Scalar>
struct ActivationConstants;

template <>
struct ActivationConstants<float> {
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kRound = 0x1.8p+23f;
  static constexpr float kBias = 127;
  // ln 2 in two parts. The first has 17 bits, so that its product with an |n| < 2^7 is exact without a fused
  // multiply-add.
  static constexpr float kLn2High = 0x1.62e4p-1f;
  static constexpr float kLn2Low = 0x1.7f7d1cp-20f;
  static constexpr float kLn2 = 0x1.62e43p-1f;
  static constexpr float kExpMinus[] = {
      1, -1, 0x1.fffffep-2f, -0x1.555492p-3f, 0x1.555768p-5f, -0x1.12397ep-7f, 0x1.6b16c0p-10f};
  static constexpr float kExpm1[] = {0.5f, 0x1.5554a8p-3f, 0x1.55561ap-5f, 0x1.122caep-7f, 0x1.6bd9d4p-10f};
  // sigmoid: below kLowest n = 128 and 2^n is infinite, above kHighest n = -127 and 2^n is 0.
  static constexpr float kLowest = -88.8f;
  static constexpr float kHighest = 88.0f;
  // tanh(9.02) rounds to 1; from here on its numerator and denominator are equal.
  static constexpr float kTanhOne = 9.2f;
  static constexpr float kExpm1Lowest = -18;  // expm1(-17.4) rounds to -1
};

template <>
struct ActivationConstants<double> {
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kRound = 0x1.8p+52;
  static constexpr double kBias = 1023;
  static constexpr double kLn2High = 0x1.62e42feep-1;  // 33 bits
  static constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr double kLn2 = 0x1.62e42fefa39efp-1;
  static constexpr double kExpMinus[] = {1,
                                         -1,
                                         0.5,
                                         -0x1.555555555567fp-3,
                                         0x1.5555555553f86p-5,
                                         -0x1.11111110db637p-7,
                                         0x1.6c16c178c18d8p-10,
                                         -0x1.a01a0276042c2p-13,
                                         0x1.a019b718ac509p-16,
                                         -0x1.71dcc9be55ab4p-19,
                                         0x1.289440a814715p-22,
                                         -0x1.b09217a50a442p-26};
  static constexpr double kExpm1[] = {0.5,
                                      0x1.5555555555820p-3,
                                      0x1.5555555551bb7p-5,
                                      0x1.111111105523bp-7,
                                      0x1.6c16c183f7414p-10,
                                      0x1.a01a05cc24c95p-13,
                                      0x1.a019945cf9cafp-16,
                                      0x1.71d472a90869ap-19,
                                      0x1.28b638ee7c75cp-22,
                                      0x1.beea91b8f5a68p-26};
  static constexpr double kLowest = -709.9;
  static constexpr double kHighest = 708.5;
  static constexpr double kTanhOne = 19.5;
  static constexpr double kExpm1Lowest = -38;
};

// sum c[j] x^j, by Horner's rule: the fewest instructions; several vectors in flight hide its latency.
template <class Scalar, int kTerms>
GATEDCORE_INLINE Vec<Scalar> polynomial(const Scalar (&c)[kTerms], Vec<Scalar> x) {
  Vec<Scalar> sum = Vec<Scalar>::set(c[kTerms - 1]);
  unroll<kTerms - 1>([&](auto j)
                         __attribute__((always_inline)) { sum = fma(sum, x, Vec<Scalar>::set(c[kTerms - 2 - j])); });
  return sum;
}

// c[j] factor^(j + 1): the coefficients c of r + r^2 sum c[j] r^j for r = factor u, divided by factor.
template <class Scalar, int kTerms>
struct Coefficients {
  Scalar c[kTerms];
  constexpr Coefficients(const Scalar (&unscaled)[kTerms], Scalar factor) : c{} {
    Scalar power = factor;
    for (int j = 0; j < kTerms; ++j, power *= factor) c[j] = unscaled[j] * power;
  }
};

// 1 / (1 + exp(-x)), in [0, 1]; 0 and 1 at -inf and +inf, 1/2 at 0.
// Where the exact value is below the smallest normal number (x < -87.34 in float32, -708.4 in float64) the result is
// either rounded to a denormal or 0.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> sigmoid(Vec<Scalar> x) {
  using V = Vec<Scalar>;
  using C = ActivationConstants<Scalar>;
  x = min(V::set(C::kHighest), max(V::set(C::kLowest), x));
  const V sum = fnma(x, V::set(C::kLog2E), V::set(C::kRound + C::kBias));  // -x = n ln 2 - r
  const V n = sum - V::set(C::kRound + C::kBias);
  const V r = fma(n, V::set(C::kLn2Low), fma(n, V::set(C::kLn2High), x));
  return V::set(1) / fma(mantissa_to_exponent(sum), polynomial(C::kExpMinus, r), V::set(1));
}

// expm1(kFactor u) / kFactor, kFactor a power of two, kFactor u within the range of sigmoid; -0 gives 0. The factor is
// only in the constants. ln 2 in one part is enough: where n is so large that its error times n could be seen, exp is
// either so large that tanh is 1, or so small that expm1 is -1.
template <int kFactor, class Scalar>
GATEDCORE_INLINE Vec<Scalar> scaled_expm1(Vec<Scalar> u) {
  using V = Vec<Scalar>;
  using C = ActivationConstants<Scalar>;
  constexpr int kTerms = sizeof(C::kExpm1) / sizeof(Scalar);
  constexpr Coefficients<Scalar, kTerms> kScaled(C::kExpm1, kFactor);
  const V sum = fma(u, V::set(kFactor * C::kLog2E), V::set(C::kRound + C::kBias));
  const V n = sum - V::set(C::kRound + C::kBias);
  const V r = fnma(n, V::set(C::kLn2 / kFactor), u);
  const V p = fma(r * r, polynomial(kScaled.c, r), r);
  const V scale = mantissa_to_exponent(sum);
  const V part = V::set(Scalar(1) / kFactor);
  return fma(scale, p, kFactor == 1 ? scale - part : fma(scale, part, -part));
}

// expm1(x) for x <= 0, in [-1, 0]; any value for x > 0.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> expm1_negative(Vec<Scalar> x) {
  return scaled_expm1<1>(max(Vec<Scalar>::set(ActivationConstants<Scalar>::kExpm1Lowest), x));
}

// tanh(x), in [-1, 1], odd to the last bit; -1 and 1 at -inf and +inf, x at +-0.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> tanh(Vec<Scalar> x) {
  using V = Vec<Scalar>;
  // (exp(2x) - 1) / (exp(2x) + 1) with both halved: e / (e + 1).
  const V e = scaled_expm1<2>(min(V::set(ActivationConstants<Scalar>::kTanhOne), abs(x)));
  return flip_sign(e / (e + V::set(1)), x);
}

GATEDCORE_END_ISA
