// Factors of a row's inputs and states that hold for the whole sequence: what dropout multiplies by.
#pragma once

#include "gemm/pack.hpp"
#include "gemm/tile.hpp"
#include "sequence/state.hpp"

GATEDCORE_BEGIN_ISA

// Rows of a matrix, or one row again and again where the stride is 0.
template <class Scalar>
struct StridedRows {
  Scalar* data = nullptr;
  Index stride = 0;
};

// The rows of an array of factors from a range's first one on; null for null.
template <class Scalar>
const Scalar* row_of(const Scalar* m, Range rows, Index width) {
  return m == nullptr ? nullptr : m + rows.begin * width;
}

// to = from * m for rows of the given width; to may be from.
template <class Scalar>
void scale_rows(Index rows, Index width, StridedRows<const Scalar> from, StridedRows<const Scalar> m,
                StridedRows<Scalar> to) {
  for_blocks<Scalar>(rows, {0, width}, [&](Index row, Index k, Index n) GATEDCORE_INLINED {
    const Vec<Scalar> v = load_width(from.data + row * from.stride + k, n) * load_width(m.data + row * m.stride + k, n);
    store_width(v, to.data + row * to.stride + k, n);
  });
}

// state *= m for rows of a (B, H) array of factors, or nothing for null.
template <class Scalar>
void scale_state(const Scalar* m, Range rows, Index H, Scalar* state) {
  if (m == nullptr) return;
  const Index stride = state_stride<Scalar>(H);
  scale_rows<Scalar>(rows.end - rows.begin, H, {state, stride}, {m + rows.begin * H, H}, {state, stride});
}

// sum += d * m for some units of two states.
template <class Scalar>
void add_scaled_state(const Scalar* m, Range rows, Index H, Units units, const Scalar* d, Scalar* sum) {
  const Index stride = state_stride<Scalar>(H);
  for_blocks<Scalar>(rows.end - rows.begin, units, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
    const Index at = row * stride + unit;
    fma(Vec<Scalar>::load(d + at), load_width(m + (rows.begin + row) * H + unit, width), Vec<Scalar>::load(sum + at))
        .store(sum + at);
  });
}

// d_x of some steps *= m_x, or nothing for null.
template <class Scalar>
void scale_gradients(const Sequence<Scalar>& d_x, const Scalar* m_x, const Dims& dims, Range steps) {
  if (m_x == nullptr) return;
  for (Index t = steps.begin; t < steps.end; ++t) {
    const StridedRows<Scalar> rows{at(d_x, t, 0), d_x.b_stride};
    scale_rows<Scalar>(dims.B, dims.I, {rows.data, rows.stride}, {m_x, dims.I}, rows);
  }
}

// Rows of scratch that scaled inputs take for up to so many batch rows: a step's, or those that are projected ahead of
// a lone row.
template <class Scalar>
Index scaled_input_size(const Scalar* m_x, const Dims& dims, Index rows, Index lone_steps) {
  if (m_x == nullptr) return 0;
  return (rows > lone_steps ? rows : lone_steps) * dims.I;
}

// What the products read of the input at step t: its rows, or those of `steps` steps of a lone row; times m_x (B, I)
// in scratch memory, unless that is null.
template <class Scalar>
Segment<Scalar> input_rows(const Sequence<const Scalar>& x, const Scalar* m_x, const Dims& dims, Range rows, Index t,
                           Index steps, Scalar* scratch) {
  const bool along_time = steps > 1;
  const Scalar* data = at(x, t, rows.begin);
  const Index stride = along_time ? x.t_stride : x.b_stride;
  if (m_x == nullptr) return {data, stride, dims.I};
  const Index count = along_time ? steps : rows.end - rows.begin;
  scale_rows<Scalar>(count, dims.I, {data, stride}, {m_x + rows.begin * dims.I, along_time ? 0 : dims.I},
                     {scratch, dims.I});
  return {scratch, dims.I, dims.I};
}

GATEDCORE_END_ISA
