// The LSTM kernels of every instruction set give the same bits, however a call is laid out in memory, shared among
// threads, or cut into several.
#include <algorithm>

#include "dispatch/run.hpp"
#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_layouts(const KernelTable& table) {
  check::Random random(4);
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  for (const Index B : {Index(1), Index(5)}) {
    const LstmProblem<Scalar> p = lstm_problem<Scalar>(random, {6, B, 5, table.kernels<Scalar>().lanes + 3});
    const LstmStates<Scalar> states = solve_forward(p, kernel);
    const LstmGradients<Scalar> gradients = solve_backward(p, kernel, states);
    for (const Layout layout : kLayouts) {
      CONTEXT("layout " << check::show(layout) << " B " << B);
      LstmSetup setup;
      setup.x = setup.h = setup.d_h = setup.d_x = setup.z = layout;
      setup.shift = 1;
      CHECK(same_bits(solve_forward(p, kernel, setup), states));
      CHECK(same_bits(solve_backward(p, kernel, states, setup), gradients));
    }
  }
}

TEST_CASE("results do not depend on how arrays stand in memory") {
  for_each_isa([](const KernelTable& table) {
    check_layouts<float>(table);
    check_layouts<double>(table);
  });
}

template <class Scalar>
void check_fences(const KernelTable& table, Index B, Index units) {
  CONTEXT("B " << B << " H " << units << " bytes " << sizeof(Scalar));
  check::Random random(12);
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  const LstmProblem<Scalar> p = lstm_problem<Scalar>(random, {6, B, units - 1, units});
  LstmSetup setup;
  setup.shift = kFence;
  setup.x = setup.d_h = Layout::kBatchMajor;
  setup.h = setup.d_x = Layout::kReversed;
  const LstmStates<Scalar> states = solve_forward(p, kernel, setup);
  CHECK(same_bits(states, solve_forward(p, kernel)));
  CHECK(same_bits(solve_backward(p, kernel, states, setup), solve_backward(p, kernel, states)));
}

TEST_CASE("nothing is read behind the end of an array") {
  for_each_isa([](const KernelTable& table) {
    for (const Index B : {1, 4}) {
      for (const Index units : {2, 5, 11, 19, 35}) {
        check_fences<float>(table, B, units);
        check_fences<double>(table, B, units);
      }
    }
  });
}

template <class Scalar>
void check_threads(const KernelTable& table) {
  check::Random random(5);
  // 6 and 8 million operations: enough to deserve five threads. A lone row has its gradients alone to share out.
  for (const Dims& dims : {Dims{20, 13, 32, 40}, Dims{330, 1, 37, 40}}) {
    LstmProblem<Scalar> p = lstm_problem<Scalar>(random, dims);
    set_zoneout(random, p, true);
    const LstmStates<Scalar> states = solve_forward(p, lstm_kernel<Scalar>(table, 1));
    const LstmGradients<Scalar> gradients = solve_backward(p, lstm_kernel<Scalar>(table, 1), states);
    for (const int threads : {1, 2, 3, 5}) {
      CONTEXT(list_of(dims) << " threads " << threads << " bytes " << sizeof(Scalar));
      const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table, threads);
      CHECK(same_bits(solve_forward(p, kernel), states));
      CHECK(same_bits(solve_backward(p, kernel, states), gradients));
    }
  }
}

TEST_CASE("any number of threads gives the same bits in both passes") {
  for_each_isa([](const KernelTable& table) {
    check_threads<float>(table);
    check_threads<double>(table);
  });
}

TEST_CASE("a call that saves nothing, or cell states alone, gives the same bits as one that saves") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(6);
    for (const Index B : {Index(1), Index(4)}) {
      const LstmProblem<float> p = lstm_problem<float>(random, {30, B, 6, table.kernels<float>().lanes + 3});
      const LstmStates<float> saved = solve_forward(p, lstm_kernel<float>(table));
      LstmSetup setup;
      setup.save = false;
      const LstmStates<float> states = solve_forward(p, lstm_kernel<float>(table), setup);
      CHECK(same_bits(states.h, saved.h));
      CHECK(same_bits(states.h_last, saved.h_last));
      CHECK(same_bits(states.c_last, saved.c_last));
      const LstmSolver<float> without_gates{[&table](LstmForward<float> call) {
                                              call.cache.gates = nullptr;
                                              run_lstm_forward(table, call, 1);
                                            },
                                            {},
                                            table.kernels<float>().lanes};
      const LstmStates<float> cells = solve_forward(p, without_gates);
      CHECK(same_bits(cells.h, saved.h));
      CHECK(same_bits(cells.c, saved.c));
      CHECK(std::count(cells.gates.begin(), cells.gates.end(), 0.0f) == std::ptrdiff_t(cells.gates.size()));
      setup.h_sequence = false;
      const LstmStates<float> last = solve_forward(p, lstm_kernel<float>(table), setup);
      CHECK(same_bits(last.h_last, saved.h_last));
      CHECK(same_bits(last.c_last, saved.c_last));
    }
  });
}

