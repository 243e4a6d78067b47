#include "reference/masked.hpp"

#include "gru_problem.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

// Row 0 has a hole and ends early, row 1 begins late.
const std::vector<std::uint8_t> kBytes = {1, 0, 1, 0, /**/ 0, 0, 1, 1};
constexpr Dims kDims{4, 2, 2, 3};
StepMask mask() { return {kBytes.data(), 1, kDims.T}; }
// Row 0 begins anew at its third step, row 1 at once.
const std::vector<std::uint8_t> kResets = {0, 0, 1, 0, /**/ 1, 0, 0, 0};
StepMask reset() { return {kResets.data(), 1, kDims.T}; }

TEST_CASE("a masked step keeps the states, and its output is the last one or zero") {
  check::Random random(1);
  const LstmProblem<double> p = lstm_problem<double>(random, kDims);
  const auto run = [&](MaskedOutput output) {
    LstmSetup setup;
    setup.save = false;
    return solve_forward(
        p, {[=](const LstmForward<double>& call) { reference::masked_forward(call, mask(), {}, output); }, {}, kDims.H},
        setup);
  };
  const auto h_at = [&](const LstmStates<double>& states, Index t, Index b) {
    return rows_of(states.h, kDims.B, kDims.H, {t, t + 1}, {b, b + 1});
  };
  const LstmStates<double> repeated = run(MaskedOutput::kRepeat), zeroed = run(MaskedOutput::kZero);
  const std::vector<double> zeros(kDims.H);
  CHECK(h_at(repeated, 1, 0) == h_at(repeated, 0, 0));
  CHECK(h_at(repeated, 3, 0) == h_at(repeated, 2, 0));
  CHECK(h_at(repeated, 1, 1) == zeros);
  CHECK(h_at(zeroed, 1, 0) == zeros);
  CHECK(h_at(zeroed, 2, 0) == h_at(repeated, 2, 0));
  CHECK(rows_of(repeated.h_last, 2, kDims.H, {0, 1}, {0, 1}) == h_at(repeated, 2, 0));
  // The steps that count, alone.
  LstmProblem<double> row = part_of(p, {0, 4}, {0, 1});
  row.dims.T = 2;
  const auto first_and_third = [](std::vector<double>& steps, Index F) {
    std::copy_n(steps.begin() + 2 * F, F, steps.begin() + F);
    steps.resize(2 * F);
  };
  first_and_third(row.x, kDims.I);
  for (auto* z : {&row.z_h, &row.z_c}) {
    if (Index(z->size()) > kDims.H) first_and_third(*z, kDims.H);
  }
  const LstmStates<double> alone = solve_forward(row, lstm_twin<double>(kDims.H));
  CHECK(rows_of(alone.h, 1, kDims.H, {1, 2}, {0, 1}) == h_at(repeated, 2, 0));
}

TEST_CASE("a reset forgets what was before") {
  check::Random random(3);
  LstmProblem<double> p = lstm_problem<double>(random, kDims);
  const LstmSolver<double> solver{
      [](const LstmForward<double>& call) { reference::masked_forward(call, {}, reset(), MaskedOutput::kRepeat); },
      {},
      kDims.H};
  LstmSetup setup;
  setup.save = false;
  const LstmStates<double> states = solve_forward(p, solver, setup);
  LstmProblem<double> end = part_of(p, {2, 4}, {0, 1});
  end.h0.clear();
  end.c0.clear();
  const LstmStates<double> alone = solve_forward(end, lstm_twin<double>(kDims.H));
  CHECK(rows_of(states.h, kDims.B, kDims.H, {2, 4}, {0, 1}) == alone.h);
  CHECK(rows_of(states.c_last, kDims.B, kDims.H, {0, 1}, {0, 1}) == alone.c_last);
}

TEST_CASE("the twins' gradients are those of their loss") {
  for (const MaskedOutput output : {MaskedOutput::kRepeat, MaskedOutput::kZero}) {
    CONTEXT("output " << int(output));
    check::Random random(2);
    check_lstm_differences(
        lstm_problem<double>(random, kDims),
        {[=](const LstmForward<double>& call) { reference::masked_forward(call, mask(), reset(), output); },
         [=](const LstmBackward<double>& call) {
           reference::masked_backward<LstmForward<double>>(call, mask(), reset(), output);
         },
         kDims.H});
    check_gru_differences(
        gru_problem<double>(random, kDims, GruForm::kResetAfter),
        {[=](const GruForward<double>& call) { reference::masked_forward(call, mask(), reset(), output); },
         [=](const GruBackward<double>& call) {
           reference::masked_backward<GruForward<double>>(call, mask(), reset(), output);
         },
         kDims.H});
  }
}

}  // namespace
}  // namespace gatedcore::test
