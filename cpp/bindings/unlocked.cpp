#include "bindings/unlocked.hpp"

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#include <unistd.h>
#endif

namespace gatedcore::bindings {

Unlocked::~Unlocked() {
#if defined(__GLIBCXX__)
  try {
    PyEval_RestoreThread(state_);
  } catch (abi::__forced_unwind&) {  // pthread_exit of glibc
    for (;;) pause();
  }
#else
  PyEval_RestoreThread(state_);
#endif
}

}  // namespace gatedcore::bindings
