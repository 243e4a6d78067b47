// Backward passes without saved gates on every instruction set: against the twin, by finite differences, and against
// backward passes with them.
#include "dispatch/run_recompute.hpp"

#include "gru_problem.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

constexpr GruForm kForms[] = {GruForm::kResetAfter, GruForm::kResetBefore};

// Neither pass is given memory for gates; those of a solution mean nothing, nor does d_a.
template <class Scalar>
LstmSolver<Scalar> recomputing_lstm(const KernelTable& table, int threads = 1) {
  return {[&table, threads](LstmForward<Scalar> call) {
            call.cache.gates = nullptr;
            run_lstm_forward(table, call, threads);
          },
          [&table, threads](LstmBackward<Scalar> call) {
            call.cache.gates = nullptr;
            run_lstm_recompute(table, call, threads);
          },
          table.kernels<Scalar>().lanes};
}
template <class Scalar>
GruSolver<Scalar> recomputing_gru(const KernelTable& table, int threads = 1) {
  return {[&table, threads](GruForward<Scalar> call) {
            call.cache.gates = nullptr;
            run_gru_forward(table, call, threads);
          },
          [&table, threads](GruBackward<Scalar> call) {
            call.cache.gates = nullptr;
            run_gru_recompute(table, call, threads);
          },
          table.kernels<Scalar>().lanes};
}

template <class Setup>
Setup random_setup(check::Random& random) {
  Setup s;
  for (Layout* layout : {&s.x, &s.h, &s.d_h, &s.d_x, &s.z}) *layout = random_layout(random);
  s.shift = static_cast<int>(random.integer(0, 3));
  s.want_d_x = random_choice(random);
  s.want_d_h0 = random_choice(random);
  if constexpr (requires { s.want_d_c0; }) s.want_d_c0 = random_choice(random);
  return s;
}

template <class Gradients>
Gradients without_cache(Gradients gradients) {
  gradients.d_a.clear();
  return gradients;
}

// Against the twin from the kernel's own states, and against the bits of a backward pass from saved gates.
template <class Scalar, class Problem, class Solver, class Twin, class Setup>
void check_problem(const Problem& p, const Solver& saving, const Solver& recomputing, const Twin& twin,
                   const ActivateOne<Scalar>& activate, const Setup& setup) {
  const auto wide = widened(p);
  const auto states = solve_forward(p, saving);
  auto expected = without_cache(solve_backward(wide, twin, for_twin(p, states, activate)));
  keep(expected, setup);
  const auto saved = without_cache(solve_backward(p, saving, states, setup));
  const auto gradients = without_cache(solve_backward(p, recomputing, solve_forward(p, recomputing), setup));
  check_close(gradients, expected, Tolerances<Scalar>::kBackward);
  CHECK(same_bits(gradients, saved));
}

template <class Scalar>
void check_random_problem(const KernelTable& table, check::Random& random, Dims dims,
                          Activation activation = Activation::kTanh, Activation recurrent = Activation::kSigmoid) {
  CONTEXT(list_of(dims) << " activation " << check::show(activation) << " recurrent_activation "
                        << check::show(recurrent) << " bytes " << sizeof(Scalar));
  LstmProblem<Scalar> lstm = lstm_problem<Scalar>(random, dims, activation, recurrent);
  clear_sometimes(random, {&lstm.b, &lstm.h0, &lstm.c0, &lstm.d_h, &lstm.d_h_last, &lstm.d_c_last, &lstm.m_x, &lstm.m_h,
                           &lstm.z_h, &lstm.z_c});
  check_problem<Scalar>(lstm, lstm_kernel<Scalar>(table), recomputing_lstm<Scalar>(table), lstm_twin<double>(dims.H),
                        activation_of<Scalar>(table), random_setup<LstmSetup>(random));
  for (const GruForm form : kForms) {
    CONTEXT("form " << check::show(form));
    GruProblem<Scalar> gru = gru_problem<Scalar>(random, dims, form, activation, recurrent);
    clear_sometimes(random, {&gru.b_x, &gru.b_h, &gru.h0, &gru.d_h, &gru.d_h_last, &gru.m_x, &gru.m_h, &gru.z_h});
    check_problem<Scalar>(gru, gru_kernel<Scalar>(table), recomputing_gru<Scalar>(table), gru_twin<double>(dims.H),
                          activation_of<Scalar>(table), random_setup<GruSetup>(random));
  }
}

