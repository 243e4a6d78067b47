// Vec in the compiler's own vector extensions: GATEDCORE_VEC_BYTES wide, on any processor.
//
// It is the baseline kernel table (16 bytes: SSE2 on x86-64), and at 16, 32 and 64 bytes the tests run the tile logic
// of every other vector width on any machine. No fused multiply-add: a product is rounded before it is added.
#pragma once

#include <cstring>

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// What matters of an instruction set for the shape of tiles is the width: 64-byte vectors come with 32 registers.
constexpr int kRegisters = GATEDCORE_VEC_BYTES == 64 ? 32 : 16;

// The integer as wide as Scalar.
template <class Scalar>
struct Format {
  using Integer = std::int32_t;
};
template <>
struct Format<double> {
  using Integer = std::int64_t;
};

template <class Scalar>
struct Mask {
  using Integer = typename Format<Scalar>::Integer;
  typedef Integer Native __attribute__((vector_size(GATEDCORE_VEC_BYTES)));
  Native v;  // all bits of a lane set, or none
};

template <class Scalar>
struct Vec {
  typedef Scalar Native __attribute__((vector_size(GATEDCORE_VEC_BYTES)));
  static constexpr int kLanes = GATEDCORE_VEC_BYTES / static_cast<int>(sizeof(Scalar));
  Native v;

  static GATEDCORE_INLINE Vec zero() { return {Native{}}; }
  // Minus a zero vector, not plus one: that keeps the sign of -0.
  static GATEDCORE_INLINE Vec set(Scalar s) { return {s - Native{}}; }
  static GATEDCORE_INLINE Vec load(const Scalar* p) {
    Vec r;
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): whole vectors are loaded where there are elements
    std::memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  static GATEDCORE_INLINE Vec load_n(const Scalar* p, Index n) {
    Vec r = zero();
    for (Index i = 0; i < n; ++i) r.v[i] = p[i];
    return r;
  }
  GATEDCORE_INLINE void store(Scalar* p) const { std::memcpy(p, &v, sizeof v); }
  GATEDCORE_INLINE void store_n(Scalar* p, Index n) const {
    for (Index i = 0; i < n; ++i) p[i] = v[i];
  }
};

template <class Scalar>
using Bits = typename Mask<Scalar>::Native;

template <class Scalar>
GATEDCORE_INLINE Bits<Scalar> bits(Vec<Scalar> a) {
  Bits<Scalar> r;
  std::memcpy(&r, &a.v, sizeof r);
  return r;
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> from_bits(Bits<Scalar> b) {
  Vec<Scalar> r;
  std::memcpy(&r.v, &b, sizeof b);
  return r;
}
template <class Scalar>
GATEDCORE_INLINE Bits<Scalar> sign_bits() {
  return bits(Vec<Scalar>::set(Scalar(-0.0)));
}

template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> operator+(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v + b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> operator-(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v - b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> operator*(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v * b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> operator/(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v / b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> operator-(Vec<Scalar> a) {
  return {-a.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> fma(Vec<Scalar> a, Vec<Scalar> b, Vec<Scalar> c) {
  return {a.v * b.v + c.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> fnma(Vec<Scalar> a, Vec<Scalar> b, Vec<Scalar> c) {
  return {c.v - a.v * b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> select(Mask<Scalar> m, Vec<Scalar> a, Vec<Scalar> b) {
  return from_bits<Scalar>((m.v & bits(a)) | (~m.v & bits(b)));
}
template <class Scalar>
GATEDCORE_INLINE Mask<Scalar> less(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v < b.v};
}
template <class Scalar>
GATEDCORE_INLINE Mask<Scalar> is_nan(Vec<Scalar> a) {
  return {a.v != a.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> min(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v < b.v ? a.v : b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> max(Vec<Scalar> a, Vec<Scalar> b) {
  return {a.v > b.v ? a.v : b.v};
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> abs(Vec<Scalar> a) {
  return from_bits<Scalar>(bits(a) & ~sign_bits<Scalar>());
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> flip_sign(Vec<Scalar> a, Vec<Scalar> s) {
  return from_bits<Scalar>(bits(a) ^ (bits(s) & sign_bits<Scalar>()));
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> sqrt(Vec<Scalar> a) {
  for (int i = 0; i < Vec<Scalar>::kLanes; ++i) {
    if constexpr (sizeof(Scalar) == 4) {
      a.v[i] = __builtin_sqrtf(a.v[i]);
    } else {
      a.v[i] = __builtin_sqrt(a.v[i]);
    }
  }
  return a;
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> mantissa_to_exponent(Vec<Scalar> a) {
  return from_bits<Scalar>(bits(a) << (sizeof(Scalar) == 4 ? 23 : 52));
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> rotate(Vec<Scalar> a, Index n) {
  Scalar twice[2 * Vec<Scalar>::kLanes];
  a.store(twice);
  a.store(twice + Vec<Scalar>::kLanes);
  return Vec<Scalar>::load(twice + n);
}
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> pin(Vec<Scalar> a) {
  return a;
}

GATEDCORE_END_ISA
