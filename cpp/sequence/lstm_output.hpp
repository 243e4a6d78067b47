// The LSTM's projection within the time loop: h from what a step's gates gave, and the gradient's way back.
#pragma once

#include "gemm/product.hpp"
#include "sequence/dropout.hpp"
#include "sequence/lstm_calls.hpp"
#include "sequence/state.hpp"

GATEDCORE_BEGIN_ISA

// Both directions' packed weights have this size; 0 without a projection.
template <class Scalar>
Index output_packed_size(const LstmProjection<Scalar>& projection, Index H) {
  if (projection.w_r == nullptr) return 0;
  const Index forward = packed_size<Scalar>(H, projection.P), backward = packed_size<Scalar>(projection.P, H);
  return forward > backward ? forward : backward;
}
template <class Scalar>
void pack_output(const LstmProjection<Scalar>& projection, Index H, Scalar* packed) {
  if (projection.w_r != nullptr) pack_columns(projection.w_r, H, projection.P, projection.P, packed);
}
template <class Scalar>
void pack_output_backward(const LstmProjection<Scalar>& projection, Index H, Scalar* packed) {
  const Index P = projection.P;
  if (projection.w_r != nullptr) pack_transposed(TransposedGates<Scalar>{projection.w_r, H, P, P, 0, 1}, P, 0, packed);
}

// One of the threads of a time loop, with its columns of h.
template <class Scalar>
struct LstmOutput {
  Index rows = 0;
  Index H = 0;
  Index P = 0;
  const Scalar* packed = nullptr;
  Units columns;
  const Scalar* m_h = nullptr;  // (rows, P): what the recurrent product multiplies h by; null: ones

  // h = m w_r from m, a state (rows, H): as it is to the caller's rows, unless null, and times m_h to the state h_next.
  // Source: math.md (87).
  void forward(const Scalar* m, Scalar* h_next, StridedRows<Scalar> h) const {
    Product<Scalar> p = to_state(h_next, P, columns);
    p.a[0] = {m, state_stride<Scalar>(H), H};
    product(p);
    if (h.data == nullptr && m_h == nullptr) return;
    for_blocks<Scalar>(rows, columns, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
      Scalar* next = h_next + row * p.c_stride + unit;
      const Vec<Scalar> v = load_width(next, width);
      if (h.data != nullptr) store_width(v, h.data + row * h.stride + unit, width);
      if (m_h != nullptr) store_width(v * load_width(m_h + row * P + unit, width), next, width);
    });
  }

  // What arrives at h in all, (rows, P): from the caller's rows, unless null, and from the step after it, times m_h.
  void arrive(const Scalar* d_h_next, StridedRows<const Scalar> d_h, Scalar* d_h_all) const {
    for_blocks<Scalar>(rows, columns, [&](Index row, Index unit, Index width) GATEDCORE_INLINED {
      Vec<Scalar> d = load_width(d_h_next + row * state_stride<Scalar>(P) + unit, width);
      if (m_h != nullptr) d = d * load_width(m_h + row * P + unit, width);
      if (d_h.data != nullptr) d = d + load_width(d_h.data + row * d_h.stride + unit, width);
      store_width(d, d_h_all + row * P + unit, width);
    });
  }

  // d_m = d_h_all w_r^T for some units, a state (rows, H). Source: math.md (88).
  void backward(const Scalar* d_h_all, Units units, Scalar* d_m) const {
    Product<Scalar> p = to_state(d_m, H, units);
    p.a[0] = {d_h_all, P, P};
    product(p);
  }

 private:
  Product<Scalar> to_state(Scalar* state, Index width, Units only) const {
    Product<Scalar> p;
    p.rows = rows;
    p.columns = width;
    p.packed = packed;
    p.c = state;
    p.c_stride = state_stride<Scalar>(width);
    p.only = only;
    return p;
  }
};

GATEDCORE_END_ISA
