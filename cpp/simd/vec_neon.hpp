// Vec for AArch64's Advanced SIMD: four floats or two doubles.
#pragma once

#include <arm_neon.h>

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

constexpr int kRegisters = 32;

template <>
struct Mask<float> {
  uint32x4_t v;  // all bits of a lane set, or none
};

template <>
struct Vec<float> {
  static constexpr int kLanes = 4;
  float32x4_t v;

  static GATEDCORE_INLINE Vec zero() { return {vdupq_n_f32(0)}; }
  static GATEDCORE_INLINE Vec set(float s) { return {vdupq_n_f32(s)}; }
  static GATEDCORE_INLINE Vec load(const float* p) { return {vld1q_f32(p)}; }
  static GATEDCORE_INLINE Vec load_n(const float* p, Index n) {
    Vec r = zero();
    if (n >= kLanes) return load(p);
    if (n > 0) r.v = vld1q_lane_f32(p, r.v, 0);
    if (n > 1) r.v = vld1q_lane_f32(p + 1, r.v, 1);
    if (n > 2) r.v = vld1q_lane_f32(p + 2, r.v, 2);
    return r;
  }
  GATEDCORE_INLINE void store(float* p) const { vst1q_f32(p, v); }
  GATEDCORE_INLINE void store_n(float* p, Index n) const {
    if (n >= kLanes) return store(p);
    if (n > 0) vst1q_lane_f32(p, v, 0);
    if (n > 1) vst1q_lane_f32(p + 1, v, 1);
    if (n > 2) vst1q_lane_f32(p + 2, v, 2);
  }
};

GATEDCORE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) { return {vaddq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) { return {vsubq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) { return {vmulq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) { return {vdivq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> operator-(Vec<float> a) { return {vnegq_f32(a.v)}; }
GATEDCORE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> fnma(Vec<float> a, Vec<float> b, Vec<float> c) { return {vfmsq_f32(c.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return {vminq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return {vmaxq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> abs(Vec<float> a) { return {vabsq_f32(a.v)}; }
GATEDCORE_INLINE Vec<float> sqrt(Vec<float> a) { return {vsqrtq_f32(a.v)}; }
GATEDCORE_INLINE Vec<float> mantissa_to_exponent(Vec<float> a) {
  return {vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(a.v), 23))};
}
GATEDCORE_INLINE Vec<float> flip_sign(Vec<float> a, Vec<float> s) {
  const uint32x4_t sign = vandq_u32(vreinterpretq_u32_f32(s.v), vdupq_n_u32(0x80000000u));
  return {vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a.v), sign))};
}
GATEDCORE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) { return {vcltq_f32(a.v, b.v)}; }
GATEDCORE_INLINE Mask<float> is_nan(Vec<float> a) { return {vmvnq_u32(vceqq_f32(a.v, a.v))}; }
GATEDCORE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) { return {vbslq_f32(m.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<float> rotate(Vec<float> a, Index n) {
  float twice[2 * Vec<float>::kLanes];
  a.store(twice);
  a.store(twice + Vec<float>::kLanes);
  return Vec<float>::load(twice + n);
}
GATEDCORE_INLINE Vec<float> pin(Vec<float> a) {
  asm("" : "+w"(a.v));
  return a;
}

template <>
struct Mask<double> {
  uint64x2_t v;
};

template <>
struct Vec<double> {
  static constexpr int kLanes = 2;
  float64x2_t v;

  static GATEDCORE_INLINE Vec zero() { return {vdupq_n_f64(0)}; }
  static GATEDCORE_INLINE Vec set(double s) { return {vdupq_n_f64(s)}; }
  static GATEDCORE_INLINE Vec load(const double* p) { return {vld1q_f64(p)}; }
  static GATEDCORE_INLINE Vec load_n(const double* p, Index n) {
    if (n >= kLanes) return load(p);
    return n > 0 ? Vec{vld1q_lane_f64(p, vdupq_n_f64(0), 0)} : zero();
  }
  GATEDCORE_INLINE void store(double* p) const { vst1q_f64(p, v); }
  GATEDCORE_INLINE void store_n(double* p, Index n) const {
    if (n >= kLanes) return store(p);
    if (n > 0) vst1q_lane_f64(p, v, 0);
  }
};

GATEDCORE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) { return {vaddq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) { return {vsubq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) { return {vmulq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) { return {vdivq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> operator-(Vec<double> a) { return {vnegq_f64(a.v)}; }
GATEDCORE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> fnma(Vec<double> a, Vec<double> b, Vec<double> c) { return {vfmsq_f64(c.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return {vminq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return {vmaxq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> abs(Vec<double> a) { return {vabsq_f64(a.v)}; }
GATEDCORE_INLINE Vec<double> sqrt(Vec<double> a) { return {vsqrtq_f64(a.v)}; }
GATEDCORE_INLINE Vec<double> mantissa_to_exponent(Vec<double> a) {
  return {vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(a.v), 52))};
}
GATEDCORE_INLINE Vec<double> flip_sign(Vec<double> a, Vec<double> s) {
  const uint64x2_t sign = vandq_u64(vreinterpretq_u64_f64(s.v), vdupq_n_u64(0x8000000000000000u));
  return {vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(a.v), sign))};
}
GATEDCORE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) { return {vcltq_f64(a.v, b.v)}; }
GATEDCORE_INLINE Mask<double> is_nan(Vec<double> a) {
  return {vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64(vceqq_f64(a.v, a.v))))};
}
GATEDCORE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) { return {vbslq_f64(m.v, a.v, b.v)}; }
GATEDCORE_INLINE Vec<double> rotate(Vec<double> a, Index n) {
  double twice[2 * Vec<double>::kLanes];
  a.store(twice);
  a.store(twice + Vec<double>::kLanes);
  return Vec<double>::load(twice + n);
}
GATEDCORE_INLINE Vec<double> pin(Vec<double> a) {
  asm("" : "+w"(a.v));
  return a;
}

GATEDCORE_END_ISA
