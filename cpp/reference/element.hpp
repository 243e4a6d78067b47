// How the twins read arrays: by index, with zeros for what a caller left out.
#pragma once

#include "core/types.hpp"

namespace gatedcore::reference {

// Element (t, b, k) of a sequence.
template <class Scalar>
Scalar& element(const Sequence<Scalar>& s, Index t, Index b, Index k) {
  return s.data[t * s.t_stride + b * s.b_stride + k];
}

// Element (t, b, k) of a sequence that may be absent.
template <class Scalar>
Scalar element_or_zero(const Sequence<const Scalar>& s, Index t, Index b, Index k) {
  return s.data == nullptr ? Scalar(0) : element(s, t, b, k);
}

// Element i of an array that may be absent.
template <class Scalar>
Scalar element_or_zero(const Scalar* array, Index i) {
  return array == nullptr ? Scalar(0) : array[i];
}

// Factor i of an array that may be absent.
template <class Scalar>
Scalar element_or_one(const Scalar* array, Index i) {
  return array == nullptr ? Scalar(1) : array[i];
}

// Unit u of the state before step t: what step t - 1 left, or first the initial (B, H) state.
template <class Scalar>
Scalar state_before(const Sequence<const Scalar>& h, const Scalar* h0, Index H, Index t, Index b, Index u) {
  return t > 0 ? element(h, t - 1, b, u) : element_or_zero(h0, b * H + u);
}

}  // namespace gatedcore::reference
