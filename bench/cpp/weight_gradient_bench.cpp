// Times the weight gradients that the LSTM and the GRU leave for after their time loops: sums of outer products over
// all sample-steps, on every instruction set of this processor.
//
//   weight_gradient_bench --shapes=100,32,64,64 --threads=1,2 --benchmark_filter=/avx2/float32     (T,B,I,H)
#include <memory>

#include "bench.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/panel_shares.hpp"
#include "dispatch/parts.hpp"
#include "layer.hpp"
#include "shapes.hpp"

namespace gatedcore::bench {
namespace {

// The part of a layer's backward pass after its time loop, which it repeats on the gradients that the pass has left.
template <class Scalar>
struct WeightGradients {
  Layer<Scalar> layer;
  const KernelTable& table;
  int threads;

  WeightGradients(const KernelTable& table_, const Cell& cell, const Dims& dims, int threads_)
      : layer(cell, dims), table(table_), threads(threads_) {
    layer.forward(table, true, threads);
    layer.backward(table, threads);
  }
  void run() {
    if (layer.cell.is_lstm) {
      run_on(table.kernels<Scalar>().lstm, layer.lstm_backward());
    } else {
      run_on(table.kernels<Scalar>().gru, layer.gru_backward());
    }
  }
  template <class Kernels, class Backward>
  void run_on(const Kernels& kernels, const Backward& call) {
    const PanelShares panels = panel_shares(kernels, call, 1e9 * threads, threads);  // as many threads as asked for
    PartScratch<Scalar> sums(panels.parts(), kernels.weight_scratch_size(call, panels.largest()));
    run_parts(panels.parts(), [&](int part) { kernels.weight_gradients(call, panels[part], sums[part]); });
  }
};

// The gradients are added to those that the whole backward pass has left, so the twin's are there twice.
template <class Scalar>
void require_twin_twice(const KernelTable& table, const Cell& cell, const Dims& dims, int threads) {
  const Dims few{std::min(dims.T, Index(3)), std::min(dims.B, Index(7)), dims.I, dims.H};
  WeightGradients<Scalar> kernel(table, cell, few, threads);
  kernel.run();
  Layer<Scalar> twin(cell, few);
  twin.twin();
  const auto require = [&](const char* name, const Buffer<Scalar>& a, Buffer<Scalar>& b) {
    for (Index i = 0; i < b.size(); ++i) b.data()[i] *= 2;
    require_all_near(std::string(table.name) + " " + cell.name + " " + name, a, b);
  };
  require("d_w_x", kernel.layer.d_w_x, twin.d_w_x);
  require("d_w_h", kernel.layer.d_w_h, twin.d_w_h);
  require("d_b_x", kernel.layer.d_b_x, twin.d_b_x);
}

template <class Scalar>
void add_layer(const KernelTable& table, const Cell& cell, const Dims& dims, int threads) {
  Row row;
  row.name = std::string(cell.name) + "/weight_gradients";
  row.isa = table.name;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = shape_name(dims);
  row.threads = threads;
  row.units = static_cast<double>(dims.T);
  row.operations = forward_operations(cell, dims);
  add(
      row, [=, &table] { require_twin_twice<Scalar>(table, cell, dims, threads); },
      [=, &table] {
        return [sums = std::make_shared<WeightGradients<Scalar>>(table, cell, dims, threads)] { sums->run(); };
      });
}

}  // namespace

void add_rows(Options& options) {
  const std::vector<Dims> all = shapes(options);
  const std::vector<long> threads = whole_numbers("threads", options.value("threads", "1"));
  for (const std::string& isa : available_isas()) {
    for (const Cell& cell : {kLstm, kGru, kGruBefore}) {
      for (const Dims& dims : all) {
        for (const long count : threads) {
          add_layer<float>(*find_kernels(isa), cell, dims, static_cast<int>(count));
          add_layer<double>(*find_kernels(isa), cell, dims, static_cast<int>(count));
        }
      }
    }
  }
}

}  // namespace gatedcore::bench
