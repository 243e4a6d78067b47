// Vec for AVX2 with FMA: eight floats or four doubles.
#pragma once

#include <immintrin.h>

#include "simd/store_parts_x86.hpp"
#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

constexpr int kRegisters = 16;

// Lane masks for the first n of eight lanes: eight entries from kFirst + 8 - n.
alignas(64) constexpr std::int32_t kFirst[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

template <>
struct Mask<float> {
  __m256 v;
};

template <>
struct Vec<float> {
  static constexpr int kLanes = 8;
  __m256 v;

  static GATEDCORE_INLINE Vec zero() { return {_mm256_setzero_ps()}; }
  static GATEDCORE_INLINE Vec set(float s) { return {_mm256_set1_ps(s)}; }
  static GATEDCORE_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static GATEDCORE_INLINE Vec load_n(const float* p, Index n) { return {_mm256_maskload_ps(p, first(n))}; }
  GATEDCORE_INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  GATEDCORE_INLINE void store_n(float* p, Index n) const { n < kLanes ? store_parts(p, v, n) : store(p); }

 private:
  static GATEDCORE_INLINE __m256i first(Index n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirst + kLanes - n));
  }
};

GATEDCORE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) { return {_mm256_add_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) { return {_mm256_sub_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) { return {_mm256_mul_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) { return {_mm256_div_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a) { return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))}; }
GATEDCORE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
GATEDCORE_INLINE Vec<float> fnma(Vec<float> a, Vec<float> b, Vec<float> c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
GATEDCORE_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return {_mm256_min_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return {_mm256_max_ps(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> abs(Vec<float> a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
GATEDCORE_INLINE Vec<float> sqrt(Vec<float> a) { return {_mm256_sqrt_ps(a.v)}; }
GATEDCORE_INLINE Vec<float> mantissa_to_exponent(Vec<float> a) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a.v), 23))};
}
GATEDCORE_INLINE Vec<float> flip_sign(Vec<float> a, Vec<float> s) {
  return {_mm256_xor_ps(a.v, _mm256_and_ps(s.v, _mm256_set1_ps(-0.0f)))};
}
GATEDCORE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
GATEDCORE_INLINE Mask<float> is_nan(Vec<float> a) { return {_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q)}; }
GATEDCORE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) {
  return {_mm256_blendv_ps(b.v, a.v, m.v)};
}
GATEDCORE_INLINE __m256i lanes_from(Index n) {  // of eight lanes, modulo eight
  return _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(static_cast<int>(n)));
}
GATEDCORE_INLINE Vec<float> rotate(Vec<float> a, Index n) { return {_mm256_permutevar8x32_ps(a.v, lanes_from(n))}; }
GATEDCORE_INLINE Vec<float> pin(Vec<float> a) {
  asm("" : "+x"(a.v));
  return a;
}

alignas(64) constexpr std::int64_t kFirstLong[8] = {-1, -1, -1, -1, 0, 0, 0, 0};

template <>
struct Mask<double> {
  __m256d v;
};

template <>
struct Vec<double> {
  static constexpr int kLanes = 4;
  __m256d v;

  static GATEDCORE_INLINE Vec zero() { return {_mm256_setzero_pd()}; }
  static GATEDCORE_INLINE Vec set(double s) { return {_mm256_set1_pd(s)}; }
  static GATEDCORE_INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static GATEDCORE_INLINE Vec load_n(const double* p, Index n) { return {_mm256_maskload_pd(p, first(n))}; }
  GATEDCORE_INLINE void store(double* p) const { _mm256_storeu_pd(p, v); }
  GATEDCORE_INLINE void store_n(double* p, Index n) const { n < kLanes ? store_parts(p, v, n) : store(p); }

 private:
  static GATEDCORE_INLINE __m256i first(Index n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirstLong + kLanes - n));
  }
};

GATEDCORE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) { return {_mm256_add_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) { return {_mm256_sub_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) { return {_mm256_mul_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) { return {_mm256_div_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a) { return {_mm256_xor_pd(a.v, _mm256_set1_pd(-0.0))}; }
GATEDCORE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm256_fmadd_pd(a.v, b.v, c.v)};
}
GATEDCORE_INLINE Vec<double> fnma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm256_fnmadd_pd(a.v, b.v, c.v)};
}
GATEDCORE_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return {_mm256_min_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return {_mm256_max_pd(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> abs(Vec<double> a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
GATEDCORE_INLINE Vec<double> sqrt(Vec<double> a) { return {_mm256_sqrt_pd(a.v)}; }
GATEDCORE_INLINE Vec<double> mantissa_to_exponent(Vec<double> a) {
  return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a.v), 52))};
}
GATEDCORE_INLINE Vec<double> flip_sign(Vec<double> a, Vec<double> s) {
  return {_mm256_xor_pd(a.v, _mm256_and_pd(s.v, _mm256_set1_pd(-0.0)))};
}
GATEDCORE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)}; }
GATEDCORE_INLINE Mask<double> is_nan(Vec<double> a) { return {_mm256_cmp_pd(a.v, a.v, _CMP_UNORD_Q)}; }
GATEDCORE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) {
  return {_mm256_blendv_pd(b.v, a.v, m.v)};
}
GATEDCORE_INLINE Vec<double> rotate(Vec<double> a, Index n) {
  return {_mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(a.v), lanes_from(2 * n)))};
}
GATEDCORE_INLINE Vec<double> pin(Vec<double> a) {
  asm("" : "+x"(a.v));
  return a;
}

GATEDCORE_END_ISA
