#include "reference/gru.hpp"

#include "gru_problem.hpp"

namespace gatedcore::test {
namespace {

constexpr GruForm kForms[] = {GruForm::kResetAfter, GruForm::kResetBefore};

TEST_CASE("the GRU twin's gradients are those of its loss, for every pair of activations and both forms") {
  const Dims dims{3, 2, 3, 2};
  check::Random random(4);
  for (const GruForm form : kForms) {
    for (const Activation activation : kActivations) {
      for (const Activation recurrent : kActivations) {
        CONTEXT("form " << check::show(form) << " activation " << check::show(activation) << " recurrent_activation "
                        << check::show(recurrent));
        check_gru_differences(gru_problem<double>(random, dims, form, activation, recurrent), gru_twin<double>(dims.H));
      }
    }
  }
}

TEST_CASE("the GRU twin computes one step by hand") {
  // x = 2 and h0 = 0.5; the recurrent half of the candidate is 0.5 * 0.7 + b_h.
  GruProblem<double> p;
  p.dims = {1, 1, 1, 1};
  p.x = {2};
  p.w_x = {0.1, -0.2, 0.3};
  p.w_h = {0.5, 0.6, 0.7};
  p.b_x = {0.01, 0.02, 0.03};
  p.b_h = {0.04, 0.05, 0.06};
  p.h0 = {0.5};
  const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
  const double z = sigmoid(0.5), r = sigmoid(-0.03), n = std::tanh(0.63 + r * 0.41);
  const GruStates<double> after = solve_forward(p, gru_twin<double>(1));
  check_close("gates, reset after", after.gates, {z, r, 0.41, n}, 1e-15);
  check_close("h, reset after", after.h, {z * 0.5 + (1 - z) * n}, 1e-15);

  p.form = GruForm::kResetBefore;
  p.b_h.clear();
  const double z_1 = sigmoid(0.46), r_1 = sigmoid(-0.08), n_1 = std::tanh(0.63 + r_1 * 0.5 * 0.7);
  const GruStates<double> before = solve_forward(p, gru_twin<double>(1));
  check_close("gates, reset before", before.gates, {z_1, r_1, r_1 * 0.5, n_1}, 1e-15);
  check_close("h, reset before", before.h, {z_1 * 0.5 + (1 - z_1) * n_1}, 1e-15);
}

TEST_CASE("the GRU twin keeps of each old state what zoneout says") {
  const Dims dims{1, 1, 2, 3};
  check::Random random(7);
  GruProblem<double> p = gru_problem<double>(random, dims, GruForm::kResetAfter);
  set_zoneout(random, p, false);
  const GruSolver<double> twin = gru_twin<double>(dims.H);
  // One step without zoneout gives the new states that z mixes with the old ones.
  const GruStates<double> first = solve_forward(p, twin);
  GruProblem<double> step = p;
  for (auto* z : zoneouts(step)) *z = {0, 1, 0.25};
  const GruStates<double> mixed = solve_forward(step, twin);
  const auto expected = [](const std::vector<double>& old, const std::vector<double>& next) {
    return std::vector<double>{next[0], old[1], 0.25 * old[2] + 0.75 * next[2]};
  };
  check_close("h", mixed.h_last, expected(p.h0, first.h_last), 1e-15);
}

TEST_CASE("the GRU twin's gradients are those of its loss with zoneout of every state") {
  const Dims dims{4, 2, 3, 2};
  check::Random random(8);
  for (const GruForm form : kForms) {
    GruProblem<double> p = gru_problem<double>(random, dims, form);
    set_zoneout(random, p, true);
    check_gru_differences(p, gru_twin<double>(dims.H));
  }
}

TEST_CASE("the GRU twin does not depend on how its arrays stand in memory") {
  const Dims dims{4, 3, 2, 3};
  check::Random random(5);
  for (const GruForm form : kForms) {
    const GruProblem<double> p = gru_problem<double>(random, dims, form);
    const GruSolver<double> twin = gru_twin<double>(dims.H);
    const GruStates<double> states = solve_forward(p, twin);
    const GruGradients<double> gradients = solve_backward(p, twin, states);
    for (const Layout layout : kLayouts) {
      CONTEXT("form " << check::show(form) << " layout " << check::show(layout));
      GruSetup setup;
      setup.x = setup.h = setup.d_h = setup.d_x = layout;
      CHECK(same_bits(solve_forward(p, twin, setup), states));
      CHECK(same_bits(solve_backward(p, twin, states, setup), gradients));
    }
  }
}

TEST_CASE("what the GRU twin is not given counts as zeros") {
  const Dims dims{2, 2, 2, 2};
  check::Random random(6);
  for (const GruForm form : kForms) {
    GruProblem<double> zeros = gru_problem<double>(random, dims, form);
    for (auto* array : {&zeros.b_x, &zeros.b_h, &zeros.h0, &zeros.d_h_last}) array->assign(array->size(), 0);
    GruProblem<double> absent = zeros;
    for (auto* array : {&absent.b_x, &absent.b_h, &absent.h0, &absent.d_h_last}) array->clear();
    const GruSolver<double> twin = gru_twin<double>(dims.H);
    const GruStates<double> states = solve_forward(zeros, twin);
    CHECK(same_bits(solve_forward(absent, twin), states));
    CHECK(same_bits(solve_backward(absent, twin, states), solve_backward(zeros, twin, states)));
  }
}

}  // namespace
}  // namespace gatedcore::test
