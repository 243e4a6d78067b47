// The program around a benchmark's rows.
//
// Built without the flags of any instruction set, so that the question whether this processor has it can be asked
// before the rows' code runs.
#include "bench.hpp"
#include "dispatch/isa.hpp"

int main(int argc, char** argv) {
  using namespace gatedcore;
#if defined(GATEDCORE_BENCH_ISA)
  if (find_kernels(GATEDCORE_BENCH_ISA) == nullptr) {
    std::fprintf(stderr, "%s: this processor cannot run " GATEDCORE_BENCH_ISA "\n", argv[0]);
    return 77;
  }
#endif
  benchmark::Initialize(&argc, argv);
  bench::Options options(argc, argv);
  bench::add_rows(options);
  options.expect_none_left();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
