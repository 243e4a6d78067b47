// Times the activations and their slopes on arrays that stay in the L1 cache, on every instruction set of this
// processor.
//
//   activations_bench --benchmark_filter=/avx2/float32
#include <memory>

#include "agreement.hpp"
#include "bench.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run.hpp"
#include "numbers.hpp"
#include "reference/activation.hpp"

namespace gatedcore::bench {
namespace {

constexpr Index kCount = 1024;

struct Named {
  Activation activation;
  const char* name;
};
constexpr Named kActivations[] = {
    {Activation::kTanh, "tanh"}, {Activation::kSigmoid, "sigmoid"},   {Activation::kHardSigmoid, "hard_sigmoid"},
    {Activation::kRelu, "relu"}, {Activation::kSoftsign, "softsign"}, {Activation::kElu, "elu"},
};

template <class Scalar>
struct Arrays {
  Buffer<Scalar> x = numbers<Scalar>(kCount, 8, 1), y = zeros<Scalar>(kCount);
  Buffer<Scalar> d_y = numbers<Scalar>(kCount, 1, 2), d_x = zeros<Scalar>(kCount);

  void forward(const KernelTable& table, Activation activation) {
    run_activation(table, activation, x.data(), y.data(), kCount);
  }
  void backward(const KernelTable& table, Activation activation) {
    run_activation_gradient(table, activation, y.data(), d_y.data(), d_x.data(), kCount);
  }
};

template <class Scalar>
void require_twin(const KernelTable& table, const Named& named) {
  const std::string name = std::string(table.name) + " " + named.name;
  Arrays<Scalar> arrays;
  arrays.forward(table, named.activation);
  arrays.backward(table, named.activation);
  for (Index i = 0; i < kCount; ++i) {
    const double y = reference::activate(named.activation, static_cast<double>(arrays.x.data()[i]));
    require_near(name, i, arrays.y.data()[i], y);
    const double slope = reference::slope(named.activation, static_cast<double>(arrays.y.data()[i]));
    require_near(name + " gradient", i, arrays.d_x.data()[i], arrays.d_y.data()[i] * slope);
  }
}

template <class Scalar>
void add_activation(const KernelTable& table, const Named& named) {
  Row row;
  row.isa = table.name;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = "n:" + std::to_string(kCount);
  row.unit = "element";
  row.units = kCount;
  const Activation activation = named.activation;
  const auto check = [=, &table] { require_twin<Scalar>(table, named); };
  row.name = named.name;
  add(row, check, [=, &table] {
    return [=, &table, arrays = std::make_shared<Arrays<Scalar>>()] { arrays->forward(table, activation); };
  });
  row.name = std::string(named.name) + "_gradient";
  add(row, check, [=, &table] {
    const auto arrays = std::make_shared<Arrays<Scalar>>();
    arrays->forward(table, activation);
    return [=, &table] { arrays->backward(table, activation); };
  });
}

}  // namespace

void add_rows(Options&) {
  for (const std::string& isa : available_isas()) {
    for (const Named& named : kActivations) {
      add_activation<float>(*find_kernels(isa), named);
      add_activation<double>(*find_kernels(isa), named);
    }
  }
}

}  // namespace gatedcore::bench
