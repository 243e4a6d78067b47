// The LSTM with a projection on every instruction set, against the twin and by finite differences.
#include <memory>

#include "dispatch/run_masked.hpp"
#include "lstm_problem.hpp"
#include "reference/masked.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
LstmProblem<Scalar> projected_problem(check::Random& random, Dims dims, Index P) {
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
  project(random, p, P);
  return p;
}

template <class Scalar>
void check_twin(const KernelTable& table, check::Random& random, Dims dims, Index P) {
  CONTEXT(list_of(dims) << " P " << P << " bytes " << sizeof(Scalar));
  LstmProblem<Scalar> p = projected_problem<Scalar>(random, dims, P);
  clear_sometimes(random, {&p.b, &p.h0, &p.c0, &p.d_h, &p.d_h_last, &p.d_c_last, &p.m_x, &p.m_h, &p.z_c});
  LstmSetup setup;
  for (Layout* layout : {&setup.x, &setup.h, &setup.d_h, &setup.d_x, &setup.z}) *layout = random_layout(random);
  setup.shift = static_cast<int>(random.integer(0, 3));
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  const LstmSolver<double> twin = lstm_twin<double>(dims.H);
  const LstmStates<Scalar> states = solve_forward(p, kernel, setup);
  check_close(states, solve_forward(widened(p), twin), Tolerances<Scalar>::kForward);
  check_close(solve_backward(p, kernel, states, setup),
              solve_backward(widened(p), twin, for_twin(p, states, activation_of<Scalar>(table))),
              Tolerances<Scalar>::kBackward);
  setup.save = false;
  const LstmStates<Scalar> unsaved = solve_forward(p, kernel, setup);
  CHECK(same_bits(unsaved.h, states.h));
  CHECK(same_bits(unsaved.c_last, states.c_last));
}

template <class Scalar>
void check_sizes(const KernelTable& table) {
  check::Random random(1);
  const Index N = table.kernels<Scalar>().lanes;
  for (const Index B : kBatches) {
    for (const Index H : sizes_around(N)) {
      for (const Index P : {Index(1), N, H, 2 * N + 3}) {
        check_twin<Scalar>(table, random, {kSteps[random.integer(0, 3)], B, 3, H}, P);
      }
    }
  }
  check_twin<Scalar>(table, random, {50, 1, 5, N + 1}, 3);  // steps projected ahead of a lone row
  check_twin<Scalar>(table, random, {60, 7, 3, N + 2}, 3);  // several chunks of sample-steps
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
    for (int i = 0; i < 4; ++i) {
      check_lstm_differences(projected_problem<double>(random, {4, 2, 3, table.kernels<double>().lanes + 1}, 2),
                             lstm_kernel<double>(table));
    }
  });
}

TEST_CASE("any number of threads, and any arrangement in memory, gives the same bits") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    // A lone row's units are shared by the threads, 13 rows are not.
    for (const Dims& dims : {Dims{20, 13, 32, 40}, Dims{330, 1, 37, 120}}) {
      const LstmProblem<float> p = projected_problem<float>(random, dims, 24);
      const LstmStates<float> states = solve_forward(p, lstm_kernel<float>(table));
      const LstmGradients<float> gradients = solve_backward(p, lstm_kernel<float>(table), states);
      LstmSetup setup;
      setup.shift = kFence;
      for (const int threads : {1, 2, 5}) {
        CONTEXT(list_of(dims) << " threads " << threads);
        const LstmSolver<float> kernel = lstm_kernel<float>(table, threads);
        CHECK(same_bits(solve_forward(p, kernel, setup), states));
        CHECK(same_bits(solve_backward(p, kernel, states, setup), gradients));
      }
    }
  });
}

// Holes and resets.
struct Steps {
  std::vector<std::uint8_t> mask, reset;  // (T, B)
  Index B;
  StepMask valid() const { return {mask.data(), B, 1}; }
  StepMask resets() const { return {reset.data(), B, 1}; }
};

LstmSolver<double> masked_kernel(const KernelTable& table, const Steps& steps) {
  auto kept = std::make_shared<std::unique_ptr<MaskedSteps<double>>>();
  return {[=, &table](const LstmForward<double>& call) {
            *kept =
                std::make_unique<MaskedSteps<double>>(steps.valid(), steps.resets(), MaskedOutput::kRepeat, call.dims);
            run_lstm_forward(table, call, **kept, 2);
          },
          [=, &table](const LstmBackward<double>& call) { run_lstm_backward(table, call, **kept, 2); },
          table.kernels<double>().lanes};
}

TEST_CASE("with masks and resets both passes agree with the twin, and gradients with the loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    for (const Index P : {Index(2), table.kernels<double>().lanes + 3}) {
      const Dims dims{6, 5, 2, table.kernels<double>().lanes + 1};
      CONTEXT(list_of(dims) << " P " << P);
      Steps steps{{}, {}, dims.B};
      for (Index i = 0; i < dims.T * dims.B; ++i) {
        steps.mask.push_back(random.integer(0, 3) != 0);
        steps.reset.push_back(random.integer(0, 4) == 0);
      }
      const LstmProblem<double> p = projected_problem<double>(random, dims, P);
      const LstmSolver<double> kernel = masked_kernel(table, steps);
      const LstmSolver<double> twin{
          [=](const LstmForward<double>& call) {
            reference::masked_forward(call, steps.valid(), steps.resets(), MaskedOutput::kRepeat);
          },
          [=](const LstmBackward<double>& call) {
            reference::masked_backward<LstmForward<double>>(call, steps.valid(), steps.resets(), MaskedOutput::kRepeat);
          },
          dims.H};
      const LstmStates<double> states = solve_forward(p, kernel), expected = solve_forward(p, twin);
      check_close("h", states.h, expected.h, Tolerances<double>::kForward);
      check_close("h_last", states.h_last, expected.h_last, Tolerances<double>::kForward);
      check_close("c_last", states.c_last, expected.c_last, Tolerances<double>::kForward);
      check_close("d_w_r", solve_backward(p, kernel, states).d_w_r, solve_backward(p, twin, expected).d_w_r,
                  Tolerances<double>::kForward + Tolerances<double>::kBackward);
      check_lstm_differences(p, kernel);
    }
  });
}

TEST_CASE("a projection by ones leaves the plain layer's results") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(5);
    LstmProblem<double> p = lstm_problem<double>(random, {5, 3, 2, table.kernels<double>().lanes + 1});
    p.z_h.clear();
    const LstmSolver<double> kernel = lstm_kernel<double>(table);
    const LstmStates<double> states = solve_forward(p, kernel);
    const LstmGradients<double> gradients = solve_backward(p, kernel, states);
    p.P = p.dims.H;
    p.w_r.assign(static_cast<std::size_t>(p.P * p.P), 0);
    for (Index u = 0; u < p.P; ++u) p.w_r[static_cast<std::size_t>(u * p.P + u)] = 1;
    const LstmStates<double> same = solve_forward(p, kernel);
    CHECK(same_bits(same.h, states.h));
    CHECK(same_bits(same.m, states.h));
    const LstmGradients<double> again = solve_backward(p, kernel, same);
    CHECK(same_bits(again.d_x, gradients.d_x));
    CHECK(same_bits(again.d_w_h, gradients.d_w_h));
    CHECK(same_bits(again.d_h0, gradients.d_h0));
  });
}

}  // namespace
}  // namespace gatedcore::test
