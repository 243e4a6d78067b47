// Vec for AVX-512 (F, VL, BW, DQ): sixteen floats or eight doubles.
#pragma once

#include <immintrin.h>

#include "simd/store_parts_x86.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

constexpr int kRegisters = 32;

// A mask of every lane. min, max, sqrt and shift are written with it as masked operations, which compile to the plain
// ones: g++ 12 warns of an uninitialised operand inside its own plain forms.
template <class Scalar>
constexpr __mmask16 kAll = 0xffff;
template <>
constexpr __mmask8 kAll<double> = 0xff;

template <>
struct Mask<float> {
  __mmask16 v;
};

template <>
struct Vec<float> {
  static constexpr int kLanes = 16;
  __m512 v;

  static GATEDCORE_INLINE Vec zero() { return {_mm512_setzero_ps()}; }
  static GATEDCORE_INLINE Vec set(float s) { return {_mm512_set1_ps(s)}; }
  static GATEDCORE_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static GATEDCORE_INLINE Vec load_n(const float* p, Index n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
  GATEDCORE_INLINE void store(float* p) const { _mm512_storeu_ps(p, v); }
  GATEDCORE_INLINE void store_n(float* p, Index n) const {
    if (n >= kLanes) return store(p);
    if (n < 8) return store_parts(p, _mm512_castps512_ps256(v), n);
    _mm256_storeu_ps(p, _mm512_castps512_ps256(v));
    store_parts(p + 8, _mm512_extractf32x8_ps(v, 1), n - 8);
  }

 private:
  static GATEDCORE_INLINE __mmask16 first(Index n) { return static_cast<__mmask16>((1u << n) - 1u); }
};

GATEDCORE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) { return {_mm512_add_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) { return {_mm512_sub_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) { return {_mm512_mul_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) { return {_mm512_div_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a) { return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))}; }
GATEDCORE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
GATEDCORE_INLINE Vec<float> fnma(Vec<float> a, Vec<float> b, Vec<float> c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
GATEDCORE_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return {_mm512_maskz_min_ps(kAll<float>, a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return {_mm512_maskz_max_ps(kAll<float>, a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> abs(Vec<float> a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v)}; }
GATEDCORE_INLINE Vec<float> sqrt(Vec<float> a) { return {_mm512_maskz_sqrt_ps(kAll<float>, a.v)}; }
GATEDCORE_INLINE Vec<float> mantissa_to_exponent(Vec<float> a) {
  return {_mm512_castsi512_ps(_mm512_maskz_slli_epi32(kAll<float>, _mm512_castps_si512(a.v), 23))};
}
GATEDCORE_INLINE Vec<float> flip_sign(Vec<float> a, Vec<float> s) {
  return {_mm512_xor_ps(a.v, _mm512_and_ps(s.v, _mm512_set1_ps(-0.0f)))};
}
GATEDCORE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
GATEDCORE_INLINE Mask<float> is_nan(Vec<float> a) { return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)}; }
GATEDCORE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) {
  return {_mm512_mask_blend_ps(m.v, b.v, a.v)};
}
GATEDCORE_INLINE Vec<float> rotate(Vec<float> a, Index n) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i from = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(n)));
  return {_mm512_maskz_permutexvar_ps(kAll<float>, from, a.v)};
}
GATEDCORE_INLINE Vec<float> pin(Vec<float> a) {
  asm("" : "+v"(a.v));
  return a;
}

template <>
struct Mask<double> {
  __mmask8 v;
};

template <>
struct Vec<double> {
  static constexpr int kLanes = 8;
  __m512d v;

  static GATEDCORE_INLINE Vec zero() { return {_mm512_setzero_pd()}; }
  static GATEDCORE_INLINE Vec set(double s) { return {_mm512_set1_pd(s)}; }
  static GATEDCORE_INLINE Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static GATEDCORE_INLINE Vec load_n(const double* p, Index n) { return {_mm512_maskz_loadu_pd(first(n), p)}; }
  GATEDCORE_INLINE void store(double* p) const { _mm512_storeu_pd(p, v); }
  GATEDCORE_INLINE void store_n(double* p, Index n) const {
    if (n >= kLanes) return store(p);
    if (n < 4) return store_parts(p, _mm512_castpd512_pd256(v), n);
    _mm256_storeu_pd(p, _mm512_castpd512_pd256(v));
    store_parts(p + 4, _mm512_extractf64x4_pd(v, 1), n - 4);
  }

 private:
  static GATEDCORE_INLINE __mmask8 first(Index n) { return static_cast<__mmask8>((1u << n) - 1u); }
};

GATEDCORE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) { return {_mm512_add_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) { return {_mm512_sub_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) { return {_mm512_mul_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) { return {_mm512_div_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a) { return {_mm512_xor_pd(a.v, _mm512_set1_pd(-0.0))}; }
GATEDCORE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm512_fmadd_pd(a.v, b.v, c.v)};
}
GATEDCORE_INLINE Vec<double> fnma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm512_fnmadd_pd(a.v, b.v, c.v)};
}
GATEDCORE_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return {_mm512_maskz_min_pd(kAll<double>, a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return {_mm512_maskz_max_pd(kAll<double>, a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> abs(Vec<double> a) { return {_mm512_andnot_pd(_mm512_set1_pd(-0.0), a.v)}; }
GATEDCORE_INLINE Vec<double> sqrt(Vec<double> a) { return {_mm512_maskz_sqrt_pd(kAll<double>, a.v)}; }
GATEDCORE_INLINE Vec<double> mantissa_to_exponent(Vec<double> a) {
  return {_mm512_castsi512_pd(_mm512_maskz_slli_epi64(kAll<double>, _mm512_castpd_si512(a.v), 52))};
}
GATEDCORE_INLINE Vec<double> flip_sign(Vec<double> a, Vec<double> s) {
  return {_mm512_xor_pd(a.v, _mm512_and_pd(s.v, _mm512_set1_pd(-0.0)))};
}
GATEDCORE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ)}; }
GATEDCORE_INLINE Mask<double> is_nan(Vec<double> a) { return {_mm512_cmp_pd_mask(a.v, a.v, _CMP_UNORD_Q)}; }
GATEDCORE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) {
  return {_mm512_mask_blend_pd(m.v, b.v, a.v)};
}
GATEDCORE_INLINE Vec<double> rotate(Vec<double> a, Index n) {
  const __m512i lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  const __m512i from = _mm512_add_epi64(lanes, _mm512_set1_epi64(n));
  return {_mm512_maskz_permutexvar_pd(kAll<double>, from, a.v)};
}
GATEDCORE_INLINE Vec<double> pin(Vec<double> a) {
  asm("" : "+v"(a.v));
  return a;
}

GATEDCORE_END_ISA
