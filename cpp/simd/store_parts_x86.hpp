// The first elements of a 32-byte vector to memory, in parts of 16, 8 and 4 bytes.
//
// x86 has masked stores, but on AMD's Zen one takes a dozen cycles with AVX2, and with AVX-512 what it wrote can only
// be read once it has reached the cache. Training an LSTM with I = 1 and H = 50, whose last blocks have two units, went
// from 56 to 65 GFLOP/s with AVX2, from 58 to 64 with AVX-512.
#pragma once

#include <immintrin.h>

#include "core/types.hpp"
#include "core/unroll.hpp"

namespace gatedcore {
namespace {

// n in [0, 8).
GATEDCORE_INLINE void store_parts(float* p, __m256 v, Index n) {
  __m128 part = _mm256_castps256_ps128(v);
  if ((n & 4) != 0) {
    _mm_storeu_ps(p, part);
    p += 4;
    part = _mm256_extractf128_ps(v, 1);
  }
  if ((n & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), part);
    p += 2;
    part = _mm_movehl_ps(part, part);
  }
  if ((n & 1) != 0) _mm_store_ss(p, part);
}

// n in [0, 4).
GATEDCORE_INLINE void store_parts(double* p, __m256d v, Index n) {
  __m128d part = _mm256_castpd256_pd128(v);
  if ((n & 2) != 0) {
    _mm_storeu_pd(p, part);
    p += 2;
    part = _mm256_extractf128_pd(v, 1);
  }
  if ((n & 1) != 0) _mm_store_sd(p, part);
}

}  // namespace
}  // namespace gatedcore
