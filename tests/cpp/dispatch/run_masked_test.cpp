// Masked sequences on every instruction set, against the twin, by finite differences, and against calls without a mask.
#include "dispatch/run_masked.hpp"

#include <memory>

#include "gru_problem.hpp"
#include "lstm_problem.hpp"
#include "reference/masked.hpp"

namespace gatedcore::test {
namespace {

struct Mask {
  Index T = 0, B = 0;
  MaskedOutput output = MaskedOutput::kRepeat;
  std::vector<std::uint8_t> bytes;   // (B, T)
  std::vector<std::uint8_t> resets;  // (B, T), or empty

  StepMask steps() const { return {bytes.data(), 1, T}; }
  StepMask reset() const { return resets.empty() ? StepMask{} : StepMask{resets.data(), 1, T}; }
};

enum class Padding { kRight, kLeft, kHoles, kNone, kAll };
constexpr Padding kPaddings[] = {Padding::kRight, Padding::kLeft, Padding::kHoles, Padding::kNone, Padding::kAll};

Mask random_mask(check::Random& random, Index T, Index B, Padding padding, bool resets = false) {
  Mask mask{T, B, random_choice(random) ? MaskedOutput::kRepeat : MaskedOutput::kZero, {}, {}};
  for (Index b = 0; b < B; ++b) {
    const Index length = random.integer(0, T);
    for (Index t = 0; t < T; ++t) {
      const bool valid = padding == Padding::kRight   ? t < length
                         : padding == Padding::kLeft  ? t >= T - length
                         : padding == Padding::kHoles ? random_choice(random)
                                                      : padding == Padding::kNone;
      mask.bytes.push_back(valid ? 255 : 0);  // NumPy writes 1; any byte but 0 counts
    }
  }
  for (Index i = 0; resets && i < T * B; ++i) mask.resets.push_back(random.integer(0, 3) == 0);
  return mask;
}

// A solver over a forward call's masked steps, which its backward call reads. Saved rows are packed, so gates, c and
// d_a of a solution mean nothing here. Without save_gates neither pass is given memory for them.
template <class Solver, class Scalar, class Forward, class Backward>
Solver masked_kernel(const KernelTable& table, const Mask& mask, int threads, bool save_gates,
                     void (*forward)(const KernelTable&, const Forward&, MaskedSteps<Scalar>&, int),
                     void (*backward)(const KernelTable&, const Backward&, const MaskedSteps<Scalar>&, int)) {
  auto kept = std::make_shared<std::unique_ptr<MaskedSteps<Scalar>>>();
  return {[=, &table](Forward call) {
            if (!save_gates) call.cache.gates = nullptr;
            *kept = std::make_unique<MaskedSteps<Scalar>>(mask.steps(), mask.reset(), mask.output, call.dims);
            forward(table, call, **kept, threads);
          },
          [=, &table](const Backward& call) {
            Backward unread = call;
            unread.h = {};
            if (!save_gates) unread.cache.gates = nullptr;
            backward(table, unread, **kept, threads);
          },
          table.kernels<Scalar>().lanes};
}
template <class Scalar>
LstmSolver<Scalar> masked_lstm(const KernelTable& table, const Mask& mask, int threads = 1, bool save_gates = true) {
  return masked_kernel<LstmSolver<Scalar>, Scalar, LstmForward<Scalar>, LstmBackward<Scalar>>(
      table, mask, threads, save_gates, run_lstm_forward<Scalar>, run_lstm_backward<Scalar>);
}
template <class Scalar>
GruSolver<Scalar> masked_gru(const KernelTable& table, const Mask& mask, int threads = 1, bool save_gates = true) {
  return masked_kernel<GruSolver<Scalar>, Scalar, GruForward<Scalar>, GruBackward<Scalar>>(
      table, mask, threads, save_gates, run_gru_forward<Scalar>, run_gru_backward<Scalar>);
}
LstmSolver<double> lstm_twin_of(const Mask& mask, Index H) {
  return {[mask](const LstmForward<double>& call) {
            reference::masked_forward(call, mask.steps(), mask.reset(), mask.output);
          },
          [mask](const LstmBackward<double>& call) {
            reference::masked_backward<LstmForward<double>>(call, mask.steps(), mask.reset(), mask.output);
          },
          H};
}
GruSolver<double> gru_twin_of(const Mask& mask, Index H) {
  return {[mask](const GruForward<double>& call) {
            reference::masked_forward(call, mask.steps(), mask.reset(), mask.output);
          },
          [mask](const GruBackward<double>& call) {
            reference::masked_backward<GruForward<double>>(call, mask.steps(), mask.reset(), mask.output);
          },
          H};
}

template <class States>
void drop_cache(States& states) {
  states.gates.clear();
  if constexpr (requires { states.c; }) states.c.clear();
}

template <class Problem, class Solver, class Twin>
void check_against_twin(const Problem& p, const Solver& solver, const Twin& twin, double tolerance) {
  const auto widened_problem = widened(p);
  auto states = solve_forward(p, solver);
  auto gradients = solve_backward(p, solver, states);
  auto expected_states = solve_forward(widened_problem, twin);
  auto expected = solve_backward(widened_problem, twin, expected_states);
  drop_cache(states);
  drop_cache(expected_states);
  gradients.d_a.clear();
  expected.d_a.clear();
  check_close(states, expected_states, tolerance);
  check_close(gradients, expected, tolerance);
}

template <class Scalar>
void check_problem(const KernelTable& table, check::Random& random, Dims dims, Padding padding) {
  CONTEXT(list_of(dims) << " padding " << int(padding) << " bytes " << sizeof(Scalar));
  const Mask mask = random_mask(random, dims.T, dims.B, padding, random_choice(random));
  // The twin computes its own states, so the roundings of both passes count.
  const double tolerance = Tolerances<Scalar>::kForward + Tolerances<Scalar>::kBackward;
  // Hence no limits either: a gate so close that it is cut off in one alone has another gradient.
  LstmProblem<Scalar> lstm = lstm_problem<Scalar>(random, dims);
  lstm.clip = 0;
  clear_sometimes(random, {&lstm.b, &lstm.h0, &lstm.c0, &lstm.d_h, &lstm.d_h_last, &lstm.d_c_last});
  check_against_twin(lstm, masked_lstm<Scalar>(table, mask), lstm_twin_of(mask, dims.H), tolerance);
  for (const GruForm form : {GruForm::kResetAfter, GruForm::kResetBefore}) {
    GruProblem<Scalar> gru = gru_problem<Scalar>(random, dims, form);
    gru.clip = 0;
    clear_sometimes(random, {&gru.b_x, &gru.h0, &gru.d_h, &gru.d_h_last});
    check_against_twin(gru, masked_gru<Scalar>(table, mask), gru_twin_of(mask, dims.H), tolerance);
  }
}

template <class Scalar>
void check_sizes(const KernelTable& table) {
  check::Random random(1);
  const Index N = table.kernels<Scalar>().lanes;
  for (const Padding padding : kPaddings) {
    for (const Index T : {0, 1, 5}) {
      for (const Index B : {0, 1, 2, 7}) {
        for (const Index H : {Index(1), N + 1}) check_problem<Scalar>(table, random, {T, B, 3, H}, padding);
      }
    }
    check_problem<Scalar>(table, random, {60, 1, 5, 3}, padding);  // steps projected ahead
    check_problem<Scalar>(table, random, {40, 13, 2, N}, padding);
  }
}

TEST_CASE("both passes agree with the twin for every kind of padding") {
  for_each_isa([](const KernelTable& table) {
    check_sizes<float>(table);
    check_sizes<double>(table);
  });
}

TEST_CASE("the kernels' gradients are those of their own loss") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    const Dims dims{4, 3, 2, table.kernels<double>().lanes + 1};
    for (const Padding padding : {Padding::kRight, Padding::kHoles}) {
      const Mask mask = random_mask(random, dims.T, dims.B, padding, padding == Padding::kHoles);
      LstmProblem<double> lstm = lstm_problem<double>(random, dims);
      set_zoneout(random, lstm, true);
      check_lstm_differences(lstm, masked_lstm<double>(table, mask));
      for (const GruForm form : {GruForm::kResetAfter, GruForm::kResetBefore}) {
        GruProblem<double> p = gru_problem<double>(random, dims, form);
        if (form == GruForm::kResetBefore) p.b_h.clear();
        set_zoneout(random, p, true);
        check_gru_differences(p, masked_gru<double>(table, mask));
      }
    }
  });
}

