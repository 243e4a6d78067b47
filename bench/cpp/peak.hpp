// The fastest that threads can multiply and add: independent accumulators in registers, nothing loaded or stored.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "processors.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace gatedcore::bench {

// An FMA takes 4 cycles and at most 4 pipes begin one in each (2 on x86-64): 16 accumulators leave no pipe idle, and
// where there are 16 registers 12 do. Each is a variable of its own: g++ 12 keeps an array of them in memory.
#define GATEDCORE_STEP4(step, c0, c1, c2, c3)                                                        \
  c0 = step(c0, a, b);                                                                               \
  c1 = step(c1, a, b);                                                                               \
  c2 = step(c2, a, b);                                                                               \
  c3 = step(c3, a, b);                                                                               \
  asm volatile(""                                                                                    \
               : "+" GATEDCORE_REGISTER(c0), "+" GATEDCORE_REGISTER(c1), "+" GATEDCORE_REGISTER(c2), \
                 "+" GATEDCORE_REGISTER(c3))
#define GATEDCORE_PEAK(name, flags, Scalar, Vector, count, set, step, lanes)     \
  flags inline double name(long rounds) {                                        \
    Vector a = set(Scalar(0.999999)), b = set(Scalar(0.000001));                 \
    Vector c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a;       \
    Vector c8 = a, c9 = a, c10 = a, c11 = a, c12 = a, c13 = a, c14 = a, c15 = a; \
    for (long round = 0; round < rounds; ++round) {                              \
      GATEDCORE_STEP4(step, c0, c1, c2, c3);                                     \
      GATEDCORE_STEP4(step, c4, c5, c6, c7);                                     \
      GATEDCORE_STEP4(step, c8, c9, c10, c11);                                   \
      if constexpr (count == 16) {                                               \
        GATEDCORE_STEP4(step, c12, c13, c14, c15);                               \
      }                                                                          \
    }                                                                            \
    return 2.0 * lanes * count * static_cast<double>(rounds);                    \
  }

#if defined(__x86_64__)
#define GATEDCORE_REGISTER(v) "v"(v)
#define GATEDCORE_AVX512 __attribute__((target("avx512f")))
#define GATEDCORE_AVX2 __attribute__((target("avx2,fma")))
#define GATEDCORE_MULTIPLY_ADD_PS(c, a, b) _mm_add_ps(_mm_mul_ps(c, a), b)
#define GATEDCORE_MULTIPLY_ADD_PD(c, a, b) _mm_add_pd(_mm_mul_pd(c, a), b)
GATEDCORE_PEAK(operations_avx512_float, GATEDCORE_AVX512, float, __m512, 16, _mm512_set1_ps, _mm512_fmadd_ps, 16)
GATEDCORE_PEAK(operations_avx512_double, GATEDCORE_AVX512, double, __m512d, 16, _mm512_set1_pd, _mm512_fmadd_pd, 8)
GATEDCORE_PEAK(operations_avx2_float, GATEDCORE_AVX2, float, __m256, 12, _mm256_set1_ps, _mm256_fmadd_ps, 8)
GATEDCORE_PEAK(operations_avx2_double, GATEDCORE_AVX2, double, __m256d, 12, _mm256_set1_pd, _mm256_fmadd_pd, 4)
#undef GATEDCORE_REGISTER
#define GATEDCORE_REGISTER(v) "x"(v)
GATEDCORE_PEAK(operations_baseline_float, , float, __m128, 12, _mm_set1_ps, GATEDCORE_MULTIPLY_ADD_PS, 4)
GATEDCORE_PEAK(operations_baseline_double, , double, __m128d, 12, _mm_set1_pd, GATEDCORE_MULTIPLY_ADD_PD, 2)
#elif defined(__aarch64__)
#define GATEDCORE_REGISTER(v) "w"(v)
#define GATEDCORE_FUSED_F32(c, a, b) vfmaq_f32(b, c, a)
#define GATEDCORE_FUSED_F64(c, a, b) vfmaq_f64(b, c, a)
GATEDCORE_PEAK(operations_neon_float, , float, float32x4_t, 16, vdupq_n_f32, GATEDCORE_FUSED_F32, 4)
GATEDCORE_PEAK(operations_neon_double, , double, float64x2_t, 16, vdupq_n_f64, GATEDCORE_FUSED_F64, 2)
#endif

using Operations = double (*)(long rounds);

// Null for an instruction set that is not measured.
inline Operations peak_operations(std::string_view isa, bool is_double) {
#if defined(__x86_64__)
  if (isa == "avx512") return is_double ? operations_avx512_double : operations_avx512_float;
  if (isa == "avx2") return is_double ? operations_avx2_double : operations_avx2_float;
  if (isa == "baseline") return is_double ? operations_baseline_double : operations_baseline_float;
#elif defined(__aarch64__)
  if (isa == "neon") return is_double ? operations_neon_double : operations_neon_float;
#endif
  static_cast<void>(isa);
  static_cast<void>(is_double);
  return nullptr;
}

// Rounds of one sample: a fifth of a millisecond or so.
inline constexpr long kPeakRounds = 100000;

// Operations per second of this many threads at once, each on its own processor and with its fastest sample of a tenth
// of a second; 0 where unknown. Measured once in a process. The processor must have the instruction set.
inline double measured_peak(const std::string& isa, bool is_double, int threads) {
  static std::map<std::tuple<std::string, bool, int>, double> known;
  const Operations operations = peak_operations(isa, is_double);
  if (operations == nullptr) return 0;
  const auto [found, is_new] = known.try_emplace({isa, is_double, threads}, 0);
  if (!is_new) return found->second;
  std::vector<double> best(static_cast<std::size_t>(threads));
  std::atomic<int> awaited{threads};
  const auto measure = [&](int thread) {
    using Clock = std::chrono::steady_clock;
    const Pinned pinned(thread);
    awaited.fetch_sub(1);
    while (awaited.load() > 0) std::this_thread::yield();
    const auto end = Clock::now() + std::chrono::milliseconds(100);
    for (auto begin = Clock::now(); begin < end;) {
      const double count = operations(kPeakRounds);
      const auto now = Clock::now();
      double& rate = best[static_cast<std::size_t>(thread)];
      rate = std::max(rate, count / std::chrono::duration<double>(now - begin).count());
      begin = now;
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(measure, thread);
  measure(0);
  for (std::thread& other : others) other.join();
  for (const double rate : best) found->second += rate;
  return found->second;
}

}  // namespace gatedcore::bench
