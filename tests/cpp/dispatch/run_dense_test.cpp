// The dense kernels of every instruction set, through run_dense_forward and run_dense_backward, against the twin.
#include "dense_problem.hpp"
#include "dispatch/run.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_problem(const KernelTable& table, check::Random& random, Index M, Index I, Index O) {
  CONTEXT("M " << M << " I " << I << " O " << O << " bytes " << sizeof(Scalar));
  DenseProblem<Scalar> p = dense_problem<Scalar>(random, M, I, O);
  clear_sometimes(random, {&p.b});
  DenseSetup setup;
  setup.shift = static_cast<int>(random.integer(0, 3));
  setup.gap = random.integer(0, 2);
  setup.want_d_x = random_choice(random);
  setup.want_d_b = random_choice(random);
  check_close(solve(p, dense_kernel<Scalar>(table), setup), solve(widened(p), dense_twin<double>(), setup),
              Tolerances<Scalar>::kForward, Tolerances<Scalar>::kBackward);
}

template <class Scalar>
void check_sizes(const KernelTable& table) {
  check::Random random(1);
  const Index N = table.kernels<Scalar>().lanes;
  for (const Index M : kBatches) {
    for (const Index I : sizes_around(N)) {
      for (const Index O : sizes_around(N)) check_problem<Scalar>(table, random, M, I, O);
    }
  }
  // Several chunks of rows, several blocks of inputs, groups of four vectors and a rest.
  check_problem<Scalar>(table, random, 500, 3, N + 1);
  check_problem<Scalar>(table, random, 3, 500, 2);
  check_problem<Scalar>(table, random, 7, 5, 11 * N + 1);
}

TEST_CASE("both passes agree with the twin at every size") {
  for_each_isa([](const KernelTable& table) {
    check_sizes<float>(table);
    check_sizes<double>(table);
  });
}

TEST_CASE("the kernels' gradients are those of their own loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    check_dense_differences(dense_problem<double>(random, 3, 4, table.kernels<double>().lanes + 1),
                            dense_kernel<double>(table));
  });
}

template <class Scalar>
void check_threads(const KernelTable& table) {
  check::Random random(3);
  // 6 million operations: enough to deserve five threads.
  const DenseProblem<Scalar> p = dense_problem<Scalar>(random, 301, 100, 101);
  const DenseSolution<Scalar> expected = solve(p, dense_kernel<Scalar>(table, 1));
  for (const int threads : {1, 2, 3, 5}) {
    CONTEXT("threads " << threads << " bytes " << sizeof(Scalar));
    CHECK(same_bits(solve(p, dense_kernel<Scalar>(table, threads)), expected));
  }
}

TEST_CASE("any number of threads gives the same bits") {
  for_each_isa([](const KernelTable& table) {
    check_threads<float>(table);
    check_threads<double>(table);
  });
}

TEST_CASE("results do not depend on how arrays stand in memory") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    const DenseProblem<float> p = dense_problem<float>(random, 7, 5, table.kernels<float>().lanes + 3);
    DenseSetup setup;
    setup.shift = 1;
    setup.gap = 3;
    CHECK(same_bits(solve(p, dense_kernel<float>(table), setup), solve(p, dense_kernel<float>(table))));
  });
}

TEST_CASE("nothing is read behind the end of an array") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(6);
    for (const Index size : {2, 5, 11, 19, 35}) {
      const DenseProblem<float> p = dense_problem<float>(random, 4, size - 1, size);
      DenseSetup setup;
      setup.shift = kFence;
      CHECK(same_bits(solve(p, dense_kernel<float>(table), setup), solve(p, dense_kernel<float>(table))));
    }
  });
}

TEST_CASE("the caller's floating-point mode stays") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(5);
    const DenseProblem<float> p = dense_problem<float>(random, 301, 100, 101);
    reset_floating_point_mode();
    const std::uint64_t mode = floating_point_mode();
    solve(p, dense_kernel<float>(table, 3));
    CHECK(floating_point_mode() == mode);
  });
}

}  // namespace
}  // namespace gatedcore::test
