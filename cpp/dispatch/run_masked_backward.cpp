#include <algorithm>
#include <optional>

#include "dispatch/packed_steps.hpp"
#include "dispatch/panel_shares.hpp"
#include "dispatch/parts.hpp"
#include "dispatch/peephole_gradients.hpp"
#include "dispatch/projection_gradients.hpp"
#include "dispatch/recomputed_span.hpp"
#include "dispatch/run_masked.hpp"

namespace gatedcore {
namespace {

// The way back of scatter: gradients by a repeated output add up.
template <class Scalar>
void gather_gradients(const ValidSteps& v, Range pieces, MaskedOutput output, Sequence<const Scalar> from, Index F,
                      Scalar* to) {
  for_steps(v, pieces, [&](Index t, Index b, Index packed, bool valid) {
    if (valid) {
      copy_row(at(from, t, b), F, to + packed * F);
    } else if (packed >= 0 && output == MaskedOutput::kRepeat) {
      for (Index i = 0; i < F; ++i) to[packed * F + i] += at(from, t, b)[i];
    }
  });
}

// What of a run lies in some packed steps; begin and end cross where that is nothing.
DenseRun part_of(const ValidSteps& v, const DenseRun& run, Range steps) {
  const Index begin = std::max(run.begin, steps.begin);
  return {begin, std::min(run.end, steps.end), run.pieces, first_of(v, begin)};
}

// The packed steps before `end` that make a span whose gates are computed anew: at least one.
Range span_before(const ValidSteps& v, Index end) {
  Index begin = end - 1;
  while (begin > 0 && first_of(v, end) - first_of(v, begin - 1) <= kSpanRows) --begin;
  return {begin, end};
}

// States before the sample-steps in range, contiguous rows, from those after every sample-step and the initial ones in
// the order of the pieces; times factors (pieces, H), unless those are null.
template <class Scalar>
void delay(const ValidSteps& v, Range rows, const Scalar* initial, const Scalar* after, const Scalar* factors, Index H,
           Scalar* to) {
  Index s = std::upper_bound(v.first.begin(), v.first.end(), rows.begin) - v.first.begin() - 1;
  for (Index row = rows.begin; row < rows.end; ++s) {
    const Index end = std::min(first_of(v, s + 1), rows.end), piece = row - first_of(v, s);
    copy_row(s == 0 ? initial + piece * H : after + (first_of(v, s - 1) + piece) * H, (end - row) * H, to);
    scale_row(row_of(factors, piece, H), (end - row) * H, to);
    to += (end - row) * H;
    row = end;
  }
}

// A backward call; all its memory is taken before anything is changed.
template <class Cell>
class MaskedBackward {
 public:
  using Backward = typename Cell::Backward;
  using Scalar = typename Cell::Scalar;
  static constexpr int kStates = Cell::kStates;

  MaskedBackward(const KernelTable& table, const Backward& call, const MaskedSteps<Scalar>& masked, int threads)
      : kernels_(Cell::kernels(table)),
        call_(call),
        masked_(masked),
        v_(masked.valid),
        pieces_(static_cast<Index>(v_.pieces.size())),
        saved_(call.cache.gates != nullptr),
        initial_({kStates, pieces_, Cell::widest(call)}),
        gradients_(initial_.size()),
        d_h_({call.d_h.data == nullptr ? 0 : v_.count, Cell::width(call, 0)}),
        h_prev_({saved_ ? v_.count : 0, Cell::width(call, 0)}),
        d_x_({call.d_x.data == nullptr ? 0 : v_.count, call.dims.I}),
        packed_(kernels_.backward_packed_size(call)),
        packed_input_(call.d_x.data == nullptr ? 0 : kernels_.input_packed_size(call)),
        flat_(flattened()),
        panels_(panel_shares(kernels_, flat_, work(), threads)),
        piece_parts_(useful_threads(work(), pieces_, threads)),
        step_parts_(useful_threads(work(), v_.count, threads)),
        loop_(piece_parts_, kernels_.backward_scratch_size(call, v_.largest_share(piece_parts_))),
        sums_(panels_.parts(), saved_ ? kernels_.weight_scratch_size(flat_, panels_.largest()) : Index(0)) {
    if (!saved_) span_.emplace(table, call, std::min(v_.count, std::max(kSpanRows, pieces_)), threads);
  }

