// What a thread does while it looks for news again and again.
#pragma once

#include <thread>

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

// Returns when holds() does. Spins for some 20 us, far longer than threads that work side by side differ in a step, and
// then lets others have the processor: perhaps the one that is waited for.
template <class Condition>
void spin_until(const Condition& holds) {
  constexpr int kSpins = 1000;
  for (int spins = 0; !holds(); ++spins) {
    if (spins < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace gatedcore
