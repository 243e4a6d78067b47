// The entry points for one step with weights in rows (sequence/row_step_calls.hpp), on the chosen kernels.
//
// As those of run.hpp: bitwise equal for any number of threads. Nothing allocates or throws.
#pragma once

#include "dispatch/kernel_table.hpp"
#include "sequence/row_step_calls.hpp"

namespace gatedcore {

enum class RowStepCell { kLstm, kGru };

template <class Scalar>
void run_row_step(const KernelTable& table, RowStepCell cell, const RowStepForward<Scalar>& call, int threads);
template <class Scalar>
void run_row_step_backward(const KernelTable& table, RowStepCell cell, const RowStepBackward<Scalar>& call);

}  // namespace gatedcore