  void run() {
    const auto initial = split<Scalar, kStates>(initial_);
    for (int i = 0; i < kStates; ++i) {
      const Index width = Cell::width(call_, i);
      sort_state(v_, {0, pieces_}, &Piece::starts_row, Cell::initial(call_)[i], width, initial[i]);
      // A row that begins with a reset has no piece that could say so.
      Scalar* leaving = Cell::leaving(call_)[i];
      if (leaving != nullptr) std::fill_n(leaving, call_.dims.B * width, Scalar(0));
    }
    kernels_.pack_backward(call_, packed_.data());
    if (call_.d_x.data != nullptr) kernels_.pack_input(flat_, packed_input_.data());
    const Range all{0, static_cast<Index>(v_.first.size())};
    if (saved_) {
      run_parts(piece_parts_, [&](int part) {
        arrive(part);
        run_steps(all, call_.cache.gates, part);
        leave(part);
      });
      if (v_.count > 0) sum_weights();
      input_gradients(all, call_.cache.gates);
    } else {
      run_parts(piece_parts_, [&](int part) { arrive(part); });
      run_spans(all.end);
      run_parts(piece_parts_, [&](int part) { leave(part); });
    }
    if (call_.d_x.data != nullptr)
      scatter<Scalar>(v_, {0, pieces_}, MaskedOutput::kZero, d_x_.data(), call_.factors.m_x, call_.dims.I, call_.d_x);
  }

 private:
  double work() const { return operations(v_, call_.dims, Cell::kGates); }
  Range pieces_of(int part) const { return v_.share(part, piece_parts_); }
  std::array<const Scalar*, kStates> after() const { return Cell::after(call_, masked_.h.data()); }
  const Scalar* m_h() const { return packed_factors(masked_).m_h; }

  // All sample-steps as one batch that knows nothing of time.
  Backward flattened() const {
    Backward flat = call_;
    flat.dims = {1, v_.count, call_.dims.I, call_.dims.H};
    flat.x = {masked_.x.data(), 0, call_.dims.I};
    flat.h = {masked_.h.data(), 0, Cell::width(call_, 0)};
    flat.h0 = h_prev_.data();
    flat.factors = {};  // x and h_prev have theirs already
    return flat;
  }

  // The gradients that reach a part's outputs and last states, and those that leave its initial states.
  void arrive(int part) {
    const Range pieces = pieces_of(part);
    if (call_.d_h.data != nullptr)
      gather_gradients<Scalar>(v_, pieces, masked_.output, call_.d_h, Cell::width(call_, 0), d_h_.data());
    const auto gradients = split<Scalar, kStates>(gradients_);
    for (int i = 0; i < kStates; ++i)
      sort_state(v_, pieces, &Piece::ends_row, Cell::arriving(call_)[i], Cell::width(call_, i), gradients[i]);
  }
  void leave(int part) {
    const auto gradients = split<Scalar, kStates>(gradients_);
    for (int i = 0; i < kStates; ++i)
      unsort_state(v_, pieces_of(part), &Piece::starts_row, gradients[i], Cell::width(call_, i),
                   Cell::leaving(call_)[i]);
  }

  // The time loop backward over some packed steps, whose gates are given, for a part's pieces.
  void run_steps(Range steps, Scalar* gates, int part) {
    const Index I = call_.dims.I, H = call_.dims.H, P = Cell::width(call_, 0);
    const auto initial = split<Scalar, kStates>(initial_), gradients = split<Scalar, kStates>(gradients_);
    for (auto whole = v_.runs.rbegin(); whole != v_.runs.rend(); ++whole) {
      const DenseRun run = part_of(v_, *whole, steps);
      const Range in_run = part_of(run, pieces_of(part));
      if (run.begin >= run.end || in_run.begin == in_run.end) continue;
      Backward dense = call_;
      dense.dims = {run.end - run.begin, run.pieces, I, H};
      dense.factors = packed_factors(masked_);
      dense.zoneout = packed_zoneout(call_.zoneout, masked_, run, H);
      dense.h = packed_sequence<const Scalar>(masked_.h.data(), run, P);
      if (call_.d_h.data != nullptr) dense.d_h = packed_sequence<const Scalar>(d_h_.data(), run, P);
      // The states before a run are those after the packed step before it, whose pieces begin with the same ones.
      auto before = read_only(initial);
      for (int i = 0; i < kStates && run.begin > 0; ++i)
        before[i] = after()[i] + first_of(v_, run.begin - 1) * Cell::width(call_, i);
      Cell::begin_from(dense, before);
      Cell::carry(dense, read_only(gradients), gradients);
      Cell::move_cache(dense, run.first);
      dense.cache.gates = gates + (run.first - first_of(v_, steps.begin)) * Cell::kSaved * H;
      kernels_.backward_rows(dense, packed_.data(), in_run, {0, dense.dims.T}, {}, loop_[part]);
    }
  }

