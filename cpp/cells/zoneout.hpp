// Zoneout on vectors: units that keep their old state, or a share of it. math.md (64)-(69).
#pragma once

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// What each unit keeps at a step: rows of (B, H), or one row for all where the stride is 0.
template <class Scalar>
struct ZoneoutRows {
  const Scalar* data = nullptr;  // null: nothing
  Index stride = 0;

  GATEDCORE_INLINE explicit operator bool() const { return data != nullptr; }
  GATEDCORE_INLINE Vec<Scalar> load(Index row, Index unit, Index width) const {
    return load_width(data + row * stride + unit, width);
  }
};

// The state after a step, from that before it and the new one: exactly one of them where z is 1 or 0.
template <class V>
GATEDCORE_INLINE V zoned(V z, V old, V next) {
  return fma(z, old, fnma(z, next, next));
}

// The part of the gradient by the state after a step that is by the new one; z * d is by that before the step.
template <class V>
GATEDCORE_INLINE V zoned_backward(V z, V d) {
  return fnma(z, d, d);
}

GATEDCORE_END_ISA
