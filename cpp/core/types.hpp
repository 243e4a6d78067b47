// The words every layer of the core shares: sizes, strided sequences, activation kinds.
//
// Included by objects of every instruction set, so it holds plain data only: no inline function that the linker could
// keep in the version of one instruction set for all of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatedcore {

// Sizes, counts and strides; signed, so that a stride may run backwards.
using Index = std::ptrdiff_t;

// T time steps, B batch rows, I inputs per step, H units.
struct Dims {
  Index T = 0;
  Index B = 0;
  Index I = 0;
  Index H = 0;
};

// A (T, B, F) array of a caller: the feature axis is contiguous, the other two have any stride, counted in elements and
// of any sign. Batch-major, time-major and reversed sequences differ in nothing else.
template <class Scalar>
struct Sequence {
  Scalar* data = nullptr;
  Index t_stride = 0;
  Index b_stride = 0;
};

// What the products of a recurrent layer multiply each row's inputs and states by, the same at every step: dropout's
// zeros and its 1 / (1 - rate). The states themselves, and what is kept of them from step to step, stay as they are.
template <class Scalar>
struct RowFactors {
  const Scalar* m_x = nullptr;  // (B, I); null: ones
  const Scalar* m_h = nullptr;  // (B, H); null: ones
};

// What each unit keeps of its old state at a step, as zoneout has it: 0 or 1 where it is drawn, else the rate, one row
// for all steps, whose strides are 0. The rest is the new state's.
template <class Scalar>
struct Zoneout {
  Sequence<const Scalar> z_h;  // (T, B, H), of the hidden state; null data: zeros
  Sequence<const Scalar> z_c;  // (T, B, H), of the LSTM's cell state; null data: zeros
};

// Some steps of a (T, B) batch: those whose byte, as NumPy stores a bool, is not 0. As a mask they are the steps that
// count, and any other leaves the states of its row as they are.
struct StepMask {
  const std::uint8_t* data = nullptr;
  Index t_stride = 0;
  Index b_stride = 0;
};

// What stands in the output where a step does not count: the output of the last one that does, zeros before the first
// (Keras), or always zeros (Keras's zero_output_for_mask, PyTorch's packed sequences).
enum class MaskedOutput : std::int32_t { kRepeat, kZero };

// A half-open range of batch rows, or of whatever else a call is split into.
struct Range {
  Index begin = 0;
  Index end = 0;
};

// The part of a layer's units that one of several threads computes, and how it waits for the others: meet(member)
// returns when all have called it as often, and what they wrote before is there for all. One thread alone never meets.
struct UnitShare {
  Index part = 0;
  Index parts = 1;
  void (*meet)(void*) = nullptr;
  void* member = nullptr;
};

// What Keras calls activation and recurrent_activation. Every derivative can be had from the output alone.
enum class Activation : std::int32_t {
  kLinear,
  kTanh,
  kSigmoid,
  kHardSigmoid,  // Keras 3: relu6(x + 3) / 6
  kRelu,
  kSoftsign,  // x / (1 + |x|)
  kElu,       // x for x > 0, expm1(x) otherwise
};

// Where the GRU's reset gate acts: on the recurrent product (Keras's default, PyTorch, cuDNN), or on the state before
// it (Cho et al. 2014; Keras's reset_after=False).
enum class GruForm : std::int32_t { kResetAfter, kResetBefore };

}  // namespace gatedcore
