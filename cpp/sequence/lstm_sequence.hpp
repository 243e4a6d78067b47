// The LSTM over time for a range of batch rows, forward and backward, and the gradients that wait for the loop's end.
#pragma once

#include "cells/lstm_cell.hpp"
#include "gemm/outer.hpp"
#include "gemm/product.hpp"
#include "sequence/dropout.hpp"
#include "sequence/lstm_calls.hpp"
#include "sequence/lstm_output.hpp"
#include "sequence/projection.hpp"
#include "sequence/share.hpp"
#include "sequence/state.hpp"
#include "sequence/zoneout.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct LstmSequence {
  using Forward = LstmForward<Scalar>;
  using Backward = LstmBackward<Scalar>;

  static constexpr Index kGates = kLstmGates;

  // Of h: H, or P with a projection.
  template <class Call>
  static Index h_width(const Call& call) {
    return call.projection.w_r == nullptr ? call.dims.H : call.projection.P;
  }

  // --- forward ---

  static Index gates_packed_size(const Forward& call) {
    return block_count<Scalar>(call.dims.H) * lstm_panel_size<Scalar>(call.dims, h_width(call));
  }

  static Index forward_packed_size(const Forward& call) {
    return gates_packed_size(call) + output_packed_size<Scalar>(call.projection, call.dims.H);
  }
  static void pack_forward(const Forward& call, Scalar* packed) {
    lstm_pack(call.dims, h_width(call), call.weights.w_x, call.weights.w_h, call.weights.b, packed);
    pack_output(call.projection, call.dims.H, packed + gates_packed_size(call));
  }

  static Index projected_size(const Dims& dims) {
    const Index row = kGates * Vec<Scalar>::kLanes * block_count<Scalar>(dims.H);
    return project_ahead(dims, 1) ? kProjectedSteps * row : 0;
  }
  // h before and after a step, c, h without factors where zoneout keeps some of it or what is to become h by a
  // projection, the inputs' products done ahead, and inputs times their factors: room for any number of rows up to the
  // given one, as the shares of a batch differ by a row and a lone one's products are done ahead.
  static Index forward_scratch_size(const Forward& call, Index rows) {
    const Index more = call.zoneout.z_h.data != nullptr || call.projection.w_r != nullptr ? 2 : 1;
    return rows * (more * state_stride<Scalar>(call.dims.H) + 2 * state_stride<Scalar>(h_width(call))) +
           projected_size(call.dims) + scaled_input_size(call.factors.m_x, call.dims, rows, kProjectedSteps);
  }

  // What a step's tiles read of the input: its rows, or what was done ahead of a lone row.
  static void read_input(const Forward& call, Range rows, Index t, Scalar* projected, LstmStep<Scalar>& step) {
    const Dims& dims = call.dims;
    Scalar* x_scaled = projected + projected_size(dims);
    if (!project_ahead(dims, rows.end - rows.begin)) {
      const Segment<Scalar> x = input_rows(call.x, call.factors.m_x, dims, rows, t, 1, x_scaled);
      step.x = x.data;
      step.x_stride = x.row_stride;
      return;
    }
    if (t % kProjectedSteps == 0) {
      const Index steps = dims.T - t < kProjectedSteps ? dims.T - t : kProjectedSteps;
      lstm_project(dims, step.R, step.packed, step.units,
                   input_rows(call.x, call.factors.m_x, dims, rows, t, steps, x_scaled), steps, projected);
    }
    step.projected = projected + t % kProjectedSteps * kGates * Vec<Scalar>::kLanes * block_count<Scalar>(dims.H);
  }

  // The threads of a share have one scratch memory; with them inputs have no factors.
  template <class Policy>
  static void forward_rows(const Policy& policy, const Forward& call, const Scalar* packed, Range rows, UnitShare share,
                           Scalar* scratch) {
    const Dims& dims = call.dims;
    const Index P = h_width(call), stride = state_stride<Scalar>(dims.H), count = rows.end - rows.begin;
    const bool zoned_h = call.zoneout.z_h.data != nullptr, projects = call.projection.w_r != nullptr;
    LstmStep<Scalar> step;
    step.dims = {dims.T, count, dims.I, dims.H};
    step.R = P;
    step.units = units_of<Scalar>(share, dims.H);
    step.packed = packed;
    step.h_stride = projects ? dims.H : call.h.b_stride;
    step.state_stride = stride;
    step.h_prev_stride = state_stride<Scalar>(P);
    step.c = scratch;
    Scalar* h_prev = scratch + count * stride;
    Scalar* h_next = h_prev + count * step.h_prev_stride;
    step.h_old = h_next + count * step.h_prev_stride;  // with a projection, what is to become h
    Scalar* projected = step.h_old + (zoned_h || projects ? count * stride : 0);
    LstmOutput<Scalar> output{count, dims.H, P, packed + gates_packed_size(call), units_of<Scalar>(share, P)};
    if (is_first(share)) {
      load_state(call.c0, rows, dims.H, step.c);
      load_state(call.h0, rows, P, h_prev);
      if (zoned_h) load_state(call.h0, rows, dims.H, step.h_old);
      if (dims.T > 0) scale_state(call.factors.m_h, rows, P, h_prev);
    }
    meet(share);
    for (Index t = 0; t < dims.T; ++t) {
      read_input(call, rows, t, projected, step);
      const Index first = t * dims.B + rows.begin;
      // The state after the last step meets no product of this call.
      const Scalar* m_h = t + 1 < dims.T ? row_of(call.factors.m_h, rows, P) : nullptr;
      step.m_h = projects ? nullptr : m_h;
      step.h_prev = h_prev;
      step.h_next = projects ? step.h_old : h_next;
      step.z_h = zoneout_rows(call.zoneout.z_h, t, rows);
      step.z_c = zoneout_rows(call.zoneout.z_c, t, rows);
      step.h = at(call.h, t, rows.begin);
      if (projects) step.h = call.cache.m == nullptr ? nullptr : call.cache.m + first * dims.H;
      if (call.cache.gates != nullptr) step.gates = call.cache.gates + first * kGates * dims.H;
      if (call.cache.c != nullptr) step.c_saved = call.cache.c + first * dims.H;
      lstm_cell_forward(policy, step);
      meet(share);
      if (projects) {
        output.m_h = m_h;
        output.forward(step.h_next, h_next, {at(call.h, t, rows.begin), call.h.b_stride});
        meet(share);
      }
      swap(h_prev, h_next);
    }
    if (!is_first(share)) return;
    store_state(h_prev, rows, P, call.h_last);
    store_state(step.c, rows, dims.H, call.c_last);
  }

  // --- backward ---

  static TransposedGates<Scalar> all_gates(const Scalar* w, Index columns, Index H) {
    return {w, columns, kGates * H, H, 0, int(kGates)};
  }
  static Index backward_packed_size(const Backward& call) {
    return recurrent_packed_size(call) + output_packed_size(call.projection, call.dims.H);
  }
  static Index recurrent_packed_size(const Backward& call) {
    return packed_size<Scalar>(kGates * call.dims.H, h_width(call));
  }
  static void pack_backward(const Backward& call, Scalar* packed) {
    pack_transposed(all_gates(call.weights.w_h, h_width(call), call.dims.H), kGates * call.dims.H, 0, packed);
    pack_output_backward(call.projection, call.dims.H, packed + recurrent_packed_size(call));
  }

  // d_h, d_c, and what zoneout passes of d_h or what arrives behind a projection.
  static Index backward_scratch_size(const Backward& call, Index rows) {
    const Index more = call.zoneout.z_h.data != nullptr || call.projection.w_r != nullptr ? 2 : 1;
    return rows * (more * state_stride<Scalar>(call.dims.H) + state_stride<Scalar>(h_width(call)));
  }

  // The steps in range, the last of all first; what they hand to those before them waits in scratch.
  template <class Policy>
  static void backward_rows(const Policy& policy, const Backward& call, const Scalar* packed, Range rows, Range steps,
                            UnitShare share, Scalar* scratch) {
    const Dims& dims = call.dims;
    const Index P = h_width(call), stride = state_stride<Scalar>(dims.H), count = rows.end - rows.begin;
    const bool zoned_h = call.zoneout.z_h.data != nullptr, projects = call.projection.w_r != nullptr;
    Scalar* d_h = scratch;
    LstmStepBackward<Scalar> step;
    step.dims = {dims.T, count, dims.I, dims.H};
    step.units = units_of<Scalar>(share, dims.H);
    step.d_h_stride = call.d_h.b_stride;
    step.d_c = scratch + count * state_stride<Scalar>(P);
    step.d_h_old = step.d_c + count * stride;  // with a projection, what arrives behind it
    step.d_h_next = projects ? step.d_h_old : d_h;
    step.state_stride = stride;
    step.d_p = call.d_p_rows == nullptr ? nullptr : call.d_p_rows + rows.begin * 3 * dims.H;
    LstmOutput<Scalar> output{count, dims.H, P, packed + recurrent_packed_size(call), units_of<Scalar>(share, P)};
    if (is_first(share) && steps.end == dims.T) {
      if (zoned_h) load_state<Scalar>(nullptr, rows, dims.H, step.d_h_old);
      load_state(call.d_h_last, rows, P, d_h);
      load_state(call.d_c_last, rows, dims.H, step.d_c);
    }
    meet(share);
    Product<Scalar> recurrent;
    recurrent.rows = count;
    recurrent.columns = P;
    recurrent.packed = packed;
    recurrent.c = d_h;
    recurrent.c_stride = state_stride<Scalar>(P);
    recurrent.only = output.columns;
    for (Index t = steps.end - 1; t >= steps.begin; --t) {
      const Index first = t * dims.B + rows.begin;
      step.gates = call.cache.gates + first * kGates * dims.H;
      step.c = call.cache.c + first * dims.H;
      step.c_prev = t > 0 ? step.c - dims.B * dims.H : (call.c0 == nullptr ? nullptr : call.c0 + rows.begin * dims.H);
      step.d_h = at(call.d_h, t, rows.begin);
      step.m_h = t + 1 < dims.T ? row_of(call.factors.m_h, rows, P) : nullptr;
      if (projects) {
        Scalar* d_h_all = call.d_h_all + first * P;
        output.m_h = step.m_h;
        output.arrive(d_h, {step.d_h, call.d_h.b_stride}, d_h_all);
        meet(share);
        output.backward(d_h_all, step.units, step.d_h_old);
        step.d_h = step.m_h = nullptr;
      }
      step.z_h = zoneout_rows(call.zoneout.z_h, t, rows);
      step.z_c = zoneout_rows(call.zoneout.z_c, t, rows);
      lstm_cell_backward(policy, step);
      meet(share);
      if (t == 0 && call.d_h0 == nullptr) break;
      recurrent.a[0] = {step.gates, kGates * dims.H, kGates * dims.H};
      product(recurrent);
    }
    meet(share);
    if (!is_first(share) || steps.begin > 0) return;
    if (dims.T > 0) scale_state(call.factors.m_h, rows, P, d_h);
    if (zoned_h) add_state(rows, dims.H, step.d_h_old, d_h);
    store_state(d_h, rows, P, call.d_h0);
    store_state(step.d_c, rows, dims.H, call.d_c0);
  }

  // --- after the loop ---

  static Index input_packed_size(const Backward& call) {
    return packed_size<Scalar>(kGates * call.dims.H, call.dims.I);
  }
  static void pack_input(const Backward& call, Scalar* packed) {
    pack_transposed(all_gates(call.weights.w_x, call.dims.I, call.dims.H), kGates * call.dims.H, 0, packed);
  }

  // d_x of the steps in range, from the gradients before activation.
  static void input_gradients(const Backward& call, const Scalar* packed, Range steps) {
    const Dims& dims = call.dims;
    const Index row = kGates * dims.H;
    Product<Scalar> p;
    p.columns = dims.I;
    p.packed = packed;
    for_sample_rows(call.d_x, dims.B, steps, [&](Index t, Index b, Index rows, Index gate_rows, Index c_stride) {
      p.rows = rows;
      p.a[0] = {call.cache.gates + (t * dims.B + b) * row, gate_rows * row, row};
      p.c = at(call.d_x, t, b);
      p.c_stride = c_stride;
      product(p);
    });
    scale_gradients(call.d_x, call.factors.m_x, dims, steps);
  }

  static OuterProduct<Scalar> outer(const Backward& call, const Scalar* one) {
    const Dims& dims = call.dims;
    OuterProduct<Scalar> p;
    p.T = dims.T;
    p.B = dims.B;
    p.sources[0] = {call.x, dims.I, false, nullptr, call.factors.m_x};
    p.sources[1] = {call.h, h_width(call), true, call.h0, call.factors.m_h};
    p.sources[2] = {{one, 0, 0}, call.d_b == nullptr ? 0 : Index(1), false, nullptr};
    p.d = call.cache.gates;
    p.d_stride = kGates * dims.H;
    p.columns = kGates * dims.H;
    return p;
  }
  static Index weight_panels(const Backward& call) { return panel_count(outer(call, nullptr)); }
  static Index weight_panel_work(const Backward& call, Index panel) { return panel_work(outer(call, nullptr), panel); }
  static Index weight_scratch_size(const Backward& call, Index panels) {
    return outer_scratch_size(outer(call, nullptr), panels);
  }

  // d_w_x, d_w_h and d_b of the gate columns in the panels: sums over the sample-steps in range, of one call or of
  // several, and their way to the gradients.
  static void clear_weight_sums(const Backward& call, Range panels, Scalar* scratch) {
    clear_outer_sums(outer(call, nullptr), panels, scratch);
  }
  static void sum_weights(const Backward& call, Range panels, Range samples, bool fresh, Scalar* scratch) {
    const Scalar one = 1;
    const OuterProduct<Scalar> p = outer(call, &one);
    sum_outer_product(p, panels, samples, fresh, scratch, scratch + outer_sums_size(p, panels.end - panels.begin));
  }
  static void add_weight_sums(const Backward& call, Range panels, Scalar* scratch) {
    GateColumns columns;
    columns.H = call.dims.H;
    columns.gates = kGates;
    columns.lanes = Vec<Scalar>::kLanes;
    Scalar* const to[kSources] = {call.d_w_x, call.d_w_h, call.d_b};
    add_outer_sums(outer(call, nullptr), panels, scratch, columns, kGates * call.dims.H, to);
  }
};

GATEDCORE_END_ISA
