// A chain of layers that runs one time step after the other, with its states carried from call to call.
//
// Weights are packed and memory is taken when a layer is added. After that nothing allocates, locks, throws or hands
// work to another thread, and every result has the bits that the layers give over the whole sequence.
#pragma once

#include <memory>
#include <vector>

#include "core/buffer.hpp"
#include "dispatch/kernel_table.hpp"
#include "sequence/dense_calls.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore {

// One layer of a stream, with the batch and its sizes fixed.
template <class Scalar>
class StreamLayer {
 public:
  virtual ~StreamLayer() = default;
  // y (steps, B, outputs) from x (steps, B, inputs), both in C order; denormals are flushed by the caller.
  virtual void run(Index steps, const Scalar* x, Scalar* y) = 0;
};

template <class Scalar>
class Stream {
 public:
  // The states of one layer: h, and c for an LSTM, each (B, units) in C order. The memory is the stream's.
  struct States {
    Index units = 0;
    std::vector<Scalar*> arrays;
  };

  // A stream without layers, whose output is its input.
  Stream(const KernelTable& table, Index batch, Index features);

  // Puts a layer at the end, with states 0. Of a call only dims.H or O, the form, the activations, the weights and the
  // rates of zoneout, its one row for all steps, count; they are read now, and the output of the layer before it is its
  // input. Throws std::bad_alloc; the stream then stays as it was.
  void add(LstmForward<Scalar> call);
  void add(GruForward<Scalar> call);
  void add(const DenseForward<Scalar>& call, Activation activation);

  // y (T, B, outputs) from x (T, B, inputs), which may share memory if a step of y stands where that step of x does.
  void run(Index T, Sequence<const Scalar> x, Sequence<Scalar> y);

  // Sets all states to 0.
  void reset();

  Index batch() const { return batch_; }
  Index inputs() const { return inputs_; }
  Index outputs() const { return outputs_; }
  // Floating-point operations of a step.
  double operations() const { return operations_; }
  // One entry for each layer that has states, in order.
  const std::vector<States>& states() const { return states_; }

 private:
  // Takes the memory between layers for one more of so many outputs, and keeps the layer.
  void append(std::unique_ptr<StreamLayer<Scalar>> layer, Index outputs, double operations, States states);

  const KernelTable& table_;
  Index batch_;
  Index inputs_;
  Index outputs_;
  double operations_ = 0;
  std::vector<std::unique_ptr<StreamLayer<Scalar>>> layers_;
  std::vector<States> states_;
  Index widest_;
  Buffer<Scalar> from_, to_;  // a block of steps, (steps, B, features): what a layer reads and what it writes
};

}  // namespace gatedcore
