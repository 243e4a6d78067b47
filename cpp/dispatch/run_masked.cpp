#include "dispatch/run_masked.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/cell_calls.hpp"
#include "dispatch/parts.hpp"

namespace gatedcore {
namespace {

template <class Scalar>
void copy_row(const Scalar* from, Index F, Scalar* to) {
  std::memcpy(to, from, static_cast<std::size_t>(F) * sizeof(Scalar));
}
template <class Scalar>
Scalar* at(const Sequence<Scalar>& sequence, Index t, Index b) {
  return sequence.data + t * sequence.t_stride + b * sequence.b_stride;
}

// Calls body(t, b, packed, valid) for every step of some pieces, in order of time. packed is the sample-step of step t
// of row b where that is valid, else of the piece's last valid one before it, -1 where there is none.
template <class Body>
void for_steps(const ValidSteps& v, Range pieces, const Body& body) {
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    Index packed = -1, s = 0;
    for (Index t = piece.begin; t < piece.end; ++t) {
      const Index next = s < piece.valid ? v.first[static_cast<std::size_t>(s)] + p : -1;
      const bool valid = next >= 0 && v.time[static_cast<std::size_t>(next)] == t;
      if (valid) {
        packed = next;
        ++s;
      }
      body(t, piece.row, packed, valid);
    }
  }
}

// row *= factors, or nothing for null.
template <class Scalar>
void scale_row(const Scalar* factors, Index F, Scalar* row) {
  if (factors == nullptr) return;
  for (Index i = 0; i < F; ++i) row[i] *= factors[i];
}
template <class Scalar>
const Scalar* row_of(const Scalar* factors, Index row, Index F) {
  return factors == nullptr ? nullptr : factors + row * F;
}

// (count, F) from the valid steps of a caller's sequence, times factors (B, F), unless those are null.
template <class Scalar>
void gather(const ValidSteps& v, Range pieces, Sequence<const Scalar> from, const Scalar* factors, Index F,
            Scalar* to) {
  for_steps(v, pieces, [&](Index t, Index b, Index packed, bool valid) {
    if (!valid) return;
    copy_row(at(from, t, b), F, to + packed * F);
    scale_row(row_of(factors, b, F), F, to + packed * F);
  });
}

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

// A caller's sequence from (count, F), times factors (B, F), unless those are null, with what belongs where no step is
// valid.
template <class Scalar>
void scatter(const ValidSteps& v, Range pieces, MaskedOutput output, const Scalar* from, const Scalar* factors, Index F,
             Sequence<Scalar> to) {
  for_steps(v, pieces, [&](Index t, Index b, Index packed, bool valid) {
    if (valid || (packed >= 0 && output == MaskedOutput::kRepeat)) {
      copy_row(from + packed * F, F, at(to, t, b));
      scale_row(row_of(factors, b, F), F, at(to, t, b));
    } else {
      std::fill_n(at(to, t, b), F, Scalar(0));
    }
  });
}

// Which pieces deal with a row's states at this end of the call.
using PieceFlag = bool Piece::*;

// States in the order of the pieces: of those concerned the rows of the caller's (B, H), of others, and for null,
// zeros; and back, unless that is null.
template <class Scalar>
void sort_state(const ValidSteps& v, Range pieces, PieceFlag concerned, const Scalar* from, Index H, Scalar* to) {
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    if (from == nullptr || !(piece.*concerned)) {
      std::fill_n(to + p * H, H, Scalar(0));
    } else {
      copy_row(from + piece.row * H, H, to + p * H);
    }
  }
}
template <class Scalar>
void unsort_state(const ValidSteps& v, Range pieces, PieceFlag concerned, const Scalar* from, Index H, Scalar* to) {
  if (to == nullptr) return;
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    if (piece.*concerned) copy_row(from + p * H, H, to + piece.row * H);
  }
}

double operations(const ValidSteps& v, const Dims& dims, Index gates) {
  return 2.0 * static_cast<double>(v.count) * static_cast<double>((dims.I + dims.H) * dims.H * gates);
}

// A sequence of packed rows F wide, from a run's first one on.
template <class Scalar>
Sequence<Scalar> packed_sequence(Scalar* rows, const DenseRun& run, Index F) {
  return {rows + run.first * F, run.pieces * F, F};
}

// Which of a part's pieces take part in a run.
Range part_of(const DenseRun& run, Range pieces) {
  return {std::min(pieces.begin, run.pieces), std::min(pieces.end, run.pieces)};
}

// The factors of packed rows: inputs have theirs already.
template <class Scalar>
RowFactors<Scalar> packed_factors(const MaskedSteps<Scalar>& masked) {
  return {nullptr, masked.m_h.data()};
}

