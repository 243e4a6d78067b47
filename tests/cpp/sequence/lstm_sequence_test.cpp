// sequence/lstm_sequence.hpp part by part, through the kernel table of every instruction set.
#include "lstm_problem.hpp"
#include "sequence/parts.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
LstmSolver<Scalar> in_parts(const KernelTable& table, Index run) {
  const Kernels<Scalar>& kernels = table.kernels<Scalar>();
  return {[&kernels, run](const LstmForward<Scalar>& call) { forward_in_parts(kernels.lstm, call, run); },
          [&kernels, run](const LstmBackward<Scalar>& call) { backward_in_parts(kernels.lstm, call, run); },
          kernels.lanes};
}

template <class Scalar>
void check_parts(const KernelTable& table, Dims dims) {
  CONTEXT(list_of(dims) << " bytes " << sizeof(Scalar));
  check::Random random(1);
  const LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<Scalar> states = solve_forward(p, in_parts<Scalar>(table, 1000));
  const LstmGradients<Scalar> gradients = solve_backward(p, in_parts<Scalar>(table, 1000), states);
  check_close(states, solve_forward(widened(p), twin), Tolerances<Scalar>::kForward);
  check_close(gradients, solve_backward(widened(p), twin, widened(states)), Tolerances<Scalar>::kBackward);
  for (const Index run : {1, 2, 3, 5}) {
    CONTEXT("parts of " << run);
    CHECK(same_bits(solve_forward(p, in_parts<Scalar>(table, run)), states));
    CHECK(same_bits(solve_backward(p, in_parts<Scalar>(table, run), states), gradients));
  }
}

template <class Scalar>
void check_shapes(const KernelTable& table) {
  const Index N = table.kernels<Scalar>().lanes;
  check_parts<Scalar>(table, {5, 13, 5, 2 * N + 3});
  check_parts<Scalar>(table, {7, 6, 1, N});
  check_parts<Scalar>(table, {50, 2, 6, N + 1});
  check_parts<Scalar>(table, {1, 3, 3, 5 * N - 1});
}

TEST_CASE("any split of rows, panels and steps gives the same bits, in memory of the sizes asked for") {
  for_each_isa([](const KernelTable& table) {
    check_shapes<float>(table);
    check_shapes<double>(table);
  });
}

}  // namespace
}  // namespace gatedcore::test
