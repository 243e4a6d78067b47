#include "core/affinity.hpp"

#include <cstddef>

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#endif

namespace gatedcore {

#if defined(__linux__)

namespace {

// The processors that a thread may run on.
class Affinity {
 public:
  explicit Affinity(int thread) : thread_(thread) {
    // A mask too small for the machine is refused with EINVAL.
    for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
      mask_.reset(CPU_ALLOC(processors));
      if (mask_ == nullptr) return;
      size_ = CPU_ALLOC_SIZE(processors);
      CPU_ZERO_S(size_, mask_.get());
      known_ = sched_getaffinity(thread_, size_, mask_.get()) == 0;
      if (known_ || errno != EINVAL) return;
    }
  }

  int count() const { return known_ ? CPU_COUNT_S(size_, mask_.get()) : 0; }
  bool has(int processor) const {
    return known_ && CPU_ISSET_S(static_cast<std::size_t>(processor), size_, mask_.get());
  }
  bool take(int processor) {
    CPU_CLR_S(static_cast<std::size_t>(processor), size_, mask_.get());
    return set();
  }
  bool give(int processor) {
    CPU_SET_S(static_cast<std::size_t>(processor), size_, mask_.get());
    return set();
  }

 private:
  struct Free {
    void operator()(cpu_set_t* mask) const { CPU_FREE(mask); }
  };
  bool set() const { return sched_setaffinity(thread_, size_, mask_.get()) == 0; }

  int thread_;
  std::unique_ptr<cpu_set_t, Free> mask_;
  std::size_t size_ = 0;
  bool known_ = false;
};

}  // namespace

// Not gettid(): glibc has it from 2.30 on.
int this_thread() { return static_cast<int>(syscall(SYS_gettid)); }

int allowed_processors() { return Affinity(0).count(); }

int current_processor() { return sched_getcpu(); }

bool take_processor(int thread, int processor) {
  Affinity allowed(thread);
  return processor >= 0 && allowed.count() > 1 && allowed.has(processor) && allowed.take(processor);
}

void give_processor(int thread, int processor) {
  Affinity allowed(thread);
  if (processor >= 0 && allowed.count() > 0) allowed.give(processor);
}

#else

int this_thread() { return 0; }
int allowed_processors() { return 0; }
int current_processor() { return -1; }
bool take_processor(int, int) { return false; }
void give_processor(int, int) {}

#endif

}  // namespace gatedcore
