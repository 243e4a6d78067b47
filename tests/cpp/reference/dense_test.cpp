#include "reference/dense.hpp"

#include "dense_problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("the dense twin's gradients are those of its loss") {
  check::Random random(7);
  check_dense_differences(dense_problem<double>(random, 3, 4, 5), dense_twin<double>());
}

TEST_CASE("the dense twin computes two rows by hand") {
  DenseProblem<double> p;
  p.M = 2;
  p.I = 2;
  p.O = 1;
  p.x = {1, 2, 3, 4};
  p.w = {10, 100};
  p.b = {5};
  p.d_y = {1, 2};
  const DenseSolution<double> s = solve(p, dense_twin<double>());
  check_close("y", s.y, {215, 435}, 1e-15);
  check_close("d_x", s.d_x, {10, 100, 20, 200}, 1e-15);
  check_close("d_w", s.d_w, {kGradientStart + 7, kGradientStart + 10}, 1e-15);
  check_close("d_b", s.d_b, {kGradientStart + 3}, 1e-15);
}

TEST_CASE("the dense twin reads rows with gaps") {
  check::Random random(8);
  const DenseProblem<double> p = dense_problem<double>(random, 3, 4, 5);
  CHECK(same_bits(solve(p, dense_twin<double>(), {1, 3, true, true}), solve(p, dense_twin<double>())));
}

}  // namespace
}  // namespace gatedcore::test
