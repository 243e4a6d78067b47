// The entry points for backward passes whose forward pass saved no gates: they are computed anew, some steps at a time.
//
// Memory for gates is that of a few hundred sample-steps, whatever the sequence. Results have the bits of run.hpp's,
// for any number of threads. Throws std::bad_alloc, nothing else; on throw outputs are unchanged.
#pragma once

#include "dispatch/kernel_table.hpp"

namespace gatedcore {

// call.cache.gates is not read; the LSTM's call.cache.c is as forward saved it, and is left so.
template <class Scalar>
void run_lstm_recompute(const KernelTable& table, const LstmBackward<Scalar>& call, int threads);
template <class Scalar>
void run_gru_recompute(const KernelTable& table, const GruBackward<Scalar>& call, int threads);

}  // namespace gatedcore
