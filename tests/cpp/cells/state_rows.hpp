// States as cells hold them: (B, H) in rows of whole vectors, zero-padded.
#pragma once

#include "gemm/pack.hpp"
#include "guarded.hpp"

namespace gatedcore::test {

template <class Scalar>
Index state_row(Index H) {
  return block_count<Scalar>(H) * Vec<Scalar>::kLanes;
}

template <class Scalar>
Guarded<Scalar> state_of(const std::vector<Scalar>& values, Index B, Index H) {
  const Index stride = state_row<Scalar>(H);
  Guarded<Scalar> state(B * stride, 0, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    state.data()[static_cast<Index>(i) / H * stride + static_cast<Index>(i) % H] = values[i];
  }
  return state;
}

template <class Scalar>
std::vector<Scalar> values_of_state(const Guarded<Scalar>& state, Index B, Index H) {
  std::vector<Scalar> values;
  for (Index i = 0; i < B * H; ++i) values.push_back(state.data()[i / H * state_row<Scalar>(H) + i % H]);
  return values;
}

}  // namespace gatedcore::test
