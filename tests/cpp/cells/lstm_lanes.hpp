// One step of one row of kLanes units, against the twin: what the tests of the LSTM's gates share.
#pragma once

#include "cells/lstm_gates.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {

// A step without inputs: the biases are the gates before activation.
template <class Scalar>
LstmProblem<Scalar> lane_problem(check::Random& random, Activation activation, Activation recurrent) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, {1, 1, 1, kLanes}, activation, recurrent);
  clear_factors(p);  // a sequence carries them from step to step: tests/cpp/sequence/
  p.z_h.clear();     // behind the gates
  p.z_c.clear();
  clear_variant(p);
  p.x.assign(1, 0);
  p.w_h.assign(p.w_h.size(), 0);
  return p;
}

template <class Scalar>
std::vector<Scalar> lanes_of(Vec<Scalar> v) {
  std::vector<Scalar> values(static_cast<std::size_t>(Vec<Scalar>::kLanes));
  v.store(values.data());
  return values;
}
template <class Scalar>
Scalar activate_lanes(Activation kind, Scalar x) {
  return lanes_of(activate(kind, Vec<Scalar>::set(x)))[0];
}
template <class Scalar>
LstmGates<Scalar> gates_at(const std::vector<Scalar>& values) {
  using V = Vec<Scalar>;
  const Scalar* p = values.data();
  return {V::load(p), V::load(p + V::kLanes), V::load(p + 2 * V::kLanes), V::load(p + 3 * V::kLanes)};
}
template <class Scalar>
std::vector<Scalar> values_of(const LstmGates<Scalar>& gates) {
  std::vector<Scalar> all;
  for (const Vec<Scalar>& gate : {gates.i, gates.f, gates.g, gates.o}) {
    for (const Scalar value : lanes_of(gate)) all.push_back(value);
  }
  return all;
}

// Against the twin both ways. Returns the gradients before activation.
template <class Policy, class Scalar>
LstmGates<Scalar> check_gates(const Policy& policy, const LstmProblem<Scalar>& p) {
  using V = Vec<Scalar>;
  const LstmSolver<double> twin = lstm_twin<double>(p.dims.H);
  const LstmStates<double> states = solve_forward(widened(p), twin);
  V c = V::load(p.c0.data());
  LstmGates<Scalar> gates;
  const V h = lstm_gates_forward(policy, gates_at(p.b), gates, c);
  check_close("h", lanes_of(h), states.h, Tolerances<Scalar>::kForward);
  check_close("c", lanes_of(c), states.c, Tolerances<Scalar>::kForward);
  check_close("gates", values_of(gates), states.gates, Tolerances<Scalar>::kForward);

  LstmStates<Scalar> saved;
  saved.h = lanes_of(h);
  saved.c = lanes_of(c);
  saved.gates = values_of(gates);
  LstmProblem<Scalar> backward = p;
  backward.d_h_last.clear();  // d_h brings it
  const LstmGradients<double> gradients =
      solve_backward(widened(backward), twin, for_twin<Scalar>(p, saved, activate_lanes<Scalar>));
  V d_c = V::load(p.d_c_last.data());
  const LstmGates<Scalar> d_a = lstm_gates_backward(policy, gates, V::load(p.c0.data()), c, V::load(p.d_h.data()), d_c);
  check_close("d_a", values_of(d_a), gradients.d_a, Tolerances<Scalar>::kBackward);
  check_close("d_c_prev", lanes_of(d_c), gradients.d_c0, Tolerances<Scalar>::kBackward);
  return d_a;
}

}  // namespace gatedcore::test