// Whether zoneout has rows of its own for each step.
template <class Scalar>
bool is_drawn(const Sequence<const Scalar>& z) {
  return z.data != nullptr && (z.t_stride != 0 || z.b_stride != 0);
}

// Zoneout of a run, from the packed rows or the one row for all steps.
template <class Scalar>
Zoneout<Scalar> packed_zoneout(const Zoneout<Scalar>& zoneout, const MaskedSteps<Scalar>& masked, const DenseRun& run,
                               Index H) {
  const auto part = [&](const Sequence<const Scalar>& z, const Buffer<Scalar>& packed) {
    return is_drawn(z) ? packed_sequence<const Scalar>(packed.data(), run, H) : z;
  };
  return {part(zoneout.z_h, masked.z_h), part(zoneout.z_c, masked.z_c)};
}

// A buffer for each state, (pieces, H).
template <class Scalar, int kStates>
std::array<Scalar*, kStates> split(Buffer<Scalar>& memory) {
  std::array<Scalar*, kStates> states{};
  for (int i = 0; i < kStates; ++i) states[i] = memory.data() + i * (memory.size() / kStates);
  return states;
}

template <class Cell, class Forward, class Scalar>
void forward(const KernelTable& table, const Forward& call, MaskedSteps<Scalar>& masked, int threads) {
  constexpr int kStates = Cell::kStates;
  const auto& kernels = Cell::kernels(table);
  const ValidSteps& v = masked.valid;
  const Index T = call.dims.T, B = call.dims.B, I = call.dims.I, H = call.dims.H;
  if (B == 0) return;
  const Index pieces = static_cast<Index>(v.pieces.size());
  const int parts = useful_threads(operations(v, call.dims, Cell::kGates), pieces, threads);
  masked.x = Buffer<Scalar>(v.count * I);
  masked.h = Buffer<Scalar>(v.count * H);
  masked.m_h = Buffer<Scalar>(call.factors.m_h == nullptr ? 0 : pieces * H);
  masked.z_h = Buffer<Scalar>(is_drawn(call.zoneout.z_h) ? v.count * H : 0);
  masked.z_c = Buffer<Scalar>(is_drawn(call.zoneout.z_c) ? v.count * H : 0);
  Buffer<Scalar> memory(kStates * pieces * H), packed(kernels.forward_packed_size(call));
  const std::array<Scalar*, kStates> states = split<Scalar, kStates>(memory);
  Forward whole = call;  // the batch that every run is a part of; its scratch serves more than one step
  whole.dims.T = std::max<Index>(T, 2);
  whole.factors = packed_factors(masked);
  if (call.factors.m_h != nullptr) {
    for (Index p = 0; p < pieces; ++p) {
      copy_row(call.factors.m_h + v.pieces[static_cast<std::size_t>(p)].row * H, H, masked.m_h.data() + p * H);
    }
  }
  PartScratch<Scalar> scratch(parts, kernels.forward_scratch_size(whole, v.largest_share(parts)));
  {
    const ScopedFlushDenormals flush;
    kernels.pack_forward(call, packed.data());
  }
  run_parts(parts, [&](int part) {
    const Range pieces = v.share(part, parts);
    gather<Scalar>(v, pieces, call.x, call.factors.m_x, I, masked.x.data());
    if (is_drawn(call.zoneout.z_h)) gather<Scalar>(v, pieces, call.zoneout.z_h, nullptr, H, masked.z_h.data());
    if (is_drawn(call.zoneout.z_c)) gather<Scalar>(v, pieces, call.zoneout.z_c, nullptr, H, masked.z_c.data());
    for (int i = 0; i < kStates; ++i) sort_state(v, pieces, &Piece::starts_row, Cell::initial(call)[i], H, states[i]);
    for (const DenseRun& run : v.runs) {
      const Range in_run = part_of(run, pieces);
      if (in_run.begin == in_run.end) break;  // nor in any later one
      Forward dense = call;
      dense.dims = {run.end - run.begin, run.pieces, I, H};
      dense.factors = whole.factors;
      dense.zoneout = packed_zoneout(call.zoneout, masked, run, H);
      dense.x = packed_sequence<const Scalar>(masked.x.data(), run, I);
      dense.h = packed_sequence(masked.h.data(), run, H);
      Cell::begin_from(dense, read_only(states));
      Cell::end_in(dense, states);
      Cell::move_cache(dense, run.first);
      kernels.forward_rows(dense, packed.data(), in_run, {}, scratch[part]);
    }
    if (call.h.data != nullptr) scatter<Scalar>(v, pieces, masked.output, masked.h.data(), nullptr, H, call.h);
    for (int i = 0; i < kStates; ++i) unsort_state(v, pieces, &Piece::ends_row, states[i], H, Cell::last(call)[i]);
  });
}

