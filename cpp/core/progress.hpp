// How far a thread has come with what another one reads.
#pragma once

#include <atomic>

#include "core/types.hpp"

namespace gatedcore {

class Progress {
 public:
  // By one thread, with points that rise from 0.
  void reach(Index point) { reached_.store(point, std::memory_order_release); }

  // Returns when that point is reached; what was written before it is there.
  void wait_for(Index point) const;

 private:
  // On a line of its own: what stands beside it is not disturbed by those who wait.
  alignas(64) std::atomic<Index> reached_{0};
};

}  // namespace gatedcore