TEST_CASE("a mask that keeps every step gives the bits of no mask") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    const Dims dims{50, 7, 3, table.kernels<float>().lanes + 2};
    const Mask mask = random_mask(random, dims.T, dims.B, Padding::kNone);
    LstmProblem<float> lstm = lstm_problem<float>(random, dims);
    set_zoneout(random, lstm, true);
    const auto states = solve_forward(lstm, lstm_kernel<float>(table));
    const auto masked = masked_lstm<float>(table, mask);
    CHECK(same_bits(solve_forward(lstm, masked), states));
    CHECK(same_bits(solve_backward(lstm, masked, states), solve_backward(lstm, lstm_kernel<float>(table), states)));
    GruProblem<float> gru = gru_problem<float>(random, dims, GruForm::kResetAfter);
    set_zoneout(random, gru, true);
    const auto gru_states = solve_forward(gru, gru_kernel<float>(table));
    const auto masked_too = masked_gru<float>(table, mask);
    CHECK(same_bits(solve_forward(gru, masked_too), gru_states));
    CHECK(same_bits(solve_backward(gru, masked_too, gru_states),
                    solve_backward(gru, gru_kernel<float>(table), gru_states)));
  });
}

TEST_CASE("any number of threads gives the same bits") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    const Dims dims{60, 13, 40, 40};  // some ten million operations: enough to deserve five threads
    for (const Padding padding : {Padding::kRight, Padding::kHoles}) {
      const Mask mask = random_mask(random, dims.T, dims.B, padding, padding == Padding::kHoles);
      LstmProblem<float> lstm = lstm_problem<float>(random, dims);
      GruProblem<float> gru = gru_problem<float>(random, dims, GruForm::kResetBefore);
      set_zoneout(random, lstm, true);
      set_zoneout(random, gru, true);
      const auto one = masked_lstm<float>(table, mask, 1);
      const auto states = solve_forward(lstm, one);
      const auto gradients = solve_backward(lstm, one, states);
      const auto gru_one = masked_gru<float>(table, mask, 1);
      const auto gru_states = solve_forward(gru, gru_one);
      const auto gru_gradients = solve_backward(gru, gru_one, gru_states);
      for (const int threads : {2, 3, 5}) {
        CONTEXT("threads " << threads);
        const auto many = masked_lstm<float>(table, mask, threads);
        CHECK(same_bits(solve_forward(lstm, many), states));
        CHECK(same_bits(solve_backward(lstm, many, states), gradients));
        const auto gru_many = masked_gru<float>(table, mask, threads);
        CHECK(same_bits(solve_forward(gru, gru_many), gru_states));
        CHECK(same_bits(solve_backward(gru, gru_many, gru_states), gru_gradients));
      }
    }
  });
}

