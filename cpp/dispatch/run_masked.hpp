// The entry points for sequences of which a mask keeps some steps, or whose states are reset at some. Work and saved
// memory follow the valid steps: the kernels run packed batches without holes (valid_steps.hpp), so every one of their
// options works here, at their speed.
//
// Results are bitwise equal for any number of threads, and equal to run.hpp's where the mask keeps every step and none
// resets. Throws std::bad_alloc, nothing else; on throw outputs are unchanged.
#pragma once

#include "core/buffer.hpp"
#include "dispatch/kernel_table.hpp"
#include "dispatch/valid_steps.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore {

// A forward call's mask and resets, either with null data, and what the call keeps for backward beside the cache, whose
// rows are those of the valid sample-steps: gates (count, 4H), and for the LSTM c (count, H).
template <class Scalar>
struct MaskedSteps {
  MaskedSteps(StepMask mask, StepMask reset, MaskedOutput output_, const Dims& dims)
      : valid(mask, reset, dims.T, dims.B), output(output_) {}

  ValidSteps valid;
  MaskedOutput output;
  Buffer<Scalar> x;    // (count, I), packed and times their factors
  Buffer<Scalar> h;    // (count, H), packed
  Buffer<Scalar> m_h;  // (pieces, H), factors of each piece's states; null data: ones
  Buffer<Scalar> z_h;  // (count, H), packed, where zoneout is drawn
  Buffer<Scalar> z_c;  // likewise
};

template <class Scalar>
void run_lstm_forward(const KernelTable& table, const LstmForward<Scalar>& call, MaskedSteps<Scalar>& masked,
                      int threads);
template <class Scalar>
void run_gru_forward(const KernelTable& table, const GruForward<Scalar>& call, MaskedSteps<Scalar>& masked,
                     int threads);

// The masked steps are those of the forward call; call.h is not read. Null gates of the cache were not saved and are
// computed anew, as in run_recompute.hpp, with the same bits.
template <class Scalar>
void run_lstm_backward(const KernelTable& table, const LstmBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                       int threads);
template <class Scalar>
void run_gru_backward(const KernelTable& table, const GruBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                      int threads);

}  // namespace gatedcore
