// The LSTM kernels of every instruction set, through run_lstm_forward and run_lstm_backward, against the twin.
#include <limits>

#include "dispatch/run.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

LstmSetup random_setup(check::Random& random) {
  LstmSetup s;
  for (Layout* layout : {&s.x, &s.h, &s.d_h, &s.d_x, &s.z}) *layout = random_layout(random);
  s.shift = static_cast<int>(random.integer(0, 3));
  for (bool* flag :
       {&s.save, &s.h_last, &s.c_last, &s.h_sequence, &s.want_d_x, &s.want_d_h0, &s.want_d_c0, &s.want_d_b}) {
    *flag = random_choice(random);
  }
  return s;
}

// Forward against the twin in float64; backward against the twin from the states that the kernel itself saved, so that
// both see the same sides of the corners of relu and hard_sigmoid.
template <class Scalar>
void check_problem(const KernelTable& table, const LstmProblem<Scalar>& p, const LstmSetup& setup) {
  CONTEXT(list_of(p.dims) << " activation " << check::show(p.activation) << " recurrent_activation "
                          << check::show(p.recurrent_activation) << " bytes " << sizeof(Scalar));
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  const LstmSolver<double> twin = lstm_twin<double>(p.dims.H);
  const LstmProblem<double> wide = widened(p);

  LstmStates<double> expected = solve_forward(wide, twin);
  keep(expected, setup);
  LstmStates<Scalar> states = solve_forward(p, kernel, setup);
  check_close(states, expected, Tolerances<Scalar>::kForward);

  if (!setup.save) states = solve_forward(p, kernel);
  LstmGradients<double> gradients = solve_backward(wide, twin, for_twin(p, states, activation_of<Scalar>(table)));
  keep(gradients, setup);
  check_close(solve_backward(p, kernel, states, setup), gradients, Tolerances<Scalar>::kBackward);
}

template <class Scalar>
void check_random_problem(const KernelTable& table, check::Random& random, Dims dims,
                          Activation activation = Activation::kTanh, Activation recurrent = Activation::kSigmoid) {
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims, activation, recurrent);
  clear_sometimes(random, {&p.b, &p.h0, &p.c0, &p.d_h, &p.d_h_last, &p.d_c_last, &p.m_x, &p.m_h, &p.z_h, &p.z_c});
  check_problem(table, p, random_setup(random));
}

template <class Scalar>
void check_sizes(const KernelTable& table) {
  check::Random random(1);
  const std::vector<Index> sizes = sizes_around(table.kernels<Scalar>().lanes);
  for (const Index B : kBatches) {
    for (const Index I : sizes) {
      for (const Index H : sizes) check_random_problem<Scalar>(table, random, {kSteps[random.integer(0, 3)], B, I, H});
    }
  }
  for (const Dims& dims : long_shapes(table.kernels<Scalar>().lanes)) check_random_problem<Scalar>(table, random, dims);
}

TEST_CASE("both passes agree with the twin at every size") {
  for_each_isa([](const KernelTable& table) {
    check_sizes<float>(table);
    check_sizes<double>(table);
  });
}

TEST_CASE("both passes agree with the twin for every pair of activations") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    for (const Activation activation : kActivations) {
      for (const Activation recurrent : kActivations) {
        const Index N = table.kernels<float>().lanes;
        check_random_problem<float>(table, random, {3, 4, 3, N + 3}, activation, recurrent);
        check_random_problem<double>(table, random, {3, 4, 3, N / 2 + 3}, activation, recurrent);
      }
    }
  });
}

TEST_CASE("the kernels' gradients are those of their own loss, for every pair of activations") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    const Dims dims{3, 2, 2, table.kernels<double>().lanes + 1};
    for (const Activation activation : kActivations) {
      for (const Activation recurrent : kActivations) {
        CONTEXT("activation " << check::show(activation) << " recurrent_activation " << check::show(recurrent));
        check_lstm_differences(lstm_problem<double>(random, dims, activation, recurrent), lstm_kernel<double>(table));
      }
    }
  });
}

LstmProblem<double> without_factors(LstmProblem<double> p) {
  clear_factors(p);
  return p;
}

// Without biases and states nothing but the tiny input reaches a sum, where it would survive.
TEST_CASE("denormal inputs count as zeros and the caller's floating-point mode stays") {
#if defined(__x86_64__) || defined(__aarch64__)
  for_each_isa([](const KernelTable& table) {
    check::Random random(9);
    LstmProblem<float> p = lstm_problem<float>(random, {20, 13, 32, 40});
    for (auto* array : {&p.b, &p.h0, &p.c0, &p.d_h_last, &p.d_c_last}) array->clear();
    p.x.assign(p.x.size(), 1e-40f);
    p.d_h.assign(p.d_h.size(), 1e-40f);
    for (const int threads : {1, 3}) {
      const LstmSolver<float> kernel = lstm_kernel<float>(table, threads);
      reset_floating_point_mode();
      const std::uint64_t mode = floating_point_mode();
      const LstmStates<float> states = solve_forward(p, kernel);
      CHECK(floating_point_mode() == mode);
      const LstmGradients<float> gradients = solve_backward(p, kernel, states);
      CHECK(floating_point_mode() == mode);
      for (const float h : states.h) CHECK(h == 0);
      for (const float d_x : gradients.d_x) CHECK(d_x == 0);
    }
  });
#else
  SKIP("denormals are left alone on this processor");
#endif
}

