// sequence/dense.hpp part by part, through the kernel table of every instruction set.
#include "dense_problem.hpp"
#include "sequence/parts.hpp"

namespace gatedcore::test {
namespace {

// Rows and panels in runs of `run`, each with memory of the size asked for.
template <class Scalar>
DenseSolver<Scalar> in_parts(const KernelTable& table, Index run) {
  const DenseKernels<Scalar>& kernels = table.kernels<Scalar>().dense;
  return {[&kernels, run](const DenseForward<Scalar>& call) {
            Guarded<Scalar> packed(kernels.forward_packed_size(call), Scalar(kGuard), 0);
            kernels.pack_forward(call, packed.data());
            CHECK(packed.intact());
            for (const Range rows : parts_of(call.M, run)) kernels.forward_rows(call, packed.data(), rows);
          },
          [&kernels, run](const DenseBackward<Scalar>& call) {
            for (const Range panels : parts_of(kernels.weight_panels(call), run)) {
              Guarded<Scalar> scratch(kernels.weight_scratch_size(call, length(panels)), Scalar(kGuard), 0);
              kernels.weight_gradients(call, panels, scratch.data());
              CHECK(scratch.intact());
            }
            Guarded<Scalar> packed(kernels.input_packed_size(call), Scalar(kGuard), 0);
            kernels.pack_input(call, packed.data());
            CHECK(packed.intact());
            for (const Range rows : parts_of(call.M, run)) kernels.input_gradients(call, packed.data(), rows);
          }};
}

template <class Scalar>
void check_parts(const KernelTable& table, Index M, Index I, Index O) {
  CONTEXT("M " << M << " I " << I << " O " << O << " bytes " << sizeof(Scalar));
  check::Random random(1);
  const DenseProblem<Scalar> p = dense_problem<Scalar>(random, M, I, O);
  const DenseSolution<Scalar> whole = solve(p, in_parts<Scalar>(table, 1000));
  check_close(whole, solve(widened(p), dense_twin<double>()), Tolerances<Scalar>::kForward,
              Tolerances<Scalar>::kBackward);
  for (const Index run : {1, 2, 3, 5}) {
    CONTEXT("parts of " << run);
    CHECK(same_bits(solve(p, in_parts<Scalar>(table, run)), whole));
  }
}

template <class Scalar>
void check_shapes(const KernelTable& table) {
  const Index N = table.kernels<Scalar>().lanes;
  check_parts<Scalar>(table, 13, 5, 2 * N + 3);
  check_parts<Scalar>(table, 6, 2 * N + 3, 1);
  check_parts<Scalar>(table, 30, 3, 13 * N);
}

TEST_CASE("any split of rows and panels gives the same bits, in memory of the sizes asked for") {
  for_each_isa([](const KernelTable& table) {
    check_shapes<float>(table);
    check_shapes<double>(table);
  });
}

}  // namespace
}  // namespace gatedcore::test
