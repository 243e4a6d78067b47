// Which processors a benchmark runs on: threads stay where their caches are.
#pragma once

#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace gatedcore::bench {

#if defined(__linux__)
// Those this thread may run on.
inline std::vector<int> allowed_processors() {
  std::vector<int> processors;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return processors;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) processors.push_back(cpu);
  }
  return processors;
}

// Holds this thread on the index-th processor from the last, as the first is the one that interrupts come to. Without
// effect where the system refuses.
class Pinned {
 public:
  explicit Pinned(int index) {
    CPU_ZERO(&before_);
    if (sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    const std::vector<int> processors = allowed_processors();
    const int count = static_cast<int>(processors.size());
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors[static_cast<std::size_t>(count - 1 - index % count)], &one);
    pinned_ = sched_setaffinity(0, sizeof one, &one) == 0;
  }
  ~Pinned() {
    if (pinned_) sched_setaffinity(0, sizeof before_, &before_);
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  cpu_set_t before_;
  bool pinned_ = false;
};
#else
struct Pinned {
  explicit Pinned(int) {}
  ~Pinned() {}
};
#endif

}  // namespace gatedcore::bench
