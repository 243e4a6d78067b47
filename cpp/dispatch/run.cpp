#include "dispatch/run.hpp"

#include <algorithm>

#include "core/buffer.hpp"
#include "core/fp_mode.hpp"
#include "dispatch/backward_spans.hpp"
#include "dispatch/panel_shares.hpp"
#include "dispatch/parts.hpp"
#include "dispatch/peephole_gradients.hpp"
#include "dispatch/projection_gradients.hpp"

namespace gatedcore {
namespace {

template <class Kernels, class Forward, class Scalar>
void run_forward(const Kernels& kernels, Index lanes, const Forward& call, double work, int threads, Scalar) {
  const Index batch = call.dims.B;
  if (batch == 0) return;
  const int team = call.factors.m_x == nullptr ? useful_team(work, call.dims, lanes, threads) : 1;
  const LoopThreads loop = loop_threads(work, call.dims, team, threads);
  Buffer<Scalar> packed(kernels.forward_packed_size(call));
  PartScratch<Scalar> scratch(loop.parts, kernels.forward_scratch_size(call, largest_share(batch, loop.parts)));
  {
    const ScopedFlushDenormals flush;
    kernels.pack_forward(call, packed.data());
  }
  run_loop(loop, batch, [&](Range rows, UnitShare units, int part) {
    kernels.forward_rows(call, packed.data(), rows, units, scratch[part]);
  });
}

template <class Kernels, class Backward, class Scalar>
void run_backward(const Kernels& kernels, Index lanes, Index chunk, const Backward& call, int gates, int threads,
                  Scalar) {
  const Dims& dims = call.dims;
  if (dims.B == 0) return;
  const double work = operations(dims, gates);
  const PanelShares panels = panel_shares(kernels, call, work, threads);
  const LoopThreads loop = loop_threads(work, dims, useful_team(work, dims, lanes, threads), threads);
  const Index steps = span_steps<Scalar>(dims, gates, panels.parts());
  const int step_parts = useful_threads(work, steps, threads);
  const bool input = call.d_x.data != nullptr;
  const Index loop_scratch = kernels.backward_scratch_size(call, largest_share(dims.B, loop.parts));
  Buffer<Scalar> packed(kernels.backward_packed_size(call));
  Buffer<Scalar> packed_input(input ? kernels.input_packed_size(call) : 0);
  PartScratch<Scalar> scratch(loop.parts, loop_scratch);
  PartScratch<Scalar> sums(panels.parts(), kernels.weight_scratch_size(call, panels.largest()));

  kernels.pack_backward(call, packed.data());
  if (input) kernels.pack_input(call, packed_input.data());
  const auto time_loop = [&](Range span) {
    run_loop(loop, dims.B, [&](Range rows, UnitShare units, int part) {
      kernels.backward_rows(call, packed.data(), rows, span, units, scratch[part]);
    });
  };
  if (dims.T == 0) time_loop({0, 0});
  for (BackwardSpans spans(dims, chunk, steps); spans.next();) {
    time_loop(spans.steps());
    run_parts(panels.parts(), [&](int part) {
      if (spans.is_whole_call()) return kernels.weight_gradients(call, panels[part], sums[part]);
      if (spans.is_last_of_call()) kernels.clear_weight_sums(call, panels[part], sums[part]);
      kernels.sum_weights(call, panels[part], spans.samples(), sums[part]);
      if (spans.is_first_of_call()) kernels.add_weight_sums(call, panels[part], sums[part]);
    });
    if (!input) continue;
    run_parts(step_parts, [&](int part) {
      kernels.input_gradients(call, packed_input.data(), share(spans.steps(), part, step_parts));
    });
  }
}

}  // namespace

template <class Scalar>
void run_lstm_forward(const KernelTable& table, const LstmForward<Scalar>& call, int threads) {
  run_forward(table.kernels<Scalar>().lstm, table.kernels<Scalar>().lanes, call, operations(call.dims, 4), threads,
              Scalar());
}
template <class Scalar>
void run_lstm_backward(const KernelTable& table, const LstmBackward<Scalar>& call, int threads) {
  const Kernels<Scalar>& all = table.kernels<Scalar>();
  PeepholeGradients<Scalar> peepholes(call, call.dims.B);
  ProjectionGradients<Scalar> projection(peepholes.call(), call.dims.T * call.dims.B);
  run_backward(all.lstm, all.lanes, all.chunk, projection.call(), 4, threads, Scalar());
  projection.add(table, threads);
  peepholes.add();
}
template <class Scalar>
void run_gru_forward(const KernelTable& table, const GruForward<Scalar>& call, int threads) {
  run_forward(table.kernels<Scalar>().gru, table.kernels<Scalar>().lanes, call, operations(call.dims, 3), threads,
              Scalar());
}
template <class Scalar>
void run_gru_backward(const KernelTable& table, const GruBackward<Scalar>& call, int threads) {
  const Kernels<Scalar>& all = table.kernels<Scalar>();
  run_backward(all.gru, all.lanes, all.chunk, call, 3, threads, Scalar());
}

template <class Scalar>
void run_dense_forward(const KernelTable& table, const DenseForward<Scalar>& call, int threads) {
  if (call.M == 0) return;
  const DenseKernels<Scalar>& kernels = table.kernels<Scalar>().dense;
  const double work = 2.0 * static_cast<double>(call.M) * static_cast<double>(call.I * call.O);
  const int parts = useful_threads(work, call.M, threads);
  Buffer<Scalar> packed(kernels.forward_packed_size(call));
  kernels.pack_forward(call, packed.data());
  run_parts(parts, [&](int part) { kernels.forward_rows(call, packed.data(), share(call.M, part, parts)); });
}

template <class Scalar>
void run_dense_backward(const KernelTable& table, const DenseBackward<Scalar>& call, int threads) {
  if (call.M == 0) return;
  const DenseKernels<Scalar>& kernels = table.kernels<Scalar>().dense;
  const double work = 2.0 * static_cast<double>(call.M) * static_cast<double>(call.I * call.O);
  const PanelShares panels = panel_shares(kernels, call, work, threads);
  PartScratch<Scalar> sums(panels.parts(), kernels.weight_scratch_size(call, panels.largest()));
  Buffer<Scalar> packed(call.d_x == nullptr ? 0 : kernels.input_packed_size(call));
  run_parts(panels.parts(), [&](int part) { kernels.weight_gradients(call, panels[part], sums[part]); });
  if (call.d_x == nullptr) return;
  kernels.pack_input(call, packed.data());
  const int parts = useful_threads(work, call.M, threads);
  run_parts(parts, [&](int part) { kernels.input_gradients(call, packed.data(), share(call.M, part, parts)); });
}

template <class Scalar>
void run_activation(const KernelTable& table, Activation activation, const Scalar* x, Scalar* y, Index count) {
  const ScopedFlushDenormals flush;
  table.kernels<Scalar>().activate(activation, x, y, count);
}

template <class Scalar>
void run_activation_gradient(const KernelTable& table, Activation activation, const Scalar* y, const Scalar* d_y,
                             Scalar* d_x, Index count) {
  const ScopedFlushDenormals flush;
  table.kernels<Scalar>().activation_gradient(activation, y, d_y, d_x, count);
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                          \
  template void run_lstm_forward(const KernelTable&, const LstmForward<Scalar>&, int);         \
  template void run_lstm_backward(const KernelTable&, const LstmBackward<Scalar>&, int);       \
  template void run_gru_forward(const KernelTable&, const GruForward<Scalar>&, int);           \
  template void run_gru_backward(const KernelTable&, const GruBackward<Scalar>&, int);         \
  template void run_dense_forward(const KernelTable&, const DenseForward<Scalar>&, int);       \
  template void run_dense_backward(const KernelTable&, const DenseBackward<Scalar>&, int);     \
  template void run_activation(const KernelTable&, Activation, const Scalar*, Scalar*, Index); \
  template void run_activation_gradient(const KernelTable&, Activation, const Scalar*, const Scalar*, Scalar*, Index);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
