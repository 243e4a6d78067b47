// Runs one kernel once, on AVX2 and one thread, for bench/check_instructions.py, which counts its instructions.
//
//   counted_kernel            which compiler made it, and the names of the kernels
//   counted_kernel lstm_backward
//
// A count says nothing of caches and pipes, but it is the same on every machine, however busy. The shape is small, yet
// has full tiles and all kinds of rests: 33 rows in tiles of 3, 50 units and 17 inputs in vectors of 8.
#include <cstdio>
#include <cstring>

#include "build_info.hpp"
#include "dispatch/isa.hpp"
#include "layer.hpp"

// What the valgrind tool callgrind counts inside of: its name is in the script.
extern "C" __attribute__((noinline)) void gatedcore_counted(void (*run)(void*), void* layer) {
  run(layer);
  asm volatile("" : : : "memory");  // no tail call: the function has to be left after the kernel
}

namespace gatedcore::bench {
namespace {

constexpr char kIsa[] = "avx2";
constexpr Dims kDims{20, 33, 17, 50};

using FloatLayer = Layer<float>;
void infer(void* layer) { static_cast<FloatLayer*>(layer)->forward(*find_kernels(kIsa), false, 1); }
void forward(void* layer) { static_cast<FloatLayer*>(layer)->forward(*find_kernels(kIsa), true, 1); }
void backward(void* layer) { static_cast<FloatLayer*>(layer)->backward(*find_kernels(kIsa), 1); }

struct Counted {
  const char* name;
  Cell cell;
  void (*before)(void*);
  void (*run)(void*);
};
constexpr Counted kCounted[] = {
    {"lstm_inference", kLstm, nullptr, infer},   {"lstm_forward", kLstm, nullptr, forward},
    {"lstm_backward", kLstm, forward, backward}, {"gru_inference", kGru, nullptr, infer},
    {"gru_forward", kGru, nullptr, forward},     {"gru_backward", kGru, forward, backward},
};

int run(const char* name) {
  for (const Counted& counted : kCounted) {
    if (std::strcmp(counted.name, name) != 0) continue;
    const KernelTable* table = find_kernels(kIsa);
    if (table == nullptr) {
      std::fprintf(stderr, "counted_kernel: this build or this processor has no %s\n", kIsa);
      return 1;
    }
    require_twin<float>(*table, counted.cell, kDims, 1);
    FloatLayer layer(counted.cell, kDims);
    if (counted.before != nullptr) counted.before(&layer);
    gatedcore_counted(counted.run, &layer);
    return 0;
  }
  std::fprintf(stderr, "counted_kernel: '%s' is none of its kernels; without an argument it tells them\n", name);
  return 2;
}

}  // namespace
}  // namespace gatedcore::bench

int main(int argc, char** argv) {
  if (argc == 2) return gatedcore::bench::run(argv[1]);
  std::printf("%s\n", gatedcore::kCompiler);
  for (const auto& counted : gatedcore::bench::kCounted) std::printf("%s\n", counted.name);
}
