// The gradients of an LSTM's peepholes: summed over time row by row while the kernels walk back, then over the rows in
// their order, so that they do not depend on threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/buffer.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore {

template <class Scalar>
class PeepholeGradients {
 public:
  // For a call whose kernels see so many rows.
  PeepholeGradients(const LstmBackward<Scalar>& call, Index rows)
      : call_(call), rows_(rows), sums_(call.d_p == nullptr ? 0 : rows * width()), totals_(width()) {
    std::fill_n(sums_.data(), sums_.size(), Scalar(0));
    if (sums_.size() > 0) call_.d_p_rows = sums_.data();
  }

  // The call with the memory that its kernels add to.
  const LstmBackward<Scalar>& call() const { return call_; }

  // After the time loop of every row.
  void add() {
    if (sums_.size() == 0) return;
    for (Index row = 0; row < rows_; ++row) {
      for (Index i = 0; i < width(); ++i) totals_[static_cast<std::size_t>(i)] += sums_.data()[row * width() + i];
    }
    for (Index i = 0; i < width(); ++i) call_.d_p[i] += static_cast<Scalar>(totals_[static_cast<std::size_t>(i)]);
  }

 private:
  Index width() const { return call_.d_p == nullptr ? 0 : 3 * call_.dims.H; }

  LstmBackward<Scalar> call_;
  Index rows_;
  Buffer<Scalar> sums_;  // (rows, 3H)
  std::vector<double> totals_;
};

}  // namespace gatedcore
