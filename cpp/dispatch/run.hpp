// The core's entry points: a whole sequence or a dense layer in one call, on the chosen kernels.
//
// Each takes the kernel table it runs on and the largest number of threads it may use; results are bitwise equal for
// any number. Scratch memory is allocated here, denormals are flushed here, and here work is split over threads; the
// kernels below do none of it. Throws std::bad_alloc, nothing else; on throw outputs are unchanged.
#pragma once

#include "dispatch/kernel_table.hpp"
#include "sequence/dense_calls.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore {

template <class Scalar>
void run_lstm_forward(const KernelTable& table, const LstmForward<Scalar>& call, int threads);
template <class Scalar>
void run_lstm_backward(const KernelTable& table, const LstmBackward<Scalar>& call, int threads);
template <class Scalar>
void run_gru_forward(const KernelTable& table, const GruForward<Scalar>& call, int threads);
template <class Scalar>
void run_gru_backward(const KernelTable& table, const GruBackward<Scalar>& call, int threads);

template <class Scalar>
void run_dense_forward(const KernelTable& table, const DenseForward<Scalar>& call, int threads);
template <class Scalar>
void run_dense_backward(const KernelTable& table, const DenseBackward<Scalar>& call, int threads);

// y[i] = activation(x[i]) for count elements; y may be x.
template <class Scalar>
void run_activation(const KernelTable& table, Activation activation, const Scalar* x, Scalar* y, Index count);

// d_x[i] = d_y[i] times the activation's slope where its output is y[i].
template <class Scalar>
void run_activation_gradient(const KernelTable& table, Activation activation, const Scalar* y, const Scalar* d_y,
                             Scalar* d_x, Index count);

}  // namespace gatedcore