  void sum_weights() {
    delay<Scalar>(v_, {0, v_.count}, split<Scalar, kStates>(initial_)[0], masked_.h.data(), m_h(),
                  Cell::width(call_, 0), h_prev_.data());
    run_parts(panels_.parts(), [&](int part) { kernels_.weight_gradients(flat_, panels_[part], sums_[part]); });
  }

  // d_x of some packed steps from their gates' gradients.
  void input_gradients(Range steps, Scalar* gates) {
    if (call_.d_x.data == nullptr) return;
    const Index I = call_.dims.I, first = first_of(v_, steps.begin);
    Backward line = flat_;  // of steps, which may be split over threads
    line.dims = {first_of(v_, steps.end) - first, 1, I, call_.dims.H};
    line.cache.gates = gates;
    line.d_x = {d_x_.data() + first * I, I, I};
    run_parts(step_parts_, [&](int part) {
      kernels_.input_gradients(line, packed_input_.data(), share(line.dims.T, part, step_parts_));
    });
  }

  void run_spans(Index end) {
    const Index I = call_.dims.I, H = call_.dims.H;
    const auto initial = split<Scalar, kStates>(initial_);
    span_->begin();
    while (end > 0) {
      const Range steps = span_before(v_, end);
      const Index first = first_of(v_, steps.begin);
      span_->compute(first_of(v_, end) - first, [&](Range rows, Scalar* x, const auto& before) {
        const Range all{first + rows.begin, first + rows.end};
        copy_row(masked_.x.data() + all.begin * I, (all.end - all.begin) * I, x);
        for (int i = 0; i < kStates; ++i)  // the first is h
          delay<Scalar>(v_, all, initial[i], after()[i], i == 0 ? m_h() : nullptr, H, before[i]);
      });
      run_parts(piece_parts_, [&](int part) { run_steps(steps, span_->gates(), part); });
      input_gradients(steps, span_->gates());
      span_->sum_weights(first);
      end = steps.begin;
    }
    span_->add_weight_sums();
  }

  const typename Cell::Kernels& kernels_;
  const Backward& call_;
  const MaskedSteps<Scalar>& masked_;
  const ValidSteps& v_;
  Index pieces_;
  bool saved_;                          // the gates
  Buffer<Scalar> initial_, gradients_;  // states, (kStates, pieces, H)
  Buffer<Scalar> d_h_;                  // (count, H); empty: zeros
  Buffer<Scalar> h_prev_;               // (count, H), h before every sample-step, times its factors
  Buffer<Scalar> d_x_;                  // (count, I); empty: not wanted
  Buffer<Scalar> packed_, packed_input_;
  Backward flat_;
  PanelShares panels_;
  int piece_parts_, step_parts_;
  PartScratch<Scalar> loop_, sums_;
  std::optional<RecomputedSpan<Cell>> span_;
};

}  // namespace

template <class Scalar>
void run_lstm_backward(const KernelTable& table, const LstmBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                       int threads) {
  if (call.dims.B == 0) return;
  PeepholeGradients<Scalar> peepholes(call, static_cast<Index>(masked.valid.pieces.size()));
  ProjectionGradients<Scalar> projection(peepholes.call(), masked.valid.count);
  MaskedBackward<LstmCall<Scalar>>(table, projection.call(), masked, threads).run();
  projection.add(table, threads);
  peepholes.add();
}
template <class Scalar>
void run_gru_backward(const KernelTable& table, const GruBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                      int threads) {
  if (call.dims.B > 0) MaskedBackward<GruCall<Scalar>>(table, call, masked, threads).run();
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                                \
  template void run_lstm_backward(const KernelTable&, const LstmBackward<Scalar>&, const MaskedSteps<Scalar>&, int); \
  template void run_gru_backward(const KernelTable&, const GruBackward<Scalar>&, const MaskedSteps<Scalar>&, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