// All the memory of a backward call, taken before anything is changed.
template <class Cell, class Backward, class Scalar>
struct BackwardMemory {
  static constexpr int kStates = Cell::kStates;
  Buffer<Scalar> initial, gradients;  // states, (kStates, pieces, H)
  Buffer<Scalar> d_h;                 // (count, H); empty: zeros
  Buffer<Scalar> h_prev;              // (count, H), h before every sample-step
  Buffer<Scalar> d_x;                 // (count, I); empty: not wanted
  Buffer<Scalar> packed;              // weights, first of the time loop, then of d_x
  int piece_parts, panel_parts, step_parts;
  Backward flat;  // all sample-steps as one batch that knows nothing of time
  PartScratch<Scalar> loop, sums;

  template <class Kernels>
  BackwardMemory(const Kernels& kernels, const Backward& call, const MaskedSteps<Scalar>& masked, int threads)
      : initial(kStates * static_cast<Index>(masked.valid.pieces.size()) * call.dims.H),
        gradients(initial.size()),
        d_h(call.d_h.data == nullptr ? 0 : masked.valid.count * call.dims.H),
        h_prev(masked.valid.count * call.dims.H),
        d_x(call.d_x.data == nullptr ? 0 : masked.valid.count * call.dims.I),
        packed(std::max(kernels.backward_packed_size(call), kernels.input_packed_size(call))),
        piece_parts(useful_threads(work(call, masked), static_cast<Index>(masked.valid.pieces.size()), threads)),
        panel_parts(useful_threads(work(call, masked), kernels.weight_panels(call), threads)),
        step_parts(useful_threads(work(call, masked), masked.valid.count, threads)),
        flat(flattened(call, masked, h_prev.data())),
        loop(piece_parts, kernels.backward_scratch_size(call, masked.valid.largest_share(piece_parts))),
        sums(panel_parts, kernels.weight_scratch_size(flat, largest_share(kernels.weight_panels(flat), panel_parts))) {}

 private:
  static double work(const Backward& call, const MaskedSteps<Scalar>& masked) {
    return operations(masked.valid, call.dims, Cell::kGates);
  }
  static Backward flattened(const Backward& call, const MaskedSteps<Scalar>& masked, const Scalar* h_prev) {
    Backward flat = call;
    flat.dims = {1, masked.valid.count, call.dims.I, call.dims.H};
    flat.x = {masked.x.data(), 0, call.dims.I};
    flat.h = {masked.h.data(), 0, call.dims.H};
    flat.h0 = h_prev;
    flat.factors = {};  // x and h_prev have theirs already
    return flat;
  }
};

// The time loop backward for a part's pieces: gradients before activation into the cache, and those of the initial
// states.
template <class Cell, class Kernels, class Backward, class Scalar>
void backward_steps(const Kernels& kernels, const Backward& call, const MaskedSteps<Scalar>& masked,
                    BackwardMemory<Cell, Backward, Scalar>& memory, int part) {
  constexpr int kStates = Cell::kStates;
  const ValidSteps& v = masked.valid;
  const Index I = call.dims.I, H = call.dims.H;
  const Range pieces = v.share(part, memory.piece_parts);
  const bool arriving = call.d_h.data != nullptr;
  const std::array<Scalar*, kStates> initial = split<Scalar, kStates>(memory.initial);
  const std::array<Scalar*, kStates> gradients = split<Scalar, kStates>(memory.gradients);
  if (arriving) gather_gradients<Scalar>(v, pieces, masked.output, call.d_h, H, memory.d_h.data());
  for (int i = 0; i < kStates; ++i) sort_state(v, pieces, &Piece::ends_row, Cell::arriving(call)[i], H, gradients[i]);
  for (auto run = v.runs.rbegin(); run != v.runs.rend(); ++run) {
    const Range in_run = part_of(*run, pieces);
    if (in_run.begin == in_run.end) continue;
    Backward dense = call;
    dense.dims = {run->end - run->begin, run->pieces, I, H};
    dense.factors = packed_factors(masked);
    dense.zoneout = packed_zoneout(call.zoneout, masked, *run, H);
    dense.h = packed_sequence<const Scalar>(masked.h.data(), *run, H);
    if (arriving) dense.d_h = packed_sequence<const Scalar>(memory.d_h.data(), *run, H);
    // The states before a run are those after the packed step before it, whose pieces begin with the same ones.
    std::array<const Scalar*, kStates> before;
    for (int i = 0; i < kStates; ++i) {
      before[i] = run->begin == 0
                      ? initial[i]
                      : Cell::after(call, masked.h.data())[i] + v.first[static_cast<std::size_t>(run->begin - 1)] * H;
    }
    Cell::begin_from(dense, before);
    Cell::carry(dense, read_only(gradients), gradients);
    Cell::move_cache(dense, run->first);
    kernels.backward_rows(dense, memory.packed.data(), in_run, {}, memory.loop[part]);
  }
  for (int i = 0; i < kStates; ++i)
    unsort_state(v, pieces, &Piece::starts_row, gradients[i], H, Cell::leaving(call)[i]);
}

