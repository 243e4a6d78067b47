// What a thread does while it looks for news again and again.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace gatedcore {

// Leaves the core's resources to its other thread for a moment.
inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace gatedcore
