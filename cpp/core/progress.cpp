#include "core/progress.hpp"

#include "core/pause.hpp"

namespace gatedcore {

void Progress::wait_for(Index point) const {
  spin_until([&] { return reached_.load(std::memory_order_acquire) >= point; });
}

}  // namespace gatedcore
