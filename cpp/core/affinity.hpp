// Which processors a thread may run on, and which one it is on.
#pragma once

#if defined(__linux__)
#include <sched.h>
#endif

namespace gatedcore {

// The calling thread, as TakenProcessor names it; 0 there stands for the calling one too.
int this_thread();

// Processors that the calling thread may run on; 0 where it cannot be known.
int allowed_processors();

// The one that the calling thread is on; -1 where it cannot be known.
int current_processor();

// A processor taken for some time from those that a thread may run on. Nothing is taken where that is its only one, or
// there are more than 1024.
class TakenProcessor {
 public:
  // Gives back what was taken before, and takes this one.
  void take(int thread, int processor);
  // Nothing happens where somebody else has changed the thread's processors meanwhile.
  void give_back();
  // -1: none.
  int processor() const { return processor_; }

 private:
  int processor_ = -1;
#if defined(__linux__)
  int thread_ = 0;
  cpu_set_t left_{};  // what the thread has without it
#endif
};

}  // namespace gatedcore
