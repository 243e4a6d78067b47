// The GRU over time for a range of batch rows, forward and backward, and the gradients that wait for the loop's end.
#pragma once

#include "cells/gru_cell.hpp"
#include "cells/gru_cell_backward.hpp"
#include "gemm/outer.hpp"
#include "gemm/product.hpp"
#include "gemm/project.hpp"
#include "sequence/dropout.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/projection.hpp"
#include "sequence/share.hpp"
#include "sequence/state.hpp"
#include "sequence/zoneout.hpp"

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct GruSequence {
  using Forward = GruForward<Scalar>;
  using Backward = GruBackward<Scalar>;
  using V = Vec<Scalar>;

  // --- forward ---

  static bool after(const Forward& call) { return call.form == GruForm::kResetAfter; }
  static bool after(const Backward& call) { return call.form == GruForm::kResetAfter; }

  static Index forward_packed_size(const Forward& call) {
    const Index panels =
        after(call) ? gru_after_panel_size<Scalar>(call.dims)
                    : gru_before_panel_size<Scalar>(call.dims, 2) + gru_before_panel_size<Scalar>(call.dims, 1);
    return block_count<Scalar>(call.dims.H) * panels;
  }
  static void pack_forward(const Forward& call, Scalar* packed) {
    const GruWeights<Scalar>& w = call.weights;
    if (after(call)) {
      gru_after_pack(call.dims, w.w_x, w.w_h, w.b_x, w.b_h, packed);
    } else {
      gru_before_pack(call.dims, w.w_x, w.w_h, w.b_x, packed);
    }
  }

  static Index projected_row(const Forward& call) {
    return (after(call) ? kGruAfterSlots : kGruGates) * V::kLanes * block_count<Scalar>(call.dims.H);
  }
  static Index projected_size(const Forward& call) {
    return project_ahead(call.dims, 1) ? kProjectedSteps * projected_row(call) : 0;
  }
  // h before and after a step, the same times its factors, kResetBefore's z and s, what is projected ahead, and inputs
  // times their factors: room for any number of rows up to the given one, as the shares of a batch differ by a row and
  // a lone one is projected.
  static Index forward_scratch_size(const Forward& call, Index rows) {
    const Index states = 2 + (call.factors.m_h == nullptr ? 0 : 2) + (after(call) ? 0 : 2);
    return states * rows * state_stride<Scalar>(call.dims.H) + projected_size(call) +
           scaled_input_size(call.factors.m_x, call.dims, rows, kProjectedSteps);
  }

  static void project_steps(const Forward& call, const Scalar* packed, Units units, Segment<Scalar> x, Index steps,
                            Scalar* projected) {
    const Dims& dims = call.dims;
    if (after(call)) return gru_after_project(dims, packed, units, x, steps, projected);
    const Index all = block_count<Scalar>(dims.H), first = units.begin / V::kLanes;
    const Index blocks = block_count<Scalar>(units.end) - first;
    const Index row = projected_row(call);
    const Index reset_size = gru_before_panel_size<Scalar>(dims, 2), size = gru_before_panel_size<Scalar>(dims, 1);
    project<FirstSlots<2>, 2>(packed + first * reset_size, reset_size, blocks, x, steps, projected + 2 * units.begin,
                              row);
    project<FirstSlots<1>, 1>(packed + all * reset_size + first * size, size, blocks, x, steps,
                              projected + 2 * V::kLanes * all + units.begin, row);
  }

  // The threads of a share have one scratch memory; with them inputs have no factors.
  template <class Policy>
  static void forward_rows(const Policy& policy, const Forward& call, const Scalar* packed, Range rows, UnitShare share,
                           Scalar* scratch) {
    const Dims& dims = call.dims;
    const Index count = rows.end - rows.begin;
    const Index state = count * state_stride<Scalar>(dims.H);
    GruStep<Scalar> step;
    step.dims = {dims.T, count, dims.I, dims.H};
    step.units = units_of<Scalar>(share, dims.H);
    step.packed = packed;
    step.h_stride = call.h.b_stride;
    step.state_stride = state_stride<Scalar>(dims.H);
    const auto take = [&](Index size) {
      Scalar* taken = scratch;
      scratch += size;
      return taken;
    };
    Scalar* h_prev = take(state);
    Scalar* h_next = take(state);
    Scalar* h_scaled = h_prev;
    Scalar* h_next_scaled = h_next;
    step.m_h = row_of(call.factors.m_h, rows, dims.H);
    if (step.m_h != nullptr) {
      h_scaled = take(state);
      h_next_scaled = take(state);
    }
    if (!after(call)) {
      step.z = take(state);
      step.s = take(state);
    }
    Scalar* projected = take(projected_size(call));
    Scalar* x_scaled = scratch;
    if (is_first(share)) {
      load_state(call.h0, rows, dims.H, h_prev);
      if (step.m_h != nullptr) load_state(call.h0, rows, dims.H, h_scaled);
      if (step.m_h != nullptr) scale_state(call.factors.m_h, rows, dims.H, h_scaled);
    }
    meet(share);
    const bool ahead = project_ahead(dims, count);
    for (Index t = 0; t < dims.T; ++t) {
      if (!ahead) {
        const Segment<Scalar> x = input_rows(call.x, call.factors.m_x, dims, rows, t, 1, x_scaled);
        step.x = x.data;
        step.x_stride = x.row_stride;
      } else {
        if (t % kProjectedSteps == 0) {
          const Index steps = dims.T - t < kProjectedSteps ? dims.T - t : kProjectedSteps;
          project_steps(call, packed, step.units, input_rows(call.x, call.factors.m_x, dims, rows, t, steps, x_scaled),
                        steps, projected);
        }
        step.projected = projected + t % kProjectedSteps * projected_row(call);
      }
      step.h_prev = h_prev;
      step.h_scaled = h_scaled;
      step.h_next = h_next;
      step.h_next_scaled = h_next_scaled;
      step.z_h = zoneout_rows(call.zoneout.z_h, t, rows);
      step.h = at(call.h, t, rows.begin);
      if (call.cache.gates != nullptr) step.gates = call.cache.gates + (t * dims.B + rows.begin) * kGruSaved * dims.H;
      if (after(call)) {
        gru_after_cell_forward(policy, step);
      } else {
        gru_before_cell_reset(policy, step);
        meet(share);
        gru_before_cell_forward(policy, step);
      }
      meet(share);
      swap(h_prev, h_next);
      swap(h_scaled, h_next_scaled);
    }
    if (is_first(share)) store_state(h_prev, rows, dims.H, call.h_last);
  }

  // --- backward ---

  static TransposedGates<Scalar> gates_of(const Scalar* w, Index columns, Index H, int first, int count) {
    return {w, columns, kGruGates * H, H, first, count};
  }
  // Of w_h: z r n together for kResetAfter, whose cache rows begin with d_z d_r d_n_h; z r, then n, for kResetBefore.
  static Index backward_packed_size(const Backward& call) {
    return packed_size<Scalar>(kGruGates * call.dims.H, call.dims.H);
  }
  static void pack_backward(const Backward& call, Scalar* packed) {
    const Index H = call.dims.H;
    const Scalar* w = call.weights.w_h;
    if (after(call)) {
      pack_transposed(gates_of(w, H, H, 0, 2), kGruGates * H, 0, packed);
      pack_transposed(gates_of(w, H, H, 2, 1), kGruGates * H, 2 * H, packed);
    } else {
      pack_transposed(gates_of(w, H, H, 0, 2), 2 * H, 0, packed);
      pack_transposed(gates_of(w, H, H, 2, 1), H, 0, packed + packed_size<Scalar>(2 * H, H));
    }
  }

  // d_h, and kResetBefore's d_s or what is yet to be multiplied by its factors.
  static Index backward_scratch_size(const Backward& call, Index rows) {
    const Index states = after(call) && call.factors.m_h == nullptr ? 1 : 2;
    return states * rows * state_stride<Scalar>(call.dims.H);
  }

  // The steps in range, the last of all first; what they hand to those before them waits in scratch.
  template <class Policy>
  static void backward_rows(const Policy& policy, const Backward& call, const Scalar* packed, Range rows, Range steps,
                            UnitShare share, Scalar* scratch) {
    const Dims& dims = call.dims;
    const Index count = rows.end - rows.begin;
    const Index stride = state_stride<Scalar>(dims.H);
    const Index saved = kGruSaved * dims.H;
    GruStepBackward<Scalar> step;
    step.dims = {dims.T, count, dims.I, dims.H};
    step.units = units_of<Scalar>(share, dims.H);
    step.d_h_stride = call.d_h.b_stride;
    step.d_state = scratch;
    step.d_s = scratch + count * stride;
    step.m_h = row_of(call.factors.m_h, rows, dims.H);
    step.state_stride = stride;
    if (is_first(share) && steps.end == dims.T) load_state(call.d_h_last, rows, dims.H, step.d_state);
    meet(share);
    Product<Scalar> recurrent;
    recurrent.rows = count;
    recurrent.columns = dims.H;
    recurrent.packed = packed;
    recurrent.start = Start::kResult;
    recurrent.c = step.d_state;
    recurrent.c_stride = stride;
    recurrent.only = step.units;
    Product<Scalar> candidate = recurrent;
    candidate.packed = packed + packed_size<Scalar>(2 * dims.H, dims.H);
    candidate.start = Start::kZero;
    candidate.c = step.d_s;
    if (step.m_h != nullptr) {
      recurrent.start = Start::kZero;
      recurrent.c = step.d_s;
    }
    for (Index t = steps.end - 1; t >= steps.begin; --t) {
      step.gates = call.cache.gates + (t * dims.B + rows.begin) * saved;
      const Scalar* h0 = call.h0 == nullptr ? nullptr : call.h0 + rows.begin * dims.H;
      step.h_prev = t > 0 ? at(call.h, t - 1, rows.begin) : h0;
      step.h_prev_stride = t > 0 ? call.h.b_stride : dims.H;
      step.d_h = at(call.d_h, t, rows.begin);
      step.z_h = zoneout_rows(call.zoneout.z_h, t, rows);
      if (after(call)) {
        gru_after_cell_backward(policy, step);
        meet(share);
        recurrent.a[0] = {step.gates, saved, kGruGates * dims.H};
      } else {
        gru_before_cell_backward(policy, step);
        meet(share);
        candidate.a[0] = {step.gates + 3 * dims.H, saved, dims.H};
        product(candidate);
        gru_before_cell_backward_reset(policy, step);
        meet(share);
        recurrent.a[0] = {step.gates, saved, 2 * dims.H};
      }
      if (t == 0 && call.d_h0 == nullptr) break;
      product(recurrent);
      if (step.m_h != nullptr) {
        add_scaled_state(call.factors.m_h, rows, dims.H, step.units, step.d_s, step.d_state);
      }
    }
    meet(share);
    if (is_first(share) && steps.begin == 0) store_state(step.d_state, rows, dims.H, call.d_h0);
  }

  // --- after the loop ---

  static Index input_packed_size(const Backward& call) {
    return packed_size<Scalar>(kGruGates * call.dims.H, call.dims.I);
  }
  static void pack_input(const Backward& call, Scalar* packed) {
    const Index H = call.dims.H;
    pack_transposed(gates_of(call.weights.w_x, call.dims.I, H, 0, 2), kGruGates * H, 0, packed);
    pack_transposed(gates_of(call.weights.w_x, call.dims.I, H, 2, 1), kGruGates * H, 2 * H, packed);
  }

  // d_x of the steps in range, from d_z d_r and d_n.
  static void input_gradients(const Backward& call, const Scalar* packed, Range steps) {
    const Dims& dims = call.dims;
    const Index saved = kGruSaved * dims.H;
    Product<Scalar> p;
    p.columns = dims.I;
    p.packed = packed;
    for_sample_rows(call.d_x, dims.B, steps, [&](Index t, Index b, Index rows, Index gate_rows, Index c_stride) {
      const Scalar* gates = call.cache.gates + (t * dims.B + b) * saved;
      p.rows = rows;
      p.a[0] = {gates, gate_rows * saved, 2 * dims.H};
      p.a[1] = {gates + 3 * dims.H, gate_rows * saved, dims.H};
      p.c = at(call.d_x, t, b);
      p.c_stride = c_stride;
      product(p);
    });
    scale_gradients(call.d_x, call.factors.m_x, dims, steps);
  }

  // The weight gradients are three outer products over runs of a cache row, each with what its gates were multiplied
  // by.
  struct WeightPart {
    OuterProduct<Scalar> product;
    GateColumns columns;
    Scalar* to[kSources];
  };
  // The longest stands in the middle: halves of the panels are then halves of the work, as two threads want them.
  enum Part { kInputCandidate, kUpdateReset, kStateCandidate, kParts };

  static WeightPart weight_part(const Backward& call, int part, const Scalar* one) {
    const Dims& dims = call.dims;
    const Source<Scalar> x{call.x, dims.I, false, nullptr, call.factors.m_x};
    const Source<Scalar> h_prev{call.h, dims.H, true, call.h0, call.factors.m_h};
    const Index saved = kGruSaved * dims.H;
    WeightPart w;
    OuterProduct<Scalar>& p = w.product;
    p.T = dims.T;
    p.B = dims.B;
    p.d_stride = saved;
    w.columns.H = dims.H;
    w.columns.lanes = V::kLanes;
    w.columns.gates = part == kUpdateReset ? 2 : 1;
    w.columns.first_gate = part == kUpdateReset ? 0 : 2;
    p.columns = w.columns.gates * dims.H;
    w.to[0] = call.d_w_x;
    w.to[1] = call.d_w_h;
    w.to[2] = call.d_b_x;
    p.sources[0] = x;
    p.sources[1] = h_prev;
    if (part == kUpdateReset) {  // d_z d_r
      p.d = call.cache.gates;
    } else if (part == kInputCandidate) {  // d_n, from the input; from r * h_prev too where the reset acts before
      p.d = call.cache.gates + 3 * dims.H;
      p.sources[1] = {{call.cache.gates + 2 * dims.H, dims.B * saved, saved}, after(call) ? 0 : dims.H, false, nullptr};
    } else {  // d_n_h, from the state
      p.d = call.cache.gates + 2 * dims.H;
      p.sources[0].columns = 0;
      if (!after(call)) p.columns = 0;
      w.to[2] = call.d_b_h;
    }
    // The recurrent bias of z and r takes its gradient from the input bias's sums, which it may want alone.
    const bool wants_bias = w.to[2] != nullptr || (part == kUpdateReset && call.d_b_h != nullptr);
    p.sources[2] = {{one, 0, 0}, wants_bias ? Index(1) : 0, false, nullptr};
    return w;
  }

  // Panels of the parts count one after the other, and so do their sums in scratch.
  static Index weight_panels(const Backward& call) {
    Index panels = 0;
    for (int part = 0; part < kParts; ++part) panels += panel_count(weight_part(call, part, nullptr).product);
    return panels;
  }
  static Index weight_panel_work(const Backward& call, Index panel) {
    for (int part = 0; part < kParts; ++part) {
      const OuterProduct<Scalar> p = weight_part(call, part, nullptr).product;
      if (panel < panel_count(p)) return panel_work(p, panel);
      panel -= panel_count(p);
    }
    return 0;
  }
  static Index packing_size(const Backward& call) {
    Index size = 0;
    for (int part = 0; part < kParts; ++part) {
      const Index needed = outer_packing_size(weight_part(call, part, nullptr).product);
      size = size < needed ? needed : size;
    }
    return size;
  }
  static Index weight_scratch_size(const Backward& call, Index panels) {
    Index size = packing_size(call);
    for (int part = 0; part < kParts; ++part) {
      const OuterProduct<Scalar> p = weight_part(call, part, nullptr).product;
      size += outer_sums_size(p, panels < panel_count(p) ? panels : panel_count(p));
    }
    return size;
  }
  // Calls body(part, its product and targets, its panels among those in range, their sums).
  template <class Body>
  static void for_weight_parts(const Backward& call, Range panels, const Scalar* one, Scalar* sums, const Body& body) {
    Index first = 0;
    for (int part = 0; part < kParts; ++part) {
      const WeightPart w = weight_part(call, part, one);
      const Index count = panel_count(w.product);
      const Index begin = panels.begin > first ? panels.begin - first : 0;
      const Index end = panels.end - first < count ? panels.end - first : count;
      first += count;
      if (begin >= end) continue;
      body(part, w, Range{begin, end}, sums);
      sums += outer_sums_size(w.product, end - begin);
    }
  }

  // d_w_x, d_w_h and the biases of the gate columns in the panels: sums over the sample-steps in range, of one call or
  // of several, and their way to the gradients. kResetAfter's recurrent bias of z and r has the gradient of the input
  // bias.
  static void clear_weight_sums(const Backward& call, Range panels, Scalar* scratch) {
    for_weight_parts(
        call, panels, nullptr, scratch + packing_size(call),
        [](int, const WeightPart& w, Range range, Scalar* sums) { clear_outer_sums(w.product, range, sums); });
  }
  static void sum_weights(const Backward& call, Range panels, Range samples, bool fresh, Scalar* scratch) {
    const Scalar one = 1;
    for_weight_parts(call, panels, &one, scratch + packing_size(call),
                     [&](int, const WeightPart& w, Range range, Scalar* sums) {
                       sum_outer_product(w.product, range, samples, fresh, sums, scratch);
                     });
  }
  static void add_weight_sums(const Backward& call, Range panels, Scalar* scratch) {
    const Index row = kGruGates * call.dims.H;
    for_weight_parts(call, panels, nullptr, scratch + packing_size(call),
                     [&](int part, const WeightPart& w, Range range, const Scalar* sums) {
                       add_outer_sums(w.product, range, sums, w.columns, row, w.to);
                       if (part != kUpdateReset || call.d_b_h == nullptr) return;
                       Scalar* const recurrent_bias[kSources] = {nullptr, nullptr, call.d_b_h};
                       add_outer_sums(w.product, range, sums, w.columns, row, recurrent_bias);
                     });
  }
};

GATEDCORE_END_ISA
