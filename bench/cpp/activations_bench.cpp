// Times the activations on an array that stays in the L1 cache, after comparing them with the twin.
//
//   activations_bench [--isa all] [--seconds 0.2]
#include <cmath>
#include <vector>

#include "arguments.hpp"
#include "dispatch/run.hpp"
#include "reference/activation.hpp"
#include "timing.hpp"

namespace gatedcore::bench {
namespace {

constexpr Index kCount = 1024;
// Far looser than the tests: enough to see that what is timed is the activation.
constexpr double kNear = 1e-5;

struct Named {
  Activation activation;
  const char* name;
};
constexpr Named kActivations[] = {
    {Activation::kTanh, "tanh"}, {Activation::kSigmoid, "sigmoid"},   {Activation::kHardSigmoid, "hard_sigmoid"},
    {Activation::kRelu, "relu"}, {Activation::kSoftsign, "softsign"}, {Activation::kElu, "elu"},
};

template <class Scalar>
bool bench_activations(const KernelTable& table, double seconds) {
  std::vector<Scalar> x(kCount), y(kCount);
  for (Index i = 0; i < kCount; ++i) x[i] = Scalar(8) * (Scalar(2 * i) / kCount - 1);
  for (const Named& named : kActivations) {
    const auto run = [&] { run_activation(table, named.activation, x.data(), y.data(), kCount); };
    run();
    for (Index i = 0; i < kCount; ++i) {
      const double expected = reference::activate(named.activation, static_cast<double>(x[i]));
      if (!(std::abs(y[i] - expected) <= kNear)) {
        std::fprintf(stderr, "%s %s: %g at %g, expected %g\n", table.name, named.name, double(y[i]), double(x[i]),
                     expected);
        return false;
      }
    }
    const Timing timing = time_calls(seconds, run);
    std::printf("%-10s %8s %14s %10.3f %7.1f%%\n", table.name, sizeof(Scalar) == 4 ? "float32" : "float64", named.name,
                timing.median / kCount * 1e9, 100 * timing.spread);
  }
  return true;
}

}  // namespace
}  // namespace gatedcore::bench

int main(int argc, char** argv) {
  using namespace gatedcore;
  auto options = bench::arguments(argc, argv, {{"isa", "all"}, {"seconds", "0.2"}});
  const double seconds = std::atof(options["seconds"].c_str());
  bench::pin_to_one_processor();
  std::printf("%-10s %8s %14s %10s %8s\n", "isa", "scalar", "activation", "ns/element", "spread");
  for (const KernelTable* table : bench::tables_of(options["isa"])) {
    if (!bench::bench_activations<float>(*table, seconds) || !bench::bench_activations<double>(*table, seconds))
      return 1;
  }
}
