#include "reference/lstm.hpp"

#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("the LSTM twin's gradients are those of its loss, for every pair of activations") {
  const Dims dims{3, 2, 3, 2};
  check::Random random(1);
  for (const Activation activation : kActivations) {
    for (const Activation recurrent : kActivations) {
      CONTEXT("activation " << check::show(activation) << " recurrent_activation " << check::show(recurrent));
      check_lstm_differences(lstm_problem<double>(random, dims, activation, recurrent), lstm_twin<double>(dims.H));
    }
  }
}

TEST_CASE("the LSTM twin computes one step by hand") {
  // x = 2, h0 = 0.5, c0 = -1; every gate before activation is 2 w_x + 0.5 w_h + b.
  LstmProblem<double> p;
  p.dims = {1, 1, 1, 1};
  p.x = {2};
  p.w_x = {0.1, -0.2, 0.3, 0.4};
  p.w_h = {0.5, 0.6, -0.7, 0.8};
  p.b = {0.01, 0.02, 0.03, 0.04};
  p.h0 = {0.5};
  p.c0 = {-1};
  const LstmStates<double> states = solve_forward(p, lstm_twin<double>(1));
  const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
  const double i = sigmoid(0.46), f = sigmoid(-0.08), g = std::tanh(0.28), o = sigmoid(1.24);
  const double c = f * -1 + i * g;
  check_close("gates", states.gates, {i, f, g, o}, 1e-15);
  check_close("c", states.c, {c}, 1e-15);
  check_close("h", states.h, {o * std::tanh(c)}, 1e-15);
}

TEST_CASE("the LSTM twin keeps of each old state what zoneout says") {
  const Dims dims{1, 1, 2, 3};
  check::Random random(7);
  LstmProblem<double> p = lstm_problem<double>(random, dims);
  set_zoneout(random, p, false);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  // One step without zoneout gives the new states that z mixes with the old ones.
  const LstmStates<double> first = solve_forward(p, twin);
  LstmProblem<double> step = p;
  for (auto* z : zoneouts(step)) *z = {0, 1, 0.25};
  const LstmStates<double> mixed = solve_forward(step, twin);
  const auto expected = [](const std::vector<double>& old, const std::vector<double>& next) {
    return std::vector<double>{next[0], old[1], 0.25 * old[2] + 0.75 * next[2]};
  };
  check_close("h", mixed.h_last, expected(p.h0, first.h_last), 1e-15);
  check_close("c", mixed.c_last, expected(p.c0, first.c_last), 1e-15);
}

TEST_CASE("the LSTM twin's gradients are those of its loss with zoneout of every state") {
  const Dims dims{4, 2, 3, 2};
  check::Random random(8);
  LstmProblem<double> p = lstm_problem<double>(random, dims);
  set_zoneout(random, p, true);
  check_lstm_differences(p, lstm_twin<double>(dims.H));
}

TEST_CASE("the LSTM twin does not depend on how its arrays stand in memory") {
  const Dims dims{4, 3, 2, 3};
  check::Random random(2);
  const LstmProblem<double> p = lstm_problem<double>(random, dims);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<double> states = solve_forward(p, twin);
  const LstmGradients<double> gradients = solve_backward(p, twin, states);
  for (const Layout layout : kLayouts) {
    CONTEXT("layout " << check::show(layout));
    LstmSetup setup;
    setup.x = setup.h = setup.d_h = setup.d_x = layout;
    CHECK(same_bits(solve_forward(p, twin, setup), states));
    CHECK(same_bits(solve_backward(p, twin, states, setup), gradients));
  }
}

TEST_CASE("what the LSTM twin is not given counts as zeros") {
  const Dims dims{2, 2, 2, 2};
  check::Random random(3);
  LstmProblem<double> zeros = lstm_problem<double>(random, dims);
  for (auto* array : {&zeros.b, &zeros.h0, &zeros.c0, &zeros.d_h_last, &zeros.d_c_last})
    array->assign(array->size(), 0);
  LstmProblem<double> absent = zeros;
  for (auto* array : {&absent.b, &absent.h0, &absent.c0, &absent.d_h_last, &absent.d_c_last}) array->clear();
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<double> states = solve_forward(zeros, twin);
  CHECK(same_bits(solve_forward(absent, twin), states));
  CHECK(same_bits(solve_backward(absent, twin, states), solve_backward(zeros, twin, states)));
}

}  // namespace
}  // namespace gatedcore::test
