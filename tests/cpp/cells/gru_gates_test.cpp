#include "cells/gru_gates.hpp"

#include "gru_problem.hpp"

namespace gatedcore::test {
namespace {

// One step of one row of kLanes units whose products with x and h are zero but for the identity in the candidate's
// recurrent weights where the reset acts before: the biases are the gates before activation.
template <class Scalar>
GruProblem<Scalar> lane_problem(check::Random& random, GruForm form, Activation activation, Activation recurrent) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  GruProblem<Scalar> p = gru_problem<Scalar>(random, {1, 1, 1, kLanes}, form, activation, recurrent);
  p.clip = 0;
  clear_factors(p);  // a sequence carries them from step to step: tests/cpp/sequence/
  p.z_h.clear();     // behind the gates
  p.x.assign(1, 0);
  p.w_h.assign(p.w_h.size(), 0);
  if (form == GruForm::kResetBefore) {
    for (Index u = 0; u < kLanes; ++u) p.w_h[u * 3 * kLanes + 2 * kLanes + u] = 1;
  }
  p.d_h_last.clear();  // d_h brings it
  return p;
}

template <class Scalar>
Vec<Scalar> run_at(const std::vector<Scalar>& values, Index q) {
  return Vec<Scalar>::load(values.data() + q * Vec<Scalar>::kLanes);
}
template <class Scalar>
std::vector<Scalar> values_of(std::initializer_list<Vec<Scalar>> vectors) {
  std::vector<Scalar> all(vectors.size() * static_cast<std::size_t>(Vec<Scalar>::kLanes));
  Scalar* to = all.data();
  for (const Vec<Scalar>& v : vectors) {
    v.store(to);
    to += Vec<Scalar>::kLanes;
  }
  return all;
}

template <class Policy, class Scalar>
void check_after(const Policy& policy, const GruProblem<Scalar>& p) {
  using V = Vec<Scalar>;
  const GruSolver<double> twin = gru_twin<double>(p.dims.H);
  const GruStates<double> states = solve_forward(widened(p), twin);
  const V h_prev = V::load(p.h0.data()), n_h = run_at(p.b_h, 2);
  GruGates<Scalar> gates;
  const V h = gru_after_forward(policy, run_at(p.b_x, 0) + run_at(p.b_h, 0), run_at(p.b_x, 1) + run_at(p.b_h, 1),
                                run_at(p.b_x, 2), n_h, h_prev, gates);
  GruStates<Scalar> saved;
  saved.h = values_of<Scalar>({h});
  saved.gates = values_of<Scalar>({gates.z, gates.r, n_h, gates.n});
  check_close("h", saved.h, states.h, Tolerances<Scalar>::kForward);
  check_close("gates", saved.gates, states.gates, Tolerances<Scalar>::kForward);

  const GruGradients<double> gradients = solve_backward(widened(p), twin, widened(saved));
  V d_h_prev;
  const auto d_a = gru_after_backward(policy, gates, n_h, h_prev, V::load(p.d_h.data()), d_h_prev);
  check_close("d_a", values_of<Scalar>({d_a.z, d_a.r, d_a.n_h, d_a.n}), gradients.d_a, Tolerances<Scalar>::kBackward);
  check_close("d_h_prev", values_of<Scalar>({d_h_prev}), gradients.d_h0, Tolerances<Scalar>::kBackward);
}

template <class Policy, class Scalar>
void check_before(const Policy& policy, const GruProblem<Scalar>& p) {
  using V = Vec<Scalar>;
  const GruSolver<double> twin = gru_twin<double>(p.dims.H);
  const GruStates<double> states = solve_forward(widened(p), twin);
  const V h_prev = V::load(p.h0.data());
  const V z = policy.recurrent(run_at(p.b_x, 0)), r = policy.recurrent(run_at(p.b_x, 1)), s = r * h_prev;
  const V n = policy.activation(run_at(p.b_x, 2) + s);  // through the identity
  GruStates<Scalar> saved;
  saved.h = values_of<Scalar>({gru_state(z, n, h_prev)});
  saved.gates = values_of<Scalar>({z, r, s, n});
  check_close("h", saved.h, states.h, Tolerances<Scalar>::kForward);

  const GruGradients<double> gradients = solve_backward(widened(p), twin, widened(saved));
  V d_a_z, d_a_n, d_h_prev;
  gru_before_backward(policy, z, n, h_prev, V::load(p.d_h.data()), d_a_z, d_a_n, d_h_prev);
  const V d_a_r = gru_before_backward_reset(policy, r, h_prev, d_a_n, d_h_prev);  // d_s is d_a_n through the identity
  check_close("d_a", values_of<Scalar>({d_a_z, d_a_r, s, d_a_n}), gradients.d_a, Tolerances<Scalar>::kBackward);
  check_close("d_h_prev", values_of<Scalar>({d_h_prev}), gradients.d_h0, Tolerances<Scalar>::kBackward);
}

template <class Scalar>
void check_pairs() {
  check::Random random(1);
  for (const Activation activation : kActivations) {
    for (const Activation recurrent : kActivations) {
      CONTEXT("activation " << check::show(activation) << " recurrent_activation " << check::show(recurrent));
      const Any<Scalar> policy{activation, recurrent};
      check_after(policy, lane_problem<Scalar>(random, GruForm::kResetAfter, activation, recurrent));
      check_before(policy, lane_problem<Scalar>(random, GruForm::kResetBefore, activation, recurrent));
    }
  }
  check_after(Standard{}, lane_problem<Scalar>(random, GruForm::kResetAfter, Activation::kTanh, Activation::kSigmoid));
  check_before(Standard{},
               lane_problem<Scalar>(random, GruForm::kResetBefore, Activation::kTanh, Activation::kSigmoid));
}

TEST_CASE("the GRU's gates agree with the twin both ways, for both forms and every pair of activations") {
  check_pairs<float>();
  check_pairs<double>();
}

}  // namespace
}  // namespace gatedcore::test
