// The states that a time loop carries: rows of whole vectors in scratch memory.
#pragma once

#include <cstring>

#include "gemm/pack.hpp"

GATEDCORE_BEGIN_ISA

// Elements from one state row to the next: whole vectors, and never a multiple of 4096 bytes, so that the rows of a
// tile fall into different cache sets.
template <class Scalar>
constexpr Index state_stride(Index H) {
  constexpr Index kLine = 64 / Index(sizeof(Scalar));
  const Index whole = (block_count<Scalar>(H) * Vec<Scalar>::kLanes + kLine - 1) / kLine * kLine;
  return whole % (4 * kLine) == 0 ? whole + kLine : whole;
}

// Fills a state with rows of a (B, H) array, or with zeros where there is none; the padding is zero.
template <class Scalar>
void load_state(const Scalar* from, Range rows, Index H, Scalar* state) {
  const Index stride = state_stride<Scalar>(H);
  const Index size = (rows.end - rows.begin) * stride;
  for (Index i = 0; i < size; ++i) state[i] = 0;
  if (from == nullptr) return;
  for (Index row = rows.begin; row < rows.end; ++row, state += stride) {
    std::memcpy(state, from + row * H, static_cast<std::size_t>(H) * sizeof(Scalar));
  }
}

// Copies a state into rows of a (B, H) array, unless that is null.
template <class Scalar>
void store_state(const Scalar* state, Range rows, Index H, Scalar* to) {
  if (to == nullptr) return;
  for (Index row = rows.begin; row < rows.end; ++row, state += state_stride<Scalar>(H)) {
    std::memcpy(to + row * H, state, static_cast<std::size_t>(H) * sizeof(Scalar));
  }
}

// A step's states become those before the next.
template <class Scalar>
GATEDCORE_INLINE void swap(Scalar*& a, Scalar*& b) {
  Scalar* const kept = a;
  a = b;
  b = kept;
}

template <class Scalar>
GATEDCORE_INLINE Scalar* at(const Sequence<Scalar>& sequence, Index t, Index b) {
  return sequence.data == nullptr ? nullptr : sequence.data + t * sequence.t_stride + b * sequence.b_stride;
}

// Walks the sample-steps of some steps in runs of rows with one stride: along the batch where that fills tiles, else
// along time. Calls body(t, b, rows, gate rows between two of them, the sequence's stride between two of them).
template <class Scalar, class Body>
GATEDCORE_INLINE void for_sample_rows(const Sequence<Scalar>& sequence, Index B, Range steps, const Body& body) {
  if (B >= steps.end - steps.begin) {
    for (Index t = steps.begin; t < steps.end; ++t) body(t, 0, B, 1, sequence.b_stride);
  } else {
    for (Index b = 0; b < B; ++b) body(steps.begin, b, steps.end - steps.begin, B, sequence.t_stride);
  }
}

GATEDCORE_END_ISA
