#include "core/affinity.hpp"

#include <cstddef>

#if defined(__linux__)
#include <sched.h>

#include <cerrno>
#include <memory>
#endif

namespace gatedcore {

#if defined(__linux__)

namespace {

// The processors that the calling thread may run on.
class Affinity {
 public:
  Affinity() {
    // A mask too small for the machine is refused with EINVAL.
    for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
      mask_.reset(CPU_ALLOC(processors));
      if (mask_ == nullptr) return;
      size_ = CPU_ALLOC_SIZE(processors);
      CPU_ZERO_S(size_, mask_.get());
      known_ = sched_getaffinity(0, size_, mask_.get()) == 0;
      if (known_ || errno != EINVAL) return;
    }
  }

  int count() const { return known_ ? CPU_COUNT_S(size_, mask_.get()) : 0; }
  void add(int processor) { CPU_SET_S(static_cast<std::size_t>(processor), size_, mask_.get()); }
  void remove(int processor) { CPU_CLR_S(static_cast<std::size_t>(processor), size_, mask_.get()); }
  bool set() const { return sched_setaffinity(0, size_, mask_.get()) == 0; }

 private:
  struct Free {
    void operator()(cpu_set_t* mask) const { CPU_FREE(mask); }
  };
  std::unique_ptr<cpu_set_t, Free> mask_;
  std::size_t size_ = 0;
  bool known_ = false;
};

}  // namespace

int allowed_processors() { return Affinity().count(); }

int current_processor() { return sched_getcpu(); }

void leave_processor(int processor) {
  if (processor < 0 || current_processor() != processor) return;
  Affinity allowed;
  if (allowed.count() < 2) return;
  allowed.remove(processor);
  if (!allowed.set()) return;  // the thread is on one of the others when this returns
  allowed.add(processor);
  allowed.set();
}

#else

int allowed_processors() { return 0; }
int current_processor() { return -1; }
void leave_processor(int) {}

#endif

}  // namespace gatedcore
