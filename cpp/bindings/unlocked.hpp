// The GIL let go while a kernel runs.
//
// A daemon thread may come back from a kernel when the interpreter is ending. Before 3.14 Python then unwinds the
// thread's stack from inside the call that takes the GIL, past destructors that need it, and a destructor that it may
// not leave ends the process with std::terminate. So such a thread waits here for the end of the process, as it does
// in later versions.
#pragma once

#include <pybind11/pybind11.h>

namespace gatedcore::bindings {

class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  ~Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace gatedcore::bindings
