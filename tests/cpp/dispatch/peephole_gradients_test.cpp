#include "dispatch/peephole_gradients.hpp"

#include "dispatch/run_recompute.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("rows are added in their order to what stands there") {
  LstmBackward<float> call;
  call.dims = {1, 2, 1, 2};
  std::vector<float> d_p{1, 2, 3, 4, 5, 6};
  call.d_p = d_p.data();
  PeepholeGradients<float> peepholes(call, 3);
  for (Index i = 0; i < 18; ++i) {
    CHECK(peepholes.call().d_p_rows[i] == 0);
    peepholes.call().d_p_rows[i] = static_cast<float>(i);
  }
  peepholes.add();
  CHECK(d_p == std::vector<float>({1 + 18, 2 + 21, 3 + 24, 4 + 27, 5 + 30, 6 + 33}));
}

TEST_CASE("a call that wants none has none, and adds none") {
  PeepholeGradients<float> peepholes(LstmBackward<float>{}, 3);
  CHECK(peepholes.call().d_p_rows == nullptr);
  peepholes.add();
}

LstmProblem<double> variant_problem(check::Random& random, Dims dims, int which) {
  LstmProblem<double> p = lstm_problem<double>(random, dims);
  clear_variant(p);
  if ((which & 1) != 0) p.p = random_array<double>(random, 3 * dims.H, 1);
  p.input_forget = (which & 2) != 0;
  p.clip = (which & 4) != 0 ? 0.6 : 0;
  return p;
}

TEST_CASE("with peepholes, coupled gates and limits in any combination the gradients are those of the loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(1);
    const LstmSolver<double> recomputing{[&table](LstmForward<double> call) {
                                           call.cache.gates = nullptr;
                                           run_lstm_forward(table, call, 1);
                                         },
                                         [&table](LstmBackward<double> call) {
                                           call.cache.gates = nullptr;
                                           run_lstm_recompute(table, call, 1);
                                         },
                                         table.kernels<double>().lanes};
    for (int which = 1; which < 8; ++which) {
      for (const bool zoned : {false, true}) {
        CONTEXT("which " << which << " zoned " << zoned);
        LstmProblem<double> p = variant_problem(random, {4, 2, 3, table.kernels<double>().lanes + 1}, which);
        set_zoneout(random, p, zoned);
        check_lstm_differences(p, lstm_kernel<double>(table));
        check_lstm_differences(p, recomputing);
      }
    }
  });
}

TEST_CASE("limits that cut nothing off and peepholes of zeros leave the plain cell's results") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    LstmProblem<double> p = variant_problem(random, {5, 3, 3, table.kernels<double>().lanes + 3}, 0);
    const LstmSolver<double> kernel = lstm_kernel<double>(table);
    const LstmStates<double> states = solve_forward(p, kernel);
    const LstmGradients<double> gradients = solve_backward(p, kernel, states);
    p.clip = 1e6;
    CHECK(same_bits(solve_forward(p, kernel), states));
    CHECK(same_bits(solve_backward(p, kernel, states), gradients));
    p.p.assign(static_cast<std::size_t>(3 * p.dims.H), 0);
    CHECK(same_bits(solve_forward(p, kernel).h, states.h));
    check_close("d_w_h", solve_backward(p, kernel, states).d_w_h, gradients.d_w_h, Tolerances<double>::kBackward);
  });
}

}  // namespace
}  // namespace gatedcore::test
