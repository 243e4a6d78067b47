// What a thread does while it looks for news again and again.
#pragma once

#include <chrono>
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
// then lets others have the processor: perhaps the one that is waited for. Returns for how long it did the second.
template <class Condition>
std::chrono::steady_clock::duration spin_until(const Condition& holds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSpins = 1000;
  for (int spins = 0; spins < kSpins; ++spins) {
    if (holds()) return Clock::duration::zero();
    pause();
  }
  const auto begin = Clock::now();
  while (!holds()) std::this_thread::yield();
  return Clock::now() - begin;
}

}  // namespace gatedcore