template <class Problem, class Solver>
void check_recomputed(const Problem& p, const Solver& saving, const Solver& recomputing) {
  auto expected = solve_backward(p, saving, solve_forward(p, saving));
  auto gradients = solve_backward(p, recomputing, solve_forward(p, recomputing));
  expected.d_a.clear();
  gradients.d_a.clear();
  CHECK(same_bits(gradients, expected));
}

TEST_CASE("a backward pass without saved gates gives the bits of one with them") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(6);
    for (const Padding padding : kPaddings) {
      for (const Dims& dims : {Dims{0, 3, 2, 5}, Dims{7, 3, 2, 5}, Dims{160, 13, 5, table.kernels<float>().lanes + 2},
                               Dims{900, 1, 5, 3}, Dims{4, 700, 2, 3}}) {
        CONTEXT(list_of(dims) << " padding " << int(padding));
        const Mask mask = random_mask(random, dims.T, dims.B, padding, random_choice(random));
        LstmProblem<float> lstm = lstm_problem<float>(random, dims);
        clear_sometimes(random, {&lstm.b, &lstm.h0, &lstm.c0, &lstm.d_h, &lstm.d_h_last, &lstm.d_c_last});
        GruProblem<float> gru =
            gru_problem<float>(random, dims, random_choice(random) ? GruForm::kResetAfter : GruForm::kResetBefore);
        clear_sometimes(random, {&gru.b_x, &gru.h0, &gru.d_h, &gru.d_h_last});
        for (const int threads : {1, 3}) {
          check_recomputed(lstm, masked_lstm<float>(table, mask), masked_lstm<float>(table, mask, threads, false));
          check_recomputed(gru, masked_gru<float>(table, mask), masked_gru<float>(table, mask, threads, false));
        }
      }
    }
  });
}

TEST_CASE("what a mask hides is never read") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(5);
    const Dims dims{9, 4, 3, 5};
    const Mask mask = random_mask(random, dims.T, dims.B, Padding::kHoles);
    LstmProblem<float> p = lstm_problem<float>(random, dims);
    set_zoneout(random, p, true);
    const auto solver = masked_lstm<float>(table, mask);
    const auto states = solve_forward(p, solver);
    const auto gradients = solve_backward(p, solver, states);
    for (Index t = 0; t < dims.T; ++t) {
      for (Index b = 0; b < dims.B; ++b) {
        if (mask.bytes[std::size_t(b * dims.T + t)] != 0) continue;
        for (Index k = 0; k < dims.I; ++k) p.x[std::size_t((t * dims.B + b) * dims.I + k)] = NAN;
        for (Index u = 0; u < dims.H; ++u) {
          for (auto* z : zoneouts(p)) (*z)[std::size_t((t * dims.B + b) * dims.H + u)] = NAN;
        }
      }
    }
    CHECK(same_bits(solve_forward(p, solver), states));
    CHECK(same_bits(solve_backward(p, solver, states), gradients));
  });
}

}  // namespace
}  // namespace gatedcore::test
