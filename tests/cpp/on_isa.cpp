// Starts a test that is compiled for one instruction set, if this processor runs it:
//
//   gatedcore_on_isa avx512 TEST [ARGUMENTS]
//
// Ends with 77, which ctest knows as skipped, where it does not. The question cannot be left to the test itself: the
// code that asks would be compiled for that instruction set too.
#include <cstdio>

#include <unistd.h>

#include "dispatch/isa.hpp"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "on_isa: got %d arguments, expected an instruction set and a program\n", argc - 1);
    return 2;
  }
  if (gatedcore::find_kernels(argv[1]) == nullptr) {
    std::printf("skipped: this processor cannot run %s\n", argv[1]);
    return 77;
  }
  execvp(argv[2], argv + 2);
  std::perror(argv[2]);
  return 2;
}
