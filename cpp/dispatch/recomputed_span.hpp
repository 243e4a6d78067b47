// A backward pass without saved gates goes span by span, the last steps first. This is the memory of a span, its gates
// computed anew, and its share of the weight gradients.
//
// Every state before a step is known, so no step waits for the one before it: sample-steps are rows of one step of the
// forward kernel, whatever their times. Sums do not depend on the rows beside them, so the gates have forward's bits.
// Inputs and h are loaded times their factors: that is all which gates and weight gradients know of them.
// Weight gradients are summed over the chunks of sample-steps that a pass with saved gates sums over: of a chunk that
// begins in an earlier span, the rows wait for it.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "core/buffer.hpp"
#include "dispatch/cell_calls.hpp"
#include "dispatch/panel_shares.hpp"
#include "dispatch/parts.hpp"

namespace gatedcore {

// Sample-steps of a span: few, as its gates are read twice more and are to be in a cache still, and enough for the
// weights to be read for many rows. Measured on Zen 4 with AVX-512 at H = 64, 128, 256: 256 and 512 are alike, 128 and
// 2048 up to 5 % slower in forward with backward.
inline constexpr Index kSpanRows = 512;

// Sample-steps handed to the kernel at a time, in whole tiles: their states stay in the L2 cache beside the weights.
// 24, 48 and 192 are as fast within the noise of 2 %.
inline constexpr Index kSpanBlock = 96;

inline double span_operations(const Dims& dims, Index rows, Index gates) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>((dims.I + dims.H) * dims.H * gates);
}

template <class Cell>
class RecomputedSpan {
 public:
  using Forward = typename Cell::Forward;
  using Backward = typename Cell::Backward;
  using Scalar = typename Cell::Scalar;
  using States = std::array<Scalar*, Cell::kStates>;

  // Takes the memory for spans of up to `rows` sample-steps of a call.
  RecomputedSpan(const KernelTable& table, const Backward& call, Index rows, int threads)
      : kernels_(Cell::kernels(table)),
        chunk_(table.kernels<Scalar>().chunk),
        flat_(flattened(call)),
        panels_(panel_shares(kernels_, flat_, work(call, rows), threads)),
        row_parts_(useful_threads(work(call, rows), rows, threads)),
        packed_(kernels_.forward_packed_size(forward())),
        x_({rows + chunk_, call.dims.I}),
        h_({rows + chunk_, call.dims.H}),
        gates_({rows + chunk_, row_size()}),
        cells_(row_parts_, Cell::kStates == 1 ? 0 : kSpanBlock * call.dims.H),
        scratch_(row_parts_, kernels_.forward_scratch_size(forward(), kSpanBlock)),
        sums_(panels_.parts(), kernels_.weight_scratch_size(flat_, panels_.largest())) {}

  // Before the first span.
  void begin() {
    {
      const ScopedFlushDenormals flush;
      kernels_.pack_forward(forward(), packed_.data());
    }
    for_panels([&](Range panels, Scalar* sums) { kernels_.clear_weight_sums(flat_, panels, sums); });
  }

  // Computes the gates of a span of so many sample-steps, which end where those of the span before began. load(range,
  // x, states) writes the inputs of the span's sample-steps in range, and the states before them, as contiguous rows:
  // inputs and h times their factors.
  template <class Load>
  void compute(Index rows, const Load& load) {
    make_room(rows);
    run_parts(row_parts_, [&](int part) {
      const Range mine = share(rows, part, row_parts_);
      for (Index begin = mine.begin; begin < mine.end; begin += kSpanBlock) {
        Forward call = forward();
        call.dims.B = std::min(kSpanBlock, mine.end - begin);
        Scalar* x = x_.data() + begin * call.dims.I;
        States states;
        states.back() = cells_[part];
        states[0] = h_.data() + begin * call.dims.H;
        load(Range{begin, begin + call.dims.B}, x, states);
        call.x = {x, 0, call.dims.I};
        Cell::begin_from(call, read_only(states));
        call.cache.gates = gates_.data() + begin * row_size();
        kernels_.forward_rows(call, packed_.data(), {0, call.dims.B}, {}, scratch_[part]);
      }
    });
  }

  // Of the span's sample-steps, in order; backward makes them gradients before activation.
  Scalar* gates() { return gates_.data(); }

  // Sums the weight gradients of all chunks that are complete, where the span begins at the call's sample-step `first`.
  void sum_weights(Index first) {
    const Index waiting = std::min((chunk_ - first % chunk_) % chunk_, rows_);
    Backward call = flat_;
    call.dims.B = rows_ - waiting;
    call.x = {x_.data() + waiting * call.dims.I, 0, call.dims.I};
    call.h0 = h_.data() + waiting * call.dims.H;
    call.cache.gates = gates_.data() + waiting * row_size();
    const Range samples{0, call.dims.B};
    for_panels([&](Range panels, Scalar* sums) { kernels_.sum_weights(call, panels, samples, sums); });
    rows_ = waiting;
  }

  // After the last span.
  void add_weight_sums() {
    for_panels([&](Range panels, Scalar* sums) { kernels_.add_weight_sums(flat_, panels, sums); });
  }

 private:
  // Sample-steps as one step of a batch: what multiplies the weights comes from x and h0.
  static Backward flattened(const Backward& call) {
    Backward flat = call;
    flat.dims.T = 1;
    flat.factors = {};
    return flat;
  }
  static double work(const Backward& call, Index rows) { return span_operations(call.dims, rows, Cell::kGates); }
  Forward forward() const { return Cell::forward_of(flat_); }
  Index row_size() const { return Cell::kSaved * flat_.dims.H; }

  // Moves the rows that wait behind those to come.
  void make_room(Index rows) {
    const auto move = [&](Scalar* data, Index width) {
      std::memmove(data + rows * width, data, static_cast<std::size_t>(rows_ * width) * sizeof(Scalar));
    };
    if (rows_ > 0) {
      move(x_.data(), flat_.dims.I);
      move(h_.data(), flat_.dims.H);
      move(gates_.data(), row_size());
    }
    rows_ += rows;
  }

  template <class Body>
  void for_panels(const Body& body) {
    run_parts(panels_.parts(), [&](int part) { body(panels_[part], sums_[part]); });
  }

  const typename Cell::Kernels& kernels_;
  Index chunk_;
  Backward flat_;
  PanelShares panels_;
  int row_parts_;
  Buffer<Scalar> packed_;
  Buffer<Scalar> x_, h_, gates_;  // of the span, then of the rows that wait
  PartScratch<Scalar> cells_, scratch_, sums_;
  Index rows_ = 0;  // in x_, h_ and gates_
};

}  // namespace gatedcore
