// The kernels of one instruction set, as a table of function pointers.
//
// kernels.cpp is compiled once per instruction set and exports one such table, nothing else. Scalar is float or double.
// Sizes are in elements; packed and scratch memory is 64-byte aligned and belongs to the caller. No kernel allocates,
// throws, locks or changes the floating-point mode.
#pragma once

#include "core/types.hpp"
#include "optimizers/step_calls.hpp"
#include "sequence/dense_calls.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/lstm_calls.hpp"
#include "sequence/row_step_calls.hpp"

namespace gatedcore {

// A recurrent layer. Rows, units, steps and panels may be split over threads in any way with the same result to the
// last bit. The threads that share units call with the same rows and the same memory; inputs have no factors then.
template <class Forward, class Backward, class Scalar>
struct SequenceKernels {
  Index (*forward_packed_size)(const Forward&);
  void (*pack_forward)(const Forward&, Scalar* packed);
  Index (*forward_scratch_size)(const Forward&, Index rows);  // serves any smaller number of rows too
  void (*forward_rows)(const Forward&, const Scalar* packed, Range rows, UnitShare share, Scalar* scratch);

  // The time loop: gradients before activation into the cache, then d_h0 and d_c0. It may stop between two steps, and
  // go on with the scratch memory as it left it: the last range of steps first.
  Index (*backward_packed_size)(const Backward&);
  void (*pack_backward)(const Backward&, Scalar* packed);
  Index (*backward_scratch_size)(const Backward&, Index rows);
  void (*backward_rows)(const Backward&, const Scalar* packed, Range rows, Range steps, UnitShare share,
                        Scalar* scratch);

  // After the time loop over these steps of every row: d_x of a range of steps.
  Index (*input_packed_size)(const Backward&);
  void (*pack_input)(const Backward&, Scalar* packed);
  void (*input_gradients)(const Backward&, const Scalar* packed, Range steps);

  // After the time loop of every row: the weight gradients of a range of panels of gate columns. The work of a panel is
  // in sums of vectors for one sample-step.
  Index (*weight_panels)(const Backward&);
  Index (*weight_panel_work)(const Backward&, Index panel);
  Index (*weight_scratch_size)(const Backward&, Index panels);
  void (*weight_gradients)(const Backward&, Range panels, Scalar* scratch);
  // The same in three: sums that begin as zeros, take sample-steps t * B + b, and end in the gradients. Ranges of them
  // that follow one another back in time, each of which begins at a multiple of Kernels::chunk, give the bits of one.
  void (*clear_weight_sums)(const Backward&, Range panels, Scalar* scratch);
  void (*sum_weights)(const Backward&, Range panels, Range samples, Scalar* scratch);
  void (*add_weight_sums)(const Backward&, Range panels, Scalar* scratch);
};

template <class Scalar>
struct DenseKernels {
  Index (*forward_packed_size)(const DenseForward<Scalar>&);
  void (*pack_forward)(const DenseForward<Scalar>&, Scalar* packed);
  void (*forward_rows)(const DenseForward<Scalar>&, const Scalar* packed, Range rows);
  Index (*input_packed_size)(const DenseBackward<Scalar>&);
  void (*pack_input)(const DenseBackward<Scalar>&, Scalar* packed);
  void (*input_gradients)(const DenseBackward<Scalar>&, const Scalar* packed, Range rows);
  Index (*weight_panels)(const DenseBackward<Scalar>&);
  Index (*weight_panel_work)(const DenseBackward<Scalar>&, Index panel);
  Index (*weight_scratch_size)(const DenseBackward<Scalar>&, Index panels);
  void (*weight_gradients)(const DenseBackward<Scalar>&, Range panels, Scalar* scratch);
};

// One step with weights in rows; see sequence/row_step.hpp. Ranges of units begin with a block of them and may be split
// over threads with the same result to the last bit.
template <class Scalar>
struct RowStepKernels {
  void (*forward)(const RowStepForward<Scalar>&, Range units);
  void (*backward)(const RowStepBackward<Scalar>&);
};

// Optimizers over a range of elements of a flat vector, and what stands around them; see optimizers/frame.hpp.
template <class Scalar>
struct UpdateKernels {
  void (*adam)(const AdamStep<Scalar>&, Range elements);
  void (*sgd)(const SgdStep<Scalar>&, Range elements);
  void (*rmsprop)(const RmspropStep<Scalar>&, Range elements);
  void (*nadam)(const NadamStep<Scalar>&, Range elements);
  void (*adagrad)(const AdagradStep<Scalar>&, Range elements);
  double (*square_sum)(const Scalar* gradients, const Scalar* accumulated, Range elements);
  void (*shape)(const GradientShape<Scalar>&, Range elements, Scalar* shaped);
  void (*decay)(Scalar* parameters, double decay, Range elements);
  void (*average)(const Scalar* parameters, Scalar* average, double share, Range elements);
};

// What bounds all other kernels; see simd/ceilings.hpp.
template <class Scalar>
struct CeilingKernels {
  Index round_operations;  // of one round of multiply_add
  Scalar (*multiply_add)(Index rounds, Scalar factor, Scalar addend);
  Scalar (*read_all)(const Scalar* data, Index count, Index times);
};

template <class Scalar>
struct Kernels {
  Index lanes;  // of a vector; known to whoever reads a cache
  Index rows;   // of the largest tile: batch rows are best split in multiples of it
  Index chunk;  // sample-steps whose weight gradients are summed at once, counted from the first
  SequenceKernels<LstmForward<Scalar>, LstmBackward<Scalar>, Scalar> lstm;
  SequenceKernels<GruForward<Scalar>, GruBackward<Scalar>, Scalar> gru;
  RowStepKernels<Scalar> lstm_row_step;
  RowStepKernels<Scalar> gru_row_step;
  DenseKernels<Scalar> dense;
  // to[j * to_stride + i] = from[i * from_stride + j] for rows i and columns j.
  void (*transpose)(const Scalar* from, Index from_stride, Index rows, Index columns, Scalar* to, Index to_stride);
  void (*activate)(Activation, const Scalar* x, Scalar* y, Index count);
  void (*activation_gradient)(Activation, const Scalar* y, const Scalar* d_y, Scalar* d_x, Index count);
  UpdateKernels<Scalar> updates;
  CeilingKernels<Scalar> ceilings;
};

struct KernelTable {
  const char* name;
  Kernels<float> floats;
  Kernels<double> doubles;

  template <class Scalar>
  const Kernels<Scalar>& kernels() const {
    if constexpr (sizeof(Scalar) == sizeof(float)) {
      return floats;
    } else {
      return doubles;
    }
  }
};

}  // namespace gatedcore
