// The fastest that a thread can read memory: vector loads, whose values nobody waits for.
#pragma once

#include <cstring>
#include <string_view>

#include "core/types.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace gatedcore::bench {

// Bytes of one round: every loop below reads this many, and arrays are whole rounds.
inline constexpr Index kReadRound = 512;

// The assembler statement takes the loaded value, so that the compiler has to load it.
#define GATEDCORE_READ(name, flags, Vector, reg)                             \
  flags inline void name(const char* from, const char* end) {                \
    for (; from < end; from += kReadRound) {                                 \
      for (Index at = 0; at < kReadRound; at += 4 * Index(sizeof(Vector))) { \
        const Vector* v = reinterpret_cast<const Vector*>(from + at);        \
        asm volatile("" : : reg(v[0]), reg(v[1]), reg(v[2]), reg(v[3]));     \
      }                                                                      \
    }                                                                        \
  }

#if defined(__x86_64__)
GATEDCORE_READ(read_avx512, __attribute__((target("avx512f"))), __m512, "v")
GATEDCORE_READ(read_avx2, __attribute__((target("avx2"))), __m256, "x")
GATEDCORE_READ(read_baseline, , __m128, "x")
#elif defined(__aarch64__)
GATEDCORE_READ(read_neon, , float32x4_t, "w")
#endif
#undef GATEDCORE_READ

using Read = void (*)(const char* from, const char* end);

// Null for an instruction set that is not measured.
inline Read read_loop(std::string_view isa) {
#if defined(__x86_64__)
  if (isa == "avx512") return read_avx512;
  if (isa == "avx2") return read_avx2;
  if (isa == "baseline") return read_baseline;
#elif defined(__aarch64__)
  if (isa == "neon") return read_neon;
#endif
  static_cast<void>(isa);
  return nullptr;
}

}  // namespace gatedcore::bench
