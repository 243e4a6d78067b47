// The core's entry points for optimizers: one step over a flat parameter vector in one call, on the chosen kernels.
//
// As those of run.hpp: bitwise equal for any number of threads. Throws std::bad_alloc, nothing else, with nothing
// changed.
#pragma once

#include "dispatch/kernel_table.hpp"
#include "optimizers/step_calls.hpp"

namespace gatedcore {

// Step is AdamStep, SgdStep, RmspropStep, NadamStep or AdagradStep; its gradients are those of all parameters.
template <template <class> class Step, class Scalar>
void run_step(const KernelTable& table, const Step<Scalar>& step, int threads, const UpdateFrame<Scalar>& frame = {});

// Moves the average of count parameters by a part of the way to them.
template <class Scalar>
void run_average(const KernelTable& table, const Scalar* parameters, Scalar* average, Index count, double part_moved,
                 int threads);

}  // namespace gatedcore
