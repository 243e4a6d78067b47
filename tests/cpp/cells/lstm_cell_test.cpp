#include "cells/lstm_cell.hpp"

#include "cells/state_rows.hpp"
#include "gemm/project.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
std::vector<Scalar> gates_in_order(const std::vector<Scalar>& cache, Index B, Index H) {
  std::vector<Scalar> gates;
  for (Index i = 0; i < B * 4 * H; ++i) {
    const Index row = i / (4 * H), q = i % (4 * H) / H, u = i % H;
    gates.push_back(cache[row * 4 * H + lstm_cache_index(H, Vec<Scalar>::kLanes, q, u)]);
  }
  return gates;
}

// A step whose tiles start from biases or, `ahead`, from a projection of x.
template <class Scalar>
LstmStates<Scalar> forward_step(const LstmProblem<Scalar>& p, bool ahead) {
  const Dims& dims = p.dims;
  const Index B = dims.B, H = dims.H, blocks = block_count<Scalar>(H), panel = lstm_panel_size<Scalar>(dims, dims.H);
  const Index projected_row = blocks * kLstmGates * Vec<Scalar>::kLanes;
  Guarded<Scalar> packed(blocks * panel, 0, 0), projected(B * projected_row, 0, 0);
  lstm_pack(dims, dims.H, p.w_x.data(), p.w_h.data(), p.b.data(), packed.data());
  const Guarded<Scalar> x(p.x), h_prev = state_of(p.h0, B, H);
  Guarded<Scalar> h_next(B * state_row<Scalar>(H), 0, 0), c = state_of(p.c0, B, H);
  Guarded<Scalar> gates(B * 4 * H), c_saved(B * H);
  SequenceArray<Scalar> h(1, B, H, Layout::kPadded);
  Guarded<Scalar> h_old = state_of(p.h0, B, H);
  const ZoneoutArray<Scalar> z_h(p.z_h, dims, Layout::kTimeMajor, 1), z_c(p.z_c, dims, Layout::kTimeMajor, 1);
  LstmStep<Scalar> step;
  step.dims = dims;
  step.units = {0, dims.H};
  step.packed = packed.data();
  step.x = x.data();
  step.x_stride = dims.I;
  if (ahead) {
    lstm_project(dims, H, packed.data(), {0, H}, Segment<Scalar>{x.data(), dims.I, dims.I}, B, projected.data());
    step.projected = projected.data();
    step.projected_stride = projected_row;
  }
  step.R = H;
  step.h_prev = h_prev.data();
  step.h_prev_stride = state_row<Scalar>(H);
  step.h_next = h_next.data();
  step.c = c.data();
  step.z_h = {z_h.sequence().data, z_h.sequence().b_stride};
  step.z_c = {z_c.sequence().data, z_c.sequence().b_stride};
  step.h_old = h_old.data();
  step.state_stride = state_row<Scalar>(H);
  step.h = h.sequence().data;
  step.h_stride = h.sequence().b_stride;
  step.gates = gates.data();
  step.c_saved = c_saved.data();
  lstm_cell_forward(Standard{}, step);

  LstmStates<Scalar> states{h.values(),
                            values_of_state(h_next, B, H),
                            values_of_state(c, B, H),
                            gates_in_order(gates.values(), B, H),
                            c_saved.values(),
                            {}};
  CHECK(packed.intact());
  CHECK(projected.intact());
  CHECK(h_next.intact());
  CHECK(c.intact());
  CHECK(gates.intact());
  CHECK(c_saved.intact());
  CHECK(h_old.intact());
  if (!p.z_h.empty()) CHECK(same_bits(values_of_state(h_old, B, H), states.h));
  CHECK(h.intact());
  return states;
}

// d_a and d_c_prev of a step from the states that forward saved, and of d_h_prev what passes no weights.
template <class Scalar>
LstmGradients<Scalar> backward_step(const LstmProblem<Scalar>& p, const LstmStates<Scalar>& states) {
  const Index B = p.dims.B, H = p.dims.H;
  const Guarded<Scalar> c(states.c), c_prev(p.c0), d_h(p.d_h), d_h_next = state_of(p.d_h_last, B, H);
  Guarded<Scalar> gates(B * 4 * H), d_c = state_of(p.d_c_last, B, H), d_h_old(B * state_row<Scalar>(H), 0, 0);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, Layout::kTimeMajor, 1), z_c(p.z_c, p.dims, Layout::kTimeMajor, 1);
  for (Index i = 0; i < B * 4 * H; ++i) {
    const Index row = i / (4 * H), q = i % (4 * H) / H, u = i % H;
    gates.data()[row * 4 * H + lstm_cache_index(H, Vec<Scalar>::kLanes, q, u)] = states.gates[i];
  }
  LstmStepBackward<Scalar> step;
  step.dims = p.dims;
  step.units = {0, p.dims.H};
  step.gates = gates.data();
  step.c = c.data();
  step.c_prev = c_prev.data();
  step.d_h = d_h.data();
  step.d_h_stride = H;
  step.d_h_next = d_h_next.data();
  step.d_c = d_c.data();
  step.z_h = {z_h.sequence().data, z_h.sequence().b_stride};
  step.z_c = {z_c.sequence().data, z_c.sequence().b_stride};
  step.d_h_old = d_h_old.data();
  step.state_stride = state_row<Scalar>(H);
  lstm_cell_backward(Standard{}, step);
  LstmGradients<Scalar> g;
  g.d_a = gates_in_order(gates.values(), B, H);
  g.d_c0 = values_of_state(d_c, B, H);
  g.d_h0 = values_of_state(d_h_old, B, H);
  CHECK(gates.intact());
  CHECK(d_h_old.intact());
  CHECK(d_c.intact());
  return g;
}

template <class Scalar>
void check_step(Dims dims) {
  CONTEXT(list_of(dims));
  check::Random random(1);
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
  clear_factors(p);  // a sequence carries them from step to step: tests/cpp/sequence/
  clear_variant(p);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<Scalar> states = forward_step(p, false);
  check_close(states, solve_forward(widened(p), twin), Tolerances<Scalar>::kForward);
  CHECK(same_bits(forward_step(p, true), states));

  const LstmGradients<double> expected = solve_backward(widened(p), twin, widened(states));
  LstmGradients<Scalar> g = backward_step(p, states);
  check_close("d_a", g.d_a, expected.d_a, Tolerances<Scalar>::kBackward);
  check_close("d_c_prev", g.d_c0, expected.d_c0, Tolerances<Scalar>::kBackward);
  // What the step leaves to the product with the recurrent weights.
  const Index H = dims.H;
  for (Index i = 0; i < dims.B * H; ++i) {
    for (Index q = 0; q < 4 * H; ++q) g.d_h0[i] += g.d_a[i / H * 4 * H + q] * p.w_h[i % H * 4 * H + q];
  }
  check_close("d_h_prev", g.d_h0, expected.d_h0, Tolerances<Scalar>::kBackward);
}

TEST_CASE("one LSTM step agrees with the twin both ways, for every tile") {
  for (const Index B : {1, 2, 3, 4, 5, 6, 7, 13}) {
    for (const Index H : sizes_around(Vec<float>::kLanes)) check_step<float>({1, B, 3, H});
  }
  // A lone row takes several blocks at once, and a narrow one with them.
  for (Index blocks = 1; blocks <= 9; ++blocks) {
    check_step<float>({1, 1, 3, blocks * Vec<float>::kLanes - 1});
    check_step<float>({1, 1, 3, blocks * Vec<float>::kLanes + 1});
  }
}

}  // namespace
}  // namespace gatedcore::test