// Two calls in a row, the second from the states of the first, and backward the other way.
template <class Scalar>
void check_split_in_time(const KernelTable& table, Index B, Index steps, Index first, bool zoned) {
  CONTEXT("zoned " << zoned << " B " << B << " after " << first << " of " << steps << " steps, bytes "
                   << sizeof(Scalar));
  check::Random random(7);
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  const Index H = table.kernels<Scalar>().lanes + 3;
  LstmProblem<Scalar> whole = lstm_problem<Scalar>(random, {steps, B, 5, H});
  set_zoneout(random, whole, zoned);
  LstmProblem<Scalar> head = part_of(whole, {0, first}, {0, B});
  LstmProblem<Scalar> tail = part_of(whole, {first, steps}, {0, B});
  const LstmStates<Scalar> states = solve_forward(whole, kernel);
  const LstmStates<Scalar> head_states = solve_forward(head, kernel);
  tail.h0 = head_states.h_last;
  tail.c0 = head_states.c_last;
  const LstmStates<Scalar> tail_states = solve_forward(tail, kernel);
  CHECK(same_bits(head_states.h, rows_of(states.h, B, H, {0, first}, {0, B})));
  CHECK(same_bits(tail_states.h, rows_of(states.h, B, H, {first, steps}, {0, B})));
  CHECK(same_bits(tail_states.h_last, states.h_last));
  CHECK(same_bits(tail_states.c_last, states.c_last));

  const LstmGradients<Scalar> gradients = solve_backward(whole, kernel, states);
  const LstmGradients<Scalar> tail_gradients = solve_backward(tail, kernel, tail_states);
  head.d_h_last = tail_gradients.d_h0;
  head.d_c_last = tail_gradients.d_c0;
  const LstmGradients<Scalar> head_gradients = solve_backward(head, kernel, head_states);
  CHECK(same_bits(tail_gradients.d_x, rows_of(gradients.d_x, B, Index(5), {first, steps}, {0, B})));
  CHECK(same_bits(head_gradients.d_x, rows_of(gradients.d_x, B, Index(5), {0, first}, {0, B})));
  CHECK(same_bits(head_gradients.d_h0, gradients.d_h0));
  CHECK(same_bits(head_gradients.d_c0, gradients.d_c0));
}

TEST_CASE("a sequence in two calls gives the same bits as in one") {
  for_each_isa([](const KernelTable& table) {
    for (const bool zoned : {false, true}) {
      for (const Index B : {Index(1), Index(4)}) {
        check_split_in_time<float>(table, B, 5, 2, zoned);
        check_split_in_time<double>(table, B, 5, 1, zoned);
      }
      check_split_in_time<float>(table, 1, 60, 31, zoned);
    }
  });
}

template <class Scalar>
void check_split_of_batch(const KernelTable& table, Index B, Index first) {
  CONTEXT("after " << first << " of " << B << " rows, bytes " << sizeof(Scalar));
  check::Random random(8);
  const LstmSolver<Scalar> kernel = lstm_kernel<Scalar>(table);
  const Index H = table.kernels<Scalar>().lanes + 3, T = 5, I = 6;
  LstmProblem<Scalar> whole = lstm_problem<Scalar>(random, {T, B, I, H});
  set_zoneout(random, whole, first % 2 == 1);
  const LstmStates<Scalar> states = solve_forward(whole, kernel);
  const LstmGradients<Scalar> gradients = solve_backward(whole, kernel, states);
  for (const Range rows : {Range{0, first}, Range{first, B}}) {
    const LstmProblem<Scalar> part = part_of(whole, {0, T}, rows);
    const LstmStates<Scalar> part_states = solve_forward(part, kernel);
    CHECK(same_bits(part_states.h, rows_of(states.h, B, H, {0, T}, rows)));
    CHECK(same_bits(part_states.c, rows_of(states.c, B, H, {0, T}, rows)));
    const LstmGradients<Scalar> part_gradients = solve_backward(part, kernel, part_states);
    CHECK(same_bits(part_gradients.d_x, rows_of(gradients.d_x, B, I, {0, T}, rows)));
    CHECK(same_bits(part_gradients.d_a, rows_of(gradients.d_a, B, 4 * H, {0, T}, rows)));
    CHECK(same_bits(part_gradients.d_c0, rows_of(gradients.d_c0, B, H, {0, 1}, rows)));
  }
}

TEST_CASE("a batch in two calls gives the same bits as in one") {
  for_each_isa([](const KernelTable& table) {
    for (const Index first : {1, 5, 8}) {
      check_split_of_batch<float>(table, 13, first);
      check_split_of_batch<double>(table, 13, first);
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
