#include "core/meeting.hpp"

#include "core/pause.hpp"

namespace gatedcore {

void Meeting::arrive_and_wait(Index expected) {
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 >= expected) return;
  const auto waited = spin_until([&] { return arrived_.load(std::memory_order_acquire) >= expected; });
  if (waited.count() > 0) waited_.fetch_add(waited.count(), std::memory_order_relaxed);
}

}  // namespace gatedcore
