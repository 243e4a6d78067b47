// The rows of zoneout's arrays that a time loop hands to its steps.
#pragma once

#include "cells/zoneout.hpp"
#include "sequence/state.hpp"

GATEDCORE_BEGIN_ISA

// Those of step t, from a range's first row on; no rows for no array.
template <class Scalar>
GATEDCORE_INLINE ZoneoutRows<Scalar> zoneout_rows(const Sequence<const Scalar>& z, Index t, Range rows) {
  return {at(z, t, rows.begin), z.b_stride};
}

// sum += d for rows of two states.
template <class Scalar>
void add_state(Range rows, Index H, const Scalar* d, Scalar* sum) {
  const Index stride = state_stride<Scalar>(H);
  for_blocks<Scalar>(rows.end - rows.begin, {0, H}, [&](Index row, Index unit, Index) GATEDCORE_INLINED {
    const Index i = row * stride + unit;
    (Vec<Scalar>::load(sum + i) + Vec<Scalar>::load(d + i)).store(sum + i);
  });
}

GATEDCORE_END_ISA