// Spans are of some hundred sample-steps: several of many steps, a last one that is shorter, and of one step each where
// the batch is larger than a span. Few of them end where a chunk of the weight gradients does. Of the last shape, the
// pass with saved gates has spans of its own.
constexpr Dims kSeveralSpans[] = {{1100, 1, 5, 3}, {300, 7, 3, 5}, {90, 13, 2, 9}, {3, 700, 2, 3}, {30, 40, 2, 64}};

template <class Scalar>
void check_sizes(const KernelTable& table) {
  check::Random random(1);
  const std::vector<Index> sizes = sizes_around(table.kernels<Scalar>().lanes);
  for (const Index B : {0, 1, 2, 7}) {
    for (const Index T : kSteps) {
      for (const Index H : sizes) check_random_problem<Scalar>(table, random, {T, B, 3, H});
    }
  }
  for (const Dims& dims : long_shapes(table.kernels<Scalar>().lanes)) check_random_problem<Scalar>(table, random, dims);
  for (const Dims& dims : kSeveralSpans) check_random_problem<Scalar>(table, random, dims);
}

TEST_CASE("gradients agree with the twin, and to the bit with those of a pass from saved gates") {
  for_each_isa([](const KernelTable& table) {
    check_sizes<float>(table);
    check_sizes<double>(table);
  });
}

TEST_CASE("gates are those of the call's activations") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    for (const Activation activation : kActivations) {
      for (const Activation recurrent : kActivations) {
        check_random_problem<float>(table, random, {3, 4, 3, table.kernels<float>().lanes + 3}, activation, recurrent);
      }
    }
  });
}

TEST_CASE("gradients are those of the kernels' own loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    for (const Dims& dims : {Dims{4, 3, 2, table.kernels<double>().lanes + 1}, Dims{3, 300, 1, 1}}) {
      check_lstm_differences(lstm_problem<double>(random, dims), recomputing_lstm<double>(table));
      for (const GruForm form : kForms) {
        GruProblem<double> p = gru_problem<double>(random, dims, form);
        if (form == GruForm::kResetBefore) p.b_h.clear();
        check_gru_differences(p, recomputing_gru<double>(table));
      }
    }
  });
}

template <class Problem, class MakeSolver>
void check_same_for_any_threads(const Problem& p, const MakeSolver& solver) {
  const auto states = solve_forward(p, solver(1));
  const auto gradients = solve_backward(p, solver(1), states);
  for (const int threads : {1, 2, 3, 5}) {
    CONTEXT(list_of(p.dims) << " threads " << threads);
    CHECK(same_bits(solve_backward(p, solver(threads), states), gradients));
  }
}

TEST_CASE("any number of threads gives the same bits") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    // A span of 512 sample-steps is at least six million operations: enough to deserve five threads. Those of the last
    // shape share the units of the time loop's few rows.
    for (const Dims& dims : {Dims{100, 13, 32, 40}, Dims{1100, 1, 37, 40}, Dims{104, 5, 64, 130}}) {
      check_same_for_any_threads(lstm_problem<float>(random, dims),
                                 [&](int threads) { return recomputing_lstm<float>(table, threads); });
      for (const GruForm form : kForms) {
        check_same_for_any_threads(gru_problem<float>(random, dims, form),
                                   [&](int threads) { return recomputing_gru<float>(table, threads); });
      }
    }
  });
}

TEST_CASE("spans of a pass with saved gates, longer for more threads, do not change its bits") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(6);
    const Dims dims{60, 40, 2, 64};
    check_same_for_any_threads(lstm_problem<float>(random, dims),
                               [&](int threads) { return lstm_kernel<float>(table, threads); });
    for (const GruForm form : kForms) {
      check_same_for_any_threads(gru_problem<float>(random, dims, form),
                                 [&](int threads) { return gru_kernel<float>(table, threads); });
    }
  });
}

TEST_CASE("results do not depend on how arrays stand in memory, and nothing is read behind their end") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(5);
    for (const Index B : {Index(1), Index(5)}) {
      const LstmProblem<float> p = lstm_problem<float>(random, {150, B, 5, table.kernels<float>().lanes + 3});
      const LstmSolver<float> solver = recomputing_lstm<float>(table);
      const LstmStates<float> states = solve_forward(p, solver);
      const LstmGradients<float> gradients = solve_backward(p, solver, states);
      for (const Layout layout : kLayouts) {
        for (const int shift : {1, kFence}) {
          CONTEXT("layout " << check::show(layout) << " B " << B << " shift " << shift);
          LstmSetup setup;
          setup.x = setup.h = setup.d_h = setup.d_x = setup.z = layout;
          setup.shift = shift;
          CHECK(same_bits(solve_backward(p, solver, states, setup), gradients));
        }
      }
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
