#include "dispatch/run_recompute.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/peephole_gradients.hpp"
#include "dispatch/recomputed_span.hpp"

namespace gatedcore {
namespace {

template <class Scalar>
Sequence<Scalar> from_step(Sequence<Scalar> sequence, Index t) {
  if (sequence.data != nullptr) sequence.data += t * sequence.t_stride;
  return sequence;
}

// Contiguous rows of the sample-steps in range, step t * B + b; those of time -1 are of `initial`, zeros if that is
// null.
template <class Scalar>
void copy_rows(Sequence<const Scalar> from, const Scalar* initial, Index B, Index F, Range rows, Scalar* to) {
  for (Index row = rows.begin; row < rows.end; ++row, to += F) {
    if (row < 0 && initial == nullptr) {
      std::fill_n(to, F, Scalar(0));
      continue;
    }
    const Scalar* source =
        row < 0 ? initial + (row + B) * F : from.data + row / B * from.t_stride + row % B * from.b_stride;
    std::memcpy(to, source, static_cast<std::size_t>(F) * sizeof(Scalar));
  }
}

// Rows of the sample-steps in range *= the factors (B, F) of their batch rows, or nothing for null.
template <class Scalar>
void scale_rows(const Scalar* factors, Index B, Index F, Range rows, Scalar* to) {
  if (factors == nullptr) return;
  for (Index row = rows.begin; row < rows.end; ++row, to += F) {
    const Scalar* m = factors + row % B * F;
    for (Index i = 0; i < F; ++i) to[i] *= m[i];
  }
}

// All memory is taken before anything is changed.
template <class Cell>
class Recompute {
 public:
  using Backward = typename Cell::Backward;
  using Scalar = typename Cell::Scalar;
  static constexpr int kStates = Cell::kStates;

  Recompute(const KernelTable& table, const Backward& call, int threads)
      : kernels_(Cell::kernels(table)),
        call_(call),
        steps_(std::max<Index>(1, std::min(call.dims.T, kSpanRows / call.dims.B))),
        loop_threads_(loop_threads(work(), span_dims(), team(table, threads), threads)),
        step_parts_(useful_threads(work(), steps_, threads)),
        span_(table, call, steps_ * call.dims.B, threads),
        states_(kStates * state_size()),
        gradients_(kStates * state_size()),
        packed_(kernels_.backward_packed_size(call)),
        packed_input_(call.d_x.data == nullptr ? 0 : kernels_.input_packed_size(call)),
        loop_(loop_threads_.parts,
              kernels_.backward_scratch_size(call, largest_share(call.dims.B, loop_threads_.parts))) {}

  void run() {
    const Index T = call_.dims.T;
    span_.begin();
    kernels_.pack_backward(call_, packed_.data());
    if (call_.d_x.data != nullptr) kernels_.pack_input(call_, packed_input_.data());
    for (Index begin = (T - 1) / steps_ * steps_; begin > 0; begin -= steps_)
      run_steps({begin, std::min(begin + steps_, T)});
    run_steps({0, std::min(steps_, T)});
    span_.add_weight_sums();
  }

 private:
  double work() const { return span_operations(call_.dims, steps_ * call_.dims.B, Cell::kGates); }
  Dims span_dims() const { return {steps_, call_.dims.B, call_.dims.I, call_.dims.H}; }
  int team(const KernelTable& table, int threads) const {
    return useful_team(work(), span_dims(), table.kernels<Scalar>().lanes, threads);
  }
  Index state_size() const { return call_.dims.B * call_.dims.H; }

  void run_steps(Range steps) {
    const Index B = call_.dims.B, first = steps.begin * B;
    span_.compute(steps.end * B - first, [&](Range rows, Scalar* x, const auto& before) {
      const Range all{first + rows.begin, first + rows.end};
      copy_rows<Scalar>(call_.x, nullptr, B, call_.dims.I, all, x);
      scale_rows(call_.factors.m_x, B, call_.dims.I, all, x);
      copy_states({all.begin - B, all.end - B}, before);
      scale_rows(call_.factors.m_h, B, call_.dims.H, all, before[0]);
    });
    const Backward span = call_of(steps);
    run_loop(loop_threads_, B, [&](Range rows, UnitShare units, int part) {
      kernels_.backward_rows(span, packed_.data(), rows, {0, span.dims.T}, units, loop_[part]);
    });
    if (call_.d_x.data != nullptr) {
      run_parts(step_parts_, [&](int part) {
        kernels_.input_gradients(span, packed_input_.data(), share(span.dims.T, part, step_parts_));
      });
    }
    span_.sum_weights(first);
  }

  // The states after the sample-steps in range, the initial ones after those below 0.
  template <class States>
  void copy_states(Range rows, const States& to) const {
    const Index B = call_.dims.B, H = call_.dims.H;
    const auto initial = Cell::initial(call_);
    copy_rows<Scalar>(call_.h, initial[0], B, H, rows, to[0]);
    if constexpr (kStates == 2) copy_rows<Scalar>({call_.cache.c, B * H, H}, initial[1], B, H, rows, to[1]);
  }

  // The steps as a call of their own: from the states that forward saved, with the gradients of the steps after them,
  // to those for the steps before them.
  Backward call_of(Range steps) {
    const Index B = call_.dims.B;
    Backward span = call_;
    span.dims.T = steps.end - steps.begin;
    span.x = from_step(call_.x, steps.begin);
    span.h = from_step(call_.h, steps.begin);
    span.d_h = from_step(call_.d_h, steps.begin);
    span.d_x = from_step(call_.d_x, steps.begin);
    span.zoneout = {from_step(call_.zoneout.z_h, steps.begin), from_step(call_.zoneout.z_c, steps.begin)};
    Cell::move_cache(span, steps.begin * B);
    span.cache.gates = span_.gates();
    const auto states = split<Scalar, kStates>(states_), gradients = split<Scalar, kStates>(gradients_);
    if (steps.begin > 0) {
      copy_states({(steps.begin - 1) * B, steps.begin * B}, states);
      Cell::begin_from(span, read_only(states));
    }
    Cell::carry(span, steps.end < call_.dims.T ? read_only(gradients) : Cell::arriving(call_),
                steps.begin > 0 ? gradients : Cell::leaving(call_));
    return span;
  }

  const typename Cell::Kernels& kernels_;
  const Backward& call_;
  Index steps_;  // of a span
  LoopThreads loop_threads_;
  int step_parts_;
  RecomputedSpan<Cell> span_;
  Buffer<Scalar> states_, gradients_;  // (kStates, B, H) before a span
  Buffer<Scalar> packed_, packed_input_;
  PartScratch<Scalar> loop_;
};

}  // namespace

template <class Scalar>
void run_lstm_recompute(const KernelTable& table, const LstmBackward<Scalar>& call, int threads) {
  if (call.dims.B == 0) return;
  PeepholeGradients<Scalar> peepholes(call, call.dims.B);
  Recompute<LstmCall<Scalar>>(table, peepholes.call(), threads).run();
  peepholes.add();
}
template <class Scalar>
void run_gru_recompute(const KernelTable& table, const GruBackward<Scalar>& call, int threads) {
  if (call.dims.B > 0) Recompute<GruCall<Scalar>>(table, call, threads).run();
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                     \
  template void run_lstm_recompute(const KernelTable&, const LstmBackward<Scalar>&, int); \
  template void run_gru_recompute(const KernelTable&, const GruBackward<Scalar>&, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
