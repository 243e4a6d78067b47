// Times the LSTM and the GRU over whole sequences, on every instruction set of this processor.
//
//   sequence_bench --benchmark_filter='^lstm/training/avx2/float32/'
//   sequence_bench --shapes=100,32,65,65/100,1,512,512 --threads=1,2     (T,B,I,H)
//
// inference is forward, as is forward, which saves what backward needs; backward has all gradients, those of weights
// among them; training is forward and backward. Operations are 2 T B (I + H) G H forward, twice that backward; the
// gates' own arithmetic is not counted.
#include <memory>
#include <mutex>

#include "bench.hpp"
#include "dispatch/isa.hpp"
#include "layer.hpp"
#include "shapes.hpp"

namespace gatedcore::bench {
namespace {

// What is timed: a pass over a layer of its own.
template <class Scalar>
struct Pass {
  std::unique_ptr<Layer<Scalar>> layer;
  const KernelTable& table;
  int threads;
};
template <class Scalar>
struct Inference : Pass<Scalar> {
  void operator()() { this->layer->forward(this->table, false, this->threads); }
};
template <class Scalar>
struct Forward : Pass<Scalar> {
  void operator()() { this->layer->forward(this->table, true, this->threads); }
};
template <class Scalar>
struct Backward : Pass<Scalar> {
  void set_up() { this->layer->forward(this->table, true, this->threads); }
  void operator()() { this->layer->backward(this->table, this->threads); }
};
template <class Scalar>
struct Training : Pass<Scalar> {
  void operator()() {
    this->layer->forward(this->table, true, this->threads);
    this->layer->backward(this->table, this->threads);
  }
};

template <class Scalar>
void add_layer(const KernelTable& table, const Cell& cell, const Dims& dims, int threads) {
  const auto once = std::make_shared<std::once_flag>();
  const auto check = [=, &table] { std::call_once(*once, [&] { require_twin<Scalar>(table, cell, dims, threads); }); };
  const auto add_pass = [&](const char* name, double times_forward, auto prepare) {
    Row row;
    row.name = std::string(cell.name) + "/" + name;
    row.isa = table.name;
    row.is_double = sizeof(Scalar) == 8;
    row.shape = shape_name(dims);
    row.threads = threads;
    row.units = static_cast<double>(dims.T);
    row.operations = times_forward * forward_operations(cell, dims);
    add(row, check, prepare);
  };
  const auto pass = [=, &table] { return Pass<Scalar>{std::make_unique<Layer<Scalar>>(cell, dims), table, threads}; };
  add_pass("inference", 1, [=] { return Inference<Scalar>{pass()}; });
  add_pass("forward", 1, [=] { return Forward<Scalar>{pass()}; });
  add_pass("backward", 2, [=] { return Backward<Scalar>{pass()}; });
  add_pass("training", 3, [=] { return Training<Scalar>{pass()}; });
}

}  // namespace

void add_rows(Options& options) {
  const std::vector<Dims> all = shapes(options);
  const std::vector<long> threads = whole_numbers("threads", options.value("threads", "1"));
  for (const std::string& isa : available_isas()) {
    const KernelTable& table = *find_kernels(isa);
    for (const Cell& cell : {kLstm, kGru, kGruBefore}) {
      for (const Dims& dims : all) {
        for (const long count : threads) {
          add_layer<float>(table, cell, dims, static_cast<int>(count));
          add_layer<double>(table, cell, dims, static_cast<int>(count));
        }
      }
    }
  }
}

}  // namespace gatedcore::bench
