#include "dispatch/run_masked.hpp"

#include <algorithm>

#include "dispatch/cell_calls.hpp"
#include "dispatch/packed_steps.hpp"
#include "dispatch/parts.hpp"

namespace gatedcore {
namespace {

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

template <class Cell, class Forward, class Scalar>
void forward(const KernelTable& table, const Forward& call, MaskedSteps<Scalar>& masked, int threads) {
  constexpr int kStates = Cell::kStates;
  const auto& kernels = Cell::kernels(table);
  const ValidSteps& v = masked.valid;
  const Index T = call.dims.T, B = call.dims.B, I = call.dims.I, H = call.dims.H, P = Cell::width(call, 0);
  if (B == 0) return;
  const Index pieces = static_cast<Index>(v.pieces.size());
  const int parts = useful_threads(operations(v, call.dims, Cell::kGates), pieces, threads);
  masked.x = Buffer<Scalar>({v.count, I});
  masked.h = Buffer<Scalar>({v.count, P});
  masked.m_h = Buffer<Scalar>({call.factors.m_h == nullptr ? 0 : pieces, P});
  masked.z_h = Buffer<Scalar>({is_drawn(call.zoneout.z_h) ? v.count : 0, H});
  masked.z_c = Buffer<Scalar>({is_drawn(call.zoneout.z_c) ? v.count : 0, H});
  Buffer<Scalar> memory({kStates, pieces, Cell::widest(call)}), packed(kernels.forward_packed_size(call));
  const std::array<Scalar*, kStates> states = split<Scalar, kStates>(memory);
  Forward whole = call;  // the batch that every run is a part of; its scratch serves more than one step
  whole.dims.T = std::max<Index>(T, 2);
  whole.factors = packed_factors(masked);
  if (call.factors.m_h != nullptr) {
    for (Index p = 0; p < pieces; ++p) {
      copy_row(call.factors.m_h + v.pieces[static_cast<std::size_t>(p)].row * P, P, masked.m_h.data() + p * P);
    }
  }
  PartScratch<Scalar> scratch(parts, kernels.forward_scratch_size(whole, v.largest_share(parts)));
  {
    const ScopedFlushDenormals flush;
    kernels.pack_forward(call, packed.data());
  }
  run_parts(parts, [&](int part) {
    const Range mine = v.share(part, parts);
    gather<Scalar>(v, mine, call.x, call.factors.m_x, I, masked.x.data());
    if (is_drawn(call.zoneout.z_h)) gather<Scalar>(v, mine, call.zoneout.z_h, nullptr, H, masked.z_h.data());
    if (is_drawn(call.zoneout.z_c)) gather<Scalar>(v, mine, call.zoneout.z_c, nullptr, H, masked.z_c.data());
    for (int i = 0; i < kStates; ++i)
      sort_state(v, mine, &Piece::starts_row, Cell::initial(call)[i], Cell::width(call, i), states[i]);
    for (const DenseRun& run : v.runs) {
      const Range in_run = part_of(run, mine);
      if (in_run.begin == in_run.end) break;  // nor in any later one
      Forward dense = call;
      dense.dims = {run.end - run.begin, run.pieces, I, H};
      dense.factors = whole.factors;
      dense.zoneout = packed_zoneout(call.zoneout, masked, run, H);
      dense.x = packed_sequence<const Scalar>(masked.x.data(), run, I);
      dense.h = packed_sequence(masked.h.data(), run, P);
      Cell::begin_from(dense, read_only(states));
      Cell::end_in(dense, states);
      Cell::move_cache(dense, run.first);
      kernels.forward_rows(dense, packed.data(), in_run, {}, scratch[part]);
    }
    if (call.h.data != nullptr) scatter<Scalar>(v, mine, masked.output, masked.h.data(), nullptr, P, call.h);
    for (int i = 0; i < kStates; ++i)
      unsort_state(v, mine, &Piece::ends_row, states[i], Cell::width(call, i), Cell::last(call)[i]);
  });
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

#define GATEDCORE_INSTANTIATE(Scalar)                                                                        \
  template void run_lstm_forward(const KernelTable&, const LstmForward<Scalar>&, MaskedSteps<Scalar>&, int); \
  template void run_gru_forward(const KernelTable&, const GruForward<Scalar>&, MaskedSteps<Scalar>&, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
