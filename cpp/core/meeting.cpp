#include "core/meeting.hpp"

#include <thread>

#include "core/pause.hpp"

namespace gatedcore {

void Meeting::arrive_and_wait(Index expected) {
  // The last to arrive finds all there; the others spin for some 20 us, far longer than a step of those who share it
  // differs, and then let others have the processor: perhaps the one that is waited for.
  constexpr int kSpins = 1000;
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 >= expected) return;
  for (int spins = 0; arrived_.load(std::memory_order_acquire) < expected; ++spins) {
    if (spins < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace gatedcore
