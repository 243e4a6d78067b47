#include "core/affinity.hpp"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#endif

namespace gatedcore {

#if defined(__linux__)

// Not gettid(): glibc has it from 2.30 on.
int this_thread() { return static_cast<int>(syscall(SYS_gettid)); }

int allowed_processors() {
  // A mask too small for the machine is refused with EINVAL.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t* mask = CPU_ALLOC(processors);
    if (mask == nullptr) return 0;
    const std::size_t size = CPU_ALLOC_SIZE(processors);
    CPU_ZERO_S(size, mask);
    const bool known = sched_getaffinity(0, size, mask) == 0;
    const bool too_small = !known && errno == EINVAL;
    const int count = known ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (!too_small) return count;
  }
  return 0;
}

int current_processor() { return sched_getcpu(); }

void TakenProcessor::take(int thread, int processor) {
  if (processor == processor_) return;
  give_back();
  if (processor < 0 || processor >= CPU_SETSIZE) return;
  const std::size_t bit = static_cast<std::size_t>(processor);
  cpu_set_t mask;
  if (sched_getaffinity(thread, sizeof(mask), &mask) != 0 || CPU_COUNT(&mask) < 2 || !CPU_ISSET(bit, &mask)) return;
  CPU_CLR(bit, &mask);
  if (sched_setaffinity(thread, sizeof(mask), &mask) != 0) return;
  thread_ = thread;
  processor_ = processor;
  left_ = mask;
}

void TakenProcessor::give_back() {
  if (processor_ < 0) return;
  cpu_set_t mask;
  if (sched_getaffinity(thread_, sizeof(mask), &mask) == 0 && CPU_EQUAL(&mask, &left_)) {
    CPU_SET(static_cast<std::size_t>(processor_), &mask);
    sched_setaffinity(thread_, sizeof(mask), &mask);
  }
  processor_ = -1;
}

#else

int this_thread() { return 0; }
int allowed_processors() { return 0; }
int current_processor() { return -1; }
void TakenProcessor::take(int, int) {}
void TakenProcessor::give_back() {}

#endif

}  // namespace gatedcore
