// Several recurrent layers as one call, each reading what the one before it writes.
//
// A layer is the calls that read the same input: one, or two for the two directions, the second with reversed time.
// They point to their inputs and outputs as calls alone do. Where batch rows are too few for all threads, the two
// directions run at the same time, and layers of one direction in a wave: each on a thread of its own, a chunk of steps
// behind the one before it. The results are those of the calls one after the other, to the last bit and for any number
// of threads. Dropout, zoneout, masks and gates computed anew in backward are as in calls alone.
#pragma once

#include <variant>
#include <vector>

#include "dispatch/kernel_table.hpp"
#include "dispatch/run_masked.hpp"

namespace gatedcore {

// One direction of a layer.
template <class Scalar>
struct RecurrentForward {
  std::variant<LstmForward<Scalar>, GruForward<Scalar>> call;
  MaskedSteps<Scalar>* masked = nullptr;  // in the order in which the steps run; null: every step counts
};
template <class Scalar>
struct RecurrentBackward {
  std::variant<LstmBackward<Scalar>, GruBackward<Scalar>> call;  // null gates of the cache: they were not saved
  const MaskedSteps<Scalar>* masked = nullptr;                   // of the forward call
};

// Layers in the order of forward; T and B are those of every call.
template <class Call>
using Stack = std::vector<std::vector<Call>>;

// Throws std::bad_alloc, nothing else; what the calls write is then undefined.
template <class Scalar>
void run_stack_forward(const KernelTable& table, const Stack<RecurrentForward<Scalar>>& stack, int threads);

// From the last layer to the first. The calls of a layer that both have a d_x share one array: it receives the sum, the
// first call's gradient plus the second's. Throws as forward does.
template <class Scalar>
void run_stack_backward(const KernelTable& table, const Stack<RecurrentBackward<Scalar>>& stack, int threads);

}  // namespace gatedcore
