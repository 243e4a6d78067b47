// Times the optimizers over flat vectors of parameters, on every instruction set of this processor.
//
//   optimizer_bench --counts=16384,1000000 --threads=1,2 --benchmark_filter=/avx2/float32
//
// Memory sets their pace: GB/s are those of the vectors read and written.
#include <memory>

#include "agreement.hpp"
#include "bench.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run_step.hpp"
#include "numbers.hpp"

namespace gatedcore::bench {
namespace {

template <class Scalar>
struct Vectors {
  Index count;
  Buffer<Scalar> parameters = numbers<Scalar>(count, 1, 1), gradients = numbers<Scalar>(count, 1, 2);
  // m and v, or velocity; v is a mean of squares.
  Buffer<Scalar> first = numbers<Scalar>(count, 1, 3), second = squares(numbers<Scalar>(count, 1, 4));

  static Buffer<Scalar> squares(Buffer<Scalar> values) {
    for (Index i = 0; i < values.size(); ++i) values.data()[i] *= values.data()[i];
    return values;
  }
};

template <class Scalar>
struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr Index kVectorsMoved = 7;  // p g m v read, p m v written
  static AdamStep<Scalar> step(Vectors<Scalar>& v) {
    return {v.count, v.parameters.data(), v.gradients.data(), v.first.data(), v.second.data(), 0.001, 0.9, 0.999, 1e-7};
  }
  static void run(const KernelTable& table, Vectors<Scalar>& v, int threads) { run_step(table, step(v), threads); }
  static double expected(const Vectors<Scalar>& v, Index i) {
    const double g = v.gradients.data()[i];
    const double m = 0.9 * v.first.data()[i] + 0.1 * g, s = 0.999 * v.second.data()[i] + 0.001 * g * g;
    return v.parameters.data()[i] - 0.001 * m / (std::sqrt(s) + 1e-7);
  }
};

template <class Scalar>
struct Sgd {
  static constexpr const char* kName = "sgd_momentum";
  static constexpr Index kVectorsMoved = 5;  // p g velocity read, p velocity written
  static void run(const KernelTable& table, Vectors<Scalar>& v, int threads) {
    const SgdStep<Scalar> step{v.count, v.parameters.data(), v.gradients.data(), v.first.data(), 0.01, 0.9, false};
    run_step(table, step, threads);
  }
  static double expected(const Vectors<Scalar>& v, Index i) {
    return v.parameters.data()[i] + 0.9 * v.first.data()[i] - 0.01 * v.gradients.data()[i];
  }
};

template <class Optimizer, class Scalar>
void add_optimizer(const KernelTable& table, Index count, int threads) {
  Row row;
  row.name = Optimizer::kName;
  row.isa = table.name;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = "n:" + std::to_string(count);
  row.threads = threads;
  row.unit = "parameter";
  row.units = static_cast<double>(count);
  row.bytes = static_cast<double>(Optimizer::kVectorsMoved * count * Index(sizeof(Scalar)));
  const auto check = [=, &table] {
    Vectors<Scalar> before{count}, after{count};
    Optimizer::run(table, after, threads);
    for (Index i = 0; i < count; ++i) {
      // Steps are small beside parameters: it is the steps that have to agree.
      const double step = static_cast<double>(after.parameters.data()[i]) - before.parameters.data()[i];
      const double expected = Optimizer::expected(before, i) - before.parameters.data()[i];
      require_near(full_name(row), i, 100 * step, 100 * expected);
    }
  };
  add(row, check, [=, &table] {
    return [=, &table, v = std::make_shared<Vectors<Scalar>>(Vectors<Scalar>{count})] {
      Optimizer::run(table, *v, threads);
    };
  });
}

}  // namespace

void add_rows(Options& options) {
  // A small model's parameters, which stay in a core's cache, and more than caches hold.
  const std::vector<long> counts = whole_numbers("counts", options.value("counts", "16384,4194304"));
  const std::vector<long> threads = whole_numbers("threads", options.value("threads", "1"));
  for (const std::string& isa : available_isas()) {
    const KernelTable& table = *find_kernels(isa);
    for (const long count : counts) {
      for (const long n : threads) {
        add_optimizer<Adam<float>, float>(table, count, static_cast<int>(n));
        add_optimizer<Adam<double>, double>(table, count, static_cast<int>(n));
        add_optimizer<Sgd<float>, float>(table, count, static_cast<int>(n));
        add_optimizer<Sgd<double>, double>(table, count, static_cast<int>(n));
      }
    }
  }
}

}  // namespace gatedcore::bench