// h before every sample-step, from that after it, times its factors.
template <class Scalar>
void delay(const MaskedSteps<Scalar>& masked, const Scalar* h0, Index H, Scalar* h_prev) {
  const ValidSteps& v = masked.valid;
  for (const DenseRun& run : v.runs) {
    for (Index s = run.begin; s < run.end; ++s) {
      const Scalar* from = s == 0 ? h0 : masked.h.data() + v.first[static_cast<std::size_t>(s - 1)] * H;
      Scalar* to = h_prev + v.first[static_cast<std::size_t>(s)] * H;
      copy_row(from, run.pieces * H, to);
      scale_row(packed_factors(masked).m_h, run.pieces * H, to);
    }
  }
}

template <class Cell, class Backward, class Scalar>
void backward(const KernelTable& table, const Backward& call, const MaskedSteps<Scalar>& masked, int threads) {
  const auto& kernels = Cell::kernels(table);
  const ValidSteps& v = masked.valid;
  const Index B = call.dims.B, I = call.dims.I, H = call.dims.H;
  if (B == 0) return;
  BackwardMemory<Cell, Backward, Scalar> memory(kernels, call, masked, threads);
  const std::array<Scalar*, Cell::kStates> initial = split<Scalar, Cell::kStates>(memory.initial);
  const Range all{0, static_cast<Index>(v.pieces.size())};
  for (int i = 0; i < Cell::kStates; ++i) {
    sort_state(v, all, &Piece::starts_row, Cell::initial(call)[i], H, initial[i]);
    // A row that begins with a reset has no piece that could say so.
    if (Cell::leaving(call)[i] != nullptr) std::fill_n(Cell::leaving(call)[i], B * H, Scalar(0));
  }
  kernels.pack_backward(call, memory.packed.data());
  run_parts(memory.piece_parts, [&](int part) { backward_steps<Cell>(kernels, call, masked, memory, part); });
  if (v.count > 0) {
    delay(masked, initial[0], H, memory.h_prev.data());
    const Index panels = kernels.weight_panels(memory.flat);
    run_parts(memory.panel_parts, [&](int part) {
      kernels.weight_gradients(memory.flat, share(panels, part, memory.panel_parts), memory.sums[part]);
    });
  }
  if (call.d_x.data == nullptr) return;
  Backward line = memory.flat;  // of steps, which may be split over threads
  line.dims = {v.count, 1, I, H};
  line.d_x = {memory.d_x.data(), I, I};
  kernels.pack_input(line, memory.packed.data());
  run_parts(memory.step_parts, [&](int part) {
    kernels.input_gradients(line, memory.packed.data(), share(v.count, part, memory.step_parts));
  });
  scatter<Scalar>(v, all, MaskedOutput::kZero, memory.d_x.data(), call.factors.m_x, I, call.d_x);
}

}  // namespace

template <class Scalar>
void run_lstm_forward(const KernelTable& table, const LstmForward<Scalar>& call, MaskedSteps<Scalar>& masked,
                      int threads) {
  forward<LstmCall<Scalar>>(table, call, masked, threads);
}
template <class Scalar>
void run_gru_forward(const KernelTable& table, const GruForward<Scalar>& call, MaskedSteps<Scalar>& masked,
                     int threads) {
  forward<GruCall<Scalar>>(table, call, masked, threads);
}
template <class Scalar>
void run_lstm_backward(const KernelTable& table, const LstmBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                       int threads) {
  backward<LstmCall<Scalar>>(table, call, masked, threads);
}
template <class Scalar>
void run_gru_backward(const KernelTable& table, const GruBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                      int threads) {
  backward<GruCall<Scalar>>(table, call, masked, threads);
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                                \
  template void run_lstm_forward(const KernelTable&, const LstmForward<Scalar>&, MaskedSteps<Scalar>&, int);         \
  template void run_gru_forward(const KernelTable&, const GruForward<Scalar>&, MaskedSteps<Scalar>&, int);           \
  template void run_lstm_backward(const KernelTable&, const LstmBackward<Scalar>&, const MaskedSteps<Scalar>&, int); \
  template void run_gru_backward(const KernelTable&, const GruBackward<Scalar>&, const MaskedSteps<Scalar>&, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
