// Prints the measured multiply-add peak of one thread for every instruction set of this processor.
//
//   peak_bench [--isa avx2,baseline] [--seconds 0.5]
#include "arguments.hpp"
#include "peak.hpp"

int main(int argc, char** argv) {
  using namespace gatedcore;
  auto options = bench::arguments(argc, argv, {{"isa", "all"}, {"seconds", "0.5"}});
  const double seconds = std::atof(options["seconds"].c_str());
  bench::pin_to_one_processor();
  std::printf("%-10s %8s %10s\n", "isa", "scalar", "GFLOP/s");
  for (const KernelTable* table : bench::tables_of(options["isa"])) {
    for (const bool is_double : {false, true}) {
      const double peak = bench::measured_peak(table->name, is_double, seconds);
      if (peak > 0) std::printf("%-10s %8s %10.1f\n", table->name, is_double ? "float64" : "float32", peak / 1e9);
    }
  }
}
