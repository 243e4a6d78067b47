// The dense layer's products for a range of rows or panels. It has no time loop; it shares the recurrent layers'
// products.
#pragma once

#include "activations/activation.hpp"
#include "gemm/outer.hpp"
#include "gemm/product.hpp"
#include "sequence/dense_calls.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct Dense {
  using Forward = DenseForward<Scalar>;
  using Backward = DenseBackward<Scalar>;

  static Index forward_packed_size(const Forward& call) { return packed_size<Scalar>(call.I, call.O); }
  static void pack_forward(const Forward& call, Scalar* packed) {
    pack_columns(call.w, call.I, call.O, call.O, packed);
  }
  static void forward_rows(const Forward& call, const Scalar* packed, Range rows) {
    Product<Scalar> p;
    p.rows = rows.end - rows.begin;
    p.columns = call.O;
    p.a[0] = {call.x + rows.begin * call.x_stride, call.x_stride, call.I};
    p.packed = packed;
    p.start = call.b == nullptr ? Start::kZero : Start::kBias;
    p.bias = call.b;
    p.c = call.y + rows.begin * call.O;
    p.c_stride = call.O;
    product(p);
  }

  // d_a[i] = d_y[i] times the slope of the activation whose output is y[i].
  static void activation_gradient(Activation kind, const Scalar* y, const Scalar* d_y, Scalar* d_a, Index count) {
    using V = Vec<Scalar>;
    for (Index i = 0; i < count; i += V::kLanes) {
      const Index width = block_width<Scalar>(count, i);
      store_width(load_width(d_y + i, width) * activate_slope(kind, load_width(y + i, width)), d_a + i, width);
    }
  }

  static Index input_packed_size(const Backward& call) { return packed_size<Scalar>(call.O, call.I); }
  static void pack_input(const Backward& call, Scalar* packed) {
    pack_transposed(TransposedGates<Scalar>{call.w, call.I, call.O, call.O, 0, 1}, call.O, 0, packed);
  }
  static void input_gradients(const Backward& call, const Scalar* packed, Range rows) {
    Product<Scalar> p;
    p.rows = rows.end - rows.begin;
    p.columns = call.I;
    p.a[0] = {call.d_y + rows.begin * call.O, call.O, call.O};
    p.packed = packed;
    p.c = call.d_x + rows.begin * call.I;
    p.c_stride = call.I;
    product(p);
  }

  static OuterProduct<Scalar> outer(const Backward& call, const Scalar* one) {
    OuterProduct<Scalar> p;
    p.T = 1;
    p.B = call.M;
    p.sources[0] = {{call.x, 0, call.x_stride}, call.I, false, nullptr};
    p.sources[1] = {{one, 0, 0}, call.d_b == nullptr ? 0 : Index(1), false, nullptr};
    p.d = call.d_y;
    p.d_stride = call.O;
    p.columns = call.O;
    return p;
  }
  static Index weight_panels(const Backward& call) { return panel_count(outer(call, nullptr)); }
  static Index weight_panel_work(const Backward& call, Index panel) { return panel_work(outer(call, nullptr), panel); }
  static Index weight_scratch_size(const Backward& call, Index panels) {
    return outer_scratch_size(outer(call, nullptr), panels);
  }
  static void weight_gradients(const Backward& call, Range panels, Scalar* scratch) {
    const Scalar one = 1;
    const OuterProduct<Scalar> p = outer(call, &one);
    sum_outer_product(p, panels, {0, p.T * p.B}, true, scratch,
                      scratch + outer_sums_size(p, panels.end - panels.begin));
    GateColumns columns;
    columns.H = call.O;
    columns.lanes = Vec<Scalar>::kLanes;
    columns.gates = 1;
    Scalar* const to[kSources] = {call.d_w, call.d_b, nullptr};
    add_outer_sums(p, panels, scratch, columns, call.O, to);
  }
};

GATEDCORE_END_ISA
