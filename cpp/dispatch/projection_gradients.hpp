// The gradient of an LSTM's projection: one product over all sample-steps, after the kernels have walked back.
#pragma once

#include "core/buffer.hpp"
#include "dispatch/run.hpp"

namespace gatedcore {

template <class Scalar>
class ProjectionGradients {
 public:
  // For a call whose cache has so many sample-steps.
  ProjectionGradients(const LstmBackward<Scalar>& call, Index sample_steps)
      : call_(call),
        sample_steps_(sample_steps),
        d_h_all_(call.projection.w_r == nullptr ? 0 : sample_steps * call.projection.P) {
    call_.d_h_all = d_h_all_.data();
  }

  // The call with the memory in which its kernels leave what arrives at every h.
  const LstmBackward<Scalar>& call() const { return call_; }

  // After the time loop of every row. Source: math.md (89).
  void add(const KernelTable& table, int threads) const {
    if (d_h_all_.size() == 0) return;
    DenseBackward<Scalar> outer;
    outer.M = sample_steps_;
    outer.I = call_.dims.H;
    outer.O = call_.projection.P;
    outer.x = call_.cache.m;
    outer.x_stride = call_.dims.H;
    outer.w = call_.projection.w_r;
    outer.d_y = d_h_all_.data();
    outer.d_w = call_.d_w_r;
    run_dense_backward(table, outer, threads);
  }

 private:
  LstmBackward<Scalar> call_;
  Index sample_steps_;
  Buffer<Scalar> d_h_all_;  // (sample_steps, P)
};

}  // namespace gatedcore
