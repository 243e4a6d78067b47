#include "dispatch/run_row_step.hpp"

#include "dispatch/parts.hpp"

namespace gatedcore {

template <class Scalar>
void run_row_step(const KernelTable& table, RowStepCell cell, const RowStepForward<Scalar>& call, int threads) {
  const Kernels<Scalar>& kernels = table.kernels<Scalar>();
  const auto forward = cell == RowStepCell::kLstm ? kernels.lstm_row_step.forward : kernels.gru_row_step.forward;
  const double gates = cell == RowStepCell::kLstm ? 4 : 3;
  const double products = call.a_x == nullptr ? 2.0 * static_cast<double>(call.I + call.H) : 0.0;
  const Index blocks = (call.H + kernels.lanes - 1) / kernels.lanes;
  const int parts = useful_threads(static_cast<double>(call.B * call.H) * gates * products, blocks, threads);
  if (parts == 1) {  // without the words that pass between threads
    const ScopedFlushDenormals flush;
    forward(call, {0, call.H});
    return;
  }
  run_parts(parts, [&](int part) {
    const Range mine = share(blocks, part, parts);
    forward(call, {mine.begin * kernels.lanes, std::min(mine.end * kernels.lanes, call.H)});
  });
}

template <class Scalar>
void run_row_step_backward(const KernelTable& table, RowStepCell cell, const RowStepBackward<Scalar>& call) {
  const Kernels<Scalar>& kernels = table.kernels<Scalar>();
  const ScopedFlushDenormals flush;
  (cell == RowStepCell::kLstm ? kernels.lstm_row_step : kernels.gru_row_step).backward(call);
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                      \
  template void run_row_step(const KernelTable&, RowStepCell, const RowStepForward<Scalar>&, int threads); \
  template void run_row_step_backward(const KernelTable&, RowStepCell, const RowStepBackward<Scalar>&);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
