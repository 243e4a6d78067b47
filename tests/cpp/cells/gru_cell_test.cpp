#include "cells/gru_cell.hpp"

#include "cells/gru_cell_backward.hpp"
#include "cells/state_rows.hpp"
#include "gru_problem.hpp"

namespace gatedcore::test {
namespace {

constexpr GruForm kForms[] = {GruForm::kResetAfter, GruForm::kResetBefore};

template <class Scalar>
Index cache_at(Index H, Index i) {
  return i / (4 * H) * 4 * H + gru_cache_index(H, Vec<Scalar>::kLanes, i % (4 * H) / H, i % H);
}

template <class Scalar>
Guarded<Scalar> packed_weights(const GruProblem<Scalar>& p) {
  const Dims& dims = p.dims;
  const bool after = p.form == GruForm::kResetAfter;
  const Index panels = after ? gru_after_panel_size<Scalar>(dims)
                             : gru_before_panel_size<Scalar>(dims, 2) + gru_before_panel_size<Scalar>(dims, 1);
  Guarded<Scalar> packed(block_count<Scalar>(dims.H) * panels, 0, 0);
  if (after) {
    gru_after_pack(dims, p.w_x.data(), p.w_h.data(), p.b_x.data(), p.b_h.data(), packed.data());
  } else {
    gru_before_pack(dims, p.w_x.data(), p.w_h.data(), p.b_x.data(), packed.data());
  }
  CHECK(packed.intact());
  return packed;
}

template <class Scalar>
GruStates<Scalar> forward_step(const GruProblem<Scalar>& p) {
  const Index B = p.dims.B, H = p.dims.H, state = B * state_row<Scalar>(H);
  const Guarded<Scalar> packed = packed_weights(p), x(p.x), h_prev = state_of(p.h0, B, H);
  Guarded<Scalar> h_next(state, 0, 0), z(state, 0, 0), s(state, 0, 0), gates(B * 4 * H);
  SequenceArray<Scalar> h(1, B, H, Layout::kPadded);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, Layout::kTimeMajor, 1);
  GruStep<Scalar> step;
  step.dims = p.dims;
  step.units = {0, p.dims.H};
  step.packed = packed.data();
  step.x = x.data();
  step.x_stride = p.dims.I;
  step.h_prev = step.h_scaled = h_prev.data();
  step.h_next = h_next.data();
  step.z = z.data();
  step.s = s.data();
  step.z_h = {z_h.sequence().data, z_h.sequence().b_stride};
  step.state_stride = state_row<Scalar>(H);
  step.h = h.sequence().data;
  step.h_stride = h.sequence().b_stride;
  step.gates = gates.data();
  if (p.form == GruForm::kResetAfter) {
    gru_after_cell_forward(Standard{}, step);
  } else {
    gru_before_cell_reset(Standard{}, step);
    gru_before_cell_forward(Standard{}, step);
  }
  GruStates<Scalar> states{h.values(), values_of_state(h_next, B, H), {}};
  for (Index i = 0; i < B * 4 * H; ++i) states.gates.push_back(gates.data()[cache_at<Scalar>(H, i)]);
  CHECK(h_next.intact());
  CHECK(z.intact());
  CHECK(s.intact());
  CHECK(gates.intact());
  CHECK(h.intact());
  return states;
}

// d_a of a step from the states that forward saved, and of d_h_prev what does not pass the recurrent weights of z and
// r.
template <class Scalar>
GruGradients<Scalar> backward_step(const GruProblem<Scalar>& p, const GruStates<Scalar>& states) {
  const Index B = p.dims.B, H = p.dims.H, stride = state_row<Scalar>(H);
  const Guarded<Scalar> h_prev(p.h0), d_h(p.d_h);
  Guarded<Scalar> gates(B * 4 * H), d_state = state_of(p.d_h_last, B, H), d_s(B * stride, 0, 0);
  for (Index i = 0; i < B * 4 * H; ++i) gates.data()[cache_at<Scalar>(H, i)] = states.gates[i];
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, Layout::kTimeMajor, 1);
  GruStepBackward<Scalar> step;
  step.dims = p.dims;
  step.units = {0, p.dims.H};
  step.gates = gates.data();
  step.h_prev = h_prev.data();
  step.h_prev_stride = H;
  step.d_h = d_h.data();
  step.d_h_stride = H;
  step.d_state = d_state.data();
  step.d_s = d_s.data();
  step.z_h = {z_h.sequence().data, z_h.sequence().b_stride};
  step.state_stride = stride;
  if (p.form == GruForm::kResetAfter) {
    gru_after_cell_backward(Standard{}, step);
  } else {
    gru_before_cell_backward(Standard{}, step);
    for (Index row = 0; row < B; ++row) {  // d_s = d_n w_hn^T: the product that stands between the halves
      for (Index k = 0; k < H; ++k) {
        Scalar sum = 0;
        for (Index u = 0; u < H; ++u) sum += gates.data()[row * 4 * H + 3 * H + u] * p.w_h[k * 3 * H + 2 * H + u];
        d_s.data()[row * stride + k] = sum;
      }
    }
    gru_before_cell_backward_reset(Standard{}, step);
  }
  GruGradients<Scalar> g;
  g.d_h0 = values_of_state(d_state, B, H);
  for (Index i = 0; i < B * 4 * H; ++i) g.d_a.push_back(gates.data()[cache_at<Scalar>(H, i)]);
  CHECK(gates.intact());
  CHECK(d_state.intact());
  CHECK(d_s.intact());
  return g;
}