TEST_CASE("h stays within its promise after 1000 steps") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(10);
    const LstmProblem<float> p = lstm_problem<float>(random, {1000, 2, 8, 33});
    const LstmStates<double> expected = solve_forward(widened(p), lstm_twin<double>(33));
    const LstmStates<float> states = solve_forward(p, lstm_kernel<float>(table));
    check_close("h_last", states.h_last, expected.h_last, Tolerances<float>::kAfterThousandSteps);
    check_close("h", states.h, expected.h, Tolerances<float>::kAfterThousandSteps);
  });
}

TEST_CASE("with factors of inputs and states, or of one of them, the gradients are those of the loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(13);
    for (const int which : {0, 1, 2, 3}) {
      for (const Index B : {1, 2}) {
        CONTEXT("which " << which << " B " << B);
        LstmProblem<double> p = lstm_problem<double>(random, {3, B, 5, table.kernels<double>().lanes + 1});
        p.m_x.assign(static_cast<std::size_t>(B * 5), 1);
        p.m_h.assign(static_cast<std::size_t>(B * p.dims.H), 1);
        CHECK(same_bits(solve_forward(p, lstm_kernel<double>(table)).h,
                        solve_forward(without_factors(p), lstm_kernel<double>(table)).h));
        p.m_x = (which & 1) == 0 ? std::vector<double>{} : random_array<double>(random, B * 5, 2);
        p.m_h = (which & 2) == 0 ? std::vector<double>{} : random_array<double>(random, B * p.dims.H, 2);
        check_lstm_differences(p, lstm_kernel<double>(table));
      }
    }
  });
}

TEST_CASE("with zoneout of either state, drawn or at its rates, the gradients are those of the loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(14);
    for (const int which : {1, 2, 3}) {
      for (const bool drawn : {false, true}) {
        for (const bool factors : {false, true}) {
          CONTEXT("which " << which << " drawn " << drawn << " factors " << factors);
          LstmProblem<double> p = lstm_problem<double>(random, {4, 2, 3, table.kernels<double>().lanes + 1});
          const auto zoneout = [&] {
            return drawn ? drawn_zoneout<double>(random, p.dims) : random_array<double>(random, p.dims.H, 0.5);
          };
          p.z_h = (which & 1) == 0 ? std::vector<double>{} : zoneout();
          p.z_c = (which & 2) == 0 ? std::vector<double>{} : zoneout();
          p.m_h = factors ? random_array<double>(random, 2 * p.dims.H, 2) : std::vector<double>{};
          check_lstm_differences(p, lstm_kernel<double>(table));
        }
      }
    }
  });
}

TEST_CASE("zoneout that keeps nothing changes no bit, and one that keeps all keeps all bits") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(15);
    const LstmSolver<float> kernel = lstm_kernel<float>(table);
    LstmProblem<float> p = lstm_problem<float>(random, {5, 3, 2, table.kernels<float>().lanes + 3});
    LstmProblem<float> nothing = p;
    for (auto* z : zoneouts(p)) z->clear();
    for (auto* z : zoneouts(nothing)) z->assign(p.d_h.size(), 0);
    const LstmStates<float> states = solve_forward(p, kernel);
    CHECK(same_bits(solve_forward(nothing, kernel), states));
    CHECK(same_bits(solve_backward(nothing, kernel, states), solve_backward(p, kernel, states)));
    for (auto* z : zoneouts(p)) z->assign(p.d_h.size(), 1);
    const LstmStates<float> kept = solve_forward(p, kernel);
    CHECK(same_bits(kept.h_last, p.h0));
    CHECK(same_bits(kept.c_last, p.c0));
    const LstmGradients<float> gradients = solve_backward(p, kernel, kept);
    CHECK(same_bits(gradients.d_c0, p.d_c_last));
    for (const float d : gradients.d_a) CHECK(d == 0);
  });
}

TEST_CASE("NaN in one row stays in that row") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(11);
    const Index B = 8, I = 3, H = table.kernels<float>().lanes + 3;
    const LstmProblem<float> clean = lstm_problem<float>(random, {4, B, I, H});
    const LstmStates<float> expected = solve_forward(clean, lstm_kernel<float>(table));
    for (Index row = 0; row < B; ++row) {
      LstmProblem<float> p = clean;
      p.x[static_cast<std::size_t>((B + row) * I)] = std::numeric_limits<float>::quiet_NaN();  // step 1
      const LstmStates<float> states = solve_forward(p, lstm_kernel<float>(table));
      CHECK(same_bits(rows_of(states.h, B, H, {0, 1}, {0, B}), rows_of(expected.h, B, H, {0, 1}, {0, B})));
      CHECK(same_bits(rows_of(states.h, B, H, {0, 4}, {0, row}), rows_of(expected.h, B, H, {0, 4}, {0, row})));
      CHECK(same_bits(rows_of(states.h, B, H, {0, 4}, {row + 1, B}), rows_of(expected.h, B, H, {0, 4}, {row + 1, B})));
      for (const float value : rows_of(states.h, B, H, {1, 4}, {row, row + 1})) CHECK(std::isnan(value));
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
