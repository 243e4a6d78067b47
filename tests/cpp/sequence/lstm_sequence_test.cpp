// sequence/lstm_sequence.hpp part by part, through the kernel table of every instruction set.
#include "dispatch/peephole_gradients.hpp"
#include "dispatch/projection_gradients.hpp"
#include "lstm_problem.hpp"
#include "sequence/parts.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
LstmSolver<Scalar> in_parts(const KernelTable& table, Index run, Index shares = 1) {
  const Kernels<Scalar>& kernels = table.kernels<Scalar>();
  return {[=, &kernels](const LstmForward<Scalar>& call) { forward_in_parts(kernels.lstm, call, run, shares); },
          [=, &kernels, &table](const LstmBackward<Scalar>& call) {
            PeepholeGradients<Scalar> peepholes(call, call.dims.B);
            ProjectionGradients<Scalar> projection(peepholes.call(), call.dims.T * call.dims.B);
            backward_in_parts(kernels.lstm, projection.call(), run, shares);
            projection.add(table, 1);
            peepholes.add();
          },
          kernels.lanes};
}

template <class Scalar>
void check_parts(const KernelTable& table, Dims dims, bool zoned, Index P = 0) {
  CONTEXT(list_of(dims) << " zoned " << zoned << " P " << P << " bytes " << sizeof(Scalar));
  check::Random random(1);
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
  set_zoneout(random, p, zoned);
  if (P > 0) project(random, p, P);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<Scalar> states = solve_forward(p, in_parts<Scalar>(table, 1000));
  const LstmGradients<Scalar> gradients = solve_backward(p, in_parts<Scalar>(table, 1000), states);
  check_close(states, solve_forward(widened(p), twin), Tolerances<Scalar>::kForward);
  check_close(gradients, solve_backward(widened(p), twin, for_twin(p, states, activation_of<Scalar>(table))),
              Tolerances<Scalar>::kBackward);
  for (const Index run : {1, 2, 3, 5}) {
    CONTEXT("parts of " << run);
    CHECK(same_bits(solve_forward(p, in_parts<Scalar>(table, run)), states));
    CHECK(same_bits(solve_backward(p, in_parts<Scalar>(table, run), states), gradients));
  }
}

template <class Scalar>
void check_shapes(const KernelTable& table) {
  const Index N = table.kernels<Scalar>().lanes;
  for (const bool zoned : {false, true}) {
    check_parts<Scalar>(table, {5, 13, 5, 2 * N + 3}, zoned);
    check_parts<Scalar>(table, {7, 6, 1, N}, zoned);
    check_parts<Scalar>(table, {50, 2, 6, N + 1}, zoned);
    check_parts<Scalar>(table, {1, 3, 3, 5 * N - 1}, zoned);
    check_parts<Scalar>(table, {6, 5, 3, 2 * N + 3}, zoned, N + 1);
    check_parts<Scalar>(table, {50, 2, 6, N + 1}, zoned, 3);
  }
}

TEST_CASE("any split of rows, panels and steps gives the same bits, in memory of the sizes asked for") {
  for_each_isa([](const KernelTable& table) {
    check_shapes<float>(table);
    check_shapes<double>(table);
  });
}

template <class Scalar>
void check_team(const KernelTable& table, Dims dims, bool zoned, Index P = 0) {
  CONTEXT(list_of(dims) << " zoned " << zoned << " P " << P << " bytes " << sizeof(Scalar));
  check::Random random(2);
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
  p.m_x.clear();
  set_zoneout(random, p, zoned);
  if (P > 0) project(random, p, P);
  const LstmStates<Scalar> states = solve_forward(p, in_parts<Scalar>(table, 1000));
  const LstmGradients<Scalar> gradients = solve_backward(p, in_parts<Scalar>(table, 1000), states);
  for (const Index shares : {2, 3, 5}) {
    CONTEXT("shares " << shares);
    CHECK(same_bits(solve_forward(p, in_parts<Scalar>(table, 1000, shares)), states));
    CHECK(same_bits(solve_backward(p, in_parts<Scalar>(table, 1000, shares), states), gradients));
  }
}

template <class Scalar>
void check_teams(const KernelTable& table) {
  const Index N = table.kernels<Scalar>().lanes;
  for (const bool zoned : {false, true}) {
    check_team<Scalar>(table, {30, 1, 5, 9 * N + 1}, zoned);
    check_team<Scalar>(table, {4, 2, 1, 8 * N}, zoned);
    check_team<Scalar>(table, {3, 7, 3, 5 * N - 1}, zoned);
    check_team<Scalar>(table, {1, 1, 3, N}, zoned);
    check_team<Scalar>(table, {0, 3, 3, N}, zoned);
    check_team<Scalar>(table, {30, 1, 5, 9 * N + 1}, zoned, 5 * N + 1);
    check_team<Scalar>(table, {7, 3, 5, 5 * N - 1}, zoned, 3);
  }
}

TEST_CASE("threads that share the units give the same bits, also where some have none") {
  for_each_isa([](const KernelTable& table) {
    check_teams<float>(table);
    check_teams<double>(table);
  });
}

}  // namespace
}  // namespace gatedcore::test