template <class Scalar>
void check_step(GruForm form, Dims dims) {
  CONTEXT("form " << check::show(form) << " " << list_of(dims));
  check::Random random(1);
  GruProblem<Scalar> p = gru_problem<Scalar>(random, dims, form);
  p.clip = 0;
  clear_factors(p);  // a sequence carries them from step to step: tests/cpp/sequence/
  const GruSolver<double> twin = gru_twin<double>(dims.H);
  const GruStates<Scalar> states = forward_step(p);
  check_close(states, solve_forward(widened(p), twin), Tolerances<Scalar>::kForward);

  const GruGradients<double> expected = solve_backward(widened(p), twin, widened(states));
  GruGradients<Scalar> g = backward_step(p, states);
  check_close("d_a", g.d_a, expected.d_a, Tolerances<Scalar>::kBackward);
  // What the step leaves to the product with the recurrent weights: z and r, and n_h where the reset acts after.
  const Index H = dims.H, runs = form == GruForm::kResetAfter ? 3 : 2;
  for (Index i = 0; i < dims.B * H; ++i) {
    for (Index q = 0; q < runs; ++q) {
      for (Index u = 0; u < H; ++u) g.d_h0[i] += g.d_a[i / H * 4 * H + q * H + u] * p.w_h[i % H * 3 * H + q * H + u];
    }
  }
  check_close("d_h_prev", g.d_h0, expected.d_h0, Tolerances<Scalar>::kBackward);
}

TEST_CASE("one GRU step agrees with the twin both ways, for both forms and every tile") {
  for (const GruForm form : kForms) {
    for (const Index B : {1, 2, 3, 4, 5, 6, 7, 13}) {
      for (const Index H : sizes_around(Vec<float>::kLanes)) check_step<float>(form, {1, B, 3, H});
    }
    // A lone row takes several blocks at once, and a narrow one with them.
    for (Index blocks = 1; blocks <= 17; ++blocks) {
      check_step<float>(form, {1, 1, 3, blocks * Vec<float>::kLanes - 1});
      check_step<float>(form, {1, 1, 3, blocks * Vec<float>::kLanes + 1});
    }
  }
}

}  // namespace
}  // namespace gatedcore::test
