// The GRU kernels of every instruction set give the same bits, however a call is laid out in memory, shared among
// threads, or cut into several.
#include "dispatch/run.hpp"
#include "gru_problem.hpp"

namespace gatedcore::test {
namespace {

constexpr GruForm kForms[] = {GruForm::kResetAfter, GruForm::kResetBefore};

template <class Scalar>
void check_layouts(const KernelTable& table, GruForm form) {
  check::Random random(4);
  const GruSolver<Scalar> kernel = gru_kernel<Scalar>(table);
  for (const Index B : {Index(1), Index(5)}) {
    const GruProblem<Scalar> p = gru_problem<Scalar>(random, {6, B, 5, table.kernels<Scalar>().lanes + 3}, form);
    const GruStates<Scalar> states = solve_forward(p, kernel);
    const GruGradients<Scalar> gradients = solve_backward(p, kernel, states);
    for (const Layout layout : kLayouts) {
      CONTEXT("form " << check::show(form) << " layout " << check::show(layout) << " B " << B);
      GruSetup setup;
      setup.x = setup.h = setup.d_h = setup.d_x = setup.z = layout;
      setup.shift = 1;
      CHECK(same_bits(solve_forward(p, kernel, setup), states));
      CHECK(same_bits(solve_backward(p, kernel, states, setup), gradients));
    }
  }
}

TEST_CASE("results do not depend on how arrays stand in memory") {
  for_each_isa([](const KernelTable& table) {
    for (const GruForm form : kForms) {
      check_layouts<float>(table, form);
      check_layouts<double>(table, form);
    }
  });
}

template <class Scalar>
void check_fences(const KernelTable& table, GruForm form, Index B, Index units) {
  CONTEXT("form " << check::show(form) << " B " << B << " H " << units << " bytes " << sizeof(Scalar));
  check::Random random(12);
  const GruSolver<Scalar> kernel = gru_kernel<Scalar>(table);
  const GruProblem<Scalar> p = gru_problem<Scalar>(random, {6, B, units - 1, units}, form);
  GruSetup setup;
  setup.shift = kFence;
  setup.x = setup.d_h = Layout::kBatchMajor;
  setup.h = setup.d_x = Layout::kReversed;
  const GruStates<Scalar> states = solve_forward(p, kernel, setup);
  CHECK(same_bits(states, solve_forward(p, kernel)));
  CHECK(same_bits(solve_backward(p, kernel, states, setup), solve_backward(p, kernel, states)));
}

TEST_CASE("nothing is read behind the end of an array") {
  for_each_isa([](const KernelTable& table) {
    for (const GruForm form : kForms) {
      for (const Index B : {1, 4}) {
        for (const Index units : {2, 5, 11, 19, 35}) {
          check_fences<float>(table, form, B, units);
          check_fences<double>(table, form, B, units);
        }
      }
    }
  });
}

template <class Scalar>
void check_threads(const KernelTable& table, GruForm form) {
  check::Random random(5);
  // 6 million operations: enough to deserve five threads. A lone row has its gradients alone to share out.
  for (const Dims& dims : {Dims{27, 13, 32, 40}, Dims{330, 1, 37, 40}}) {
    GruProblem<Scalar> p = gru_problem<Scalar>(random, dims, form);
    set_zoneout(random, p, true);
    const GruStates<Scalar> states = solve_forward(p, gru_kernel<Scalar>(table, 1));
    const GruGradients<Scalar> gradients = solve_backward(p, gru_kernel<Scalar>(table, 1), states);
    for (const int threads : {1, 2, 3, 5}) {
      CONTEXT(list_of(dims) << " form " << check::show(form) << " threads " << threads << " bytes " << sizeof(Scalar));
      const GruSolver<Scalar> kernel = gru_kernel<Scalar>(table, threads);
      CHECK(same_bits(solve_forward(p, kernel), states));
      CHECK(same_bits(solve_backward(p, kernel, states), gradients));
    }
  }
}

TEST_CASE("any number of threads gives the same bits in both passes") {
  for_each_isa([](const KernelTable& table) {
    for (const GruForm form : kForms) {
      check_threads<float>(table, form);
      check_threads<double>(table, form);
    }
  });
}

TEST_CASE("a call that saves nothing gives the same bits as one that saves") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(6);
    for (const GruForm form : kForms) {
      for (const Index B : {Index(1), Index(4)}) {
        CONTEXT("form " << check::show(form) << " B " << B);
        const GruProblem<float> p = gru_problem<float>(random, {30, B, 6, table.kernels<float>().lanes + 3}, form);
        const GruStates<float> saved = solve_forward(p, gru_kernel<float>(table));
        GruSetup setup;
        setup.save = false;
        const GruStates<float> states = solve_forward(p, gru_kernel<float>(table), setup);
        CHECK(same_bits(states.h, saved.h));
        CHECK(same_bits(states.h_last, saved.h_last));
        setup.h_sequence = false;
        CHECK(same_bits(solve_forward(p, gru_kernel<float>(table), setup).h_last, saved.h_last));
      }
    }
  });
}

// Two calls in a row, the second from the states of the first, and backward the other way.
template <class Scalar>
void check_split_in_time(const KernelTable& table, GruForm form, Index B, Index steps, Index first, bool zoned) {
  CONTEXT("zoned " << zoned << " form " << check::show(form) << " B " << B << " after " << first << " of " << steps
                   << " steps, bytes " << sizeof(Scalar));
  check::Random random(7);
  const GruSolver<Scalar> kernel = gru_kernel<Scalar>(table);
  const Index H = table.kernels<Scalar>().lanes + 3;
  GruProblem<Scalar> whole = gru_problem<Scalar>(random, {steps, B, 5, H}, form);
  set_zoneout(random, whole, zoned);
  GruProblem<Scalar> head = part_of(whole, {0, first}, {0, B});
  GruProblem<Scalar> tail = part_of(whole, {first, steps}, {0, B});
  const GruStates<Scalar> states = solve_forward(whole, kernel);
  const GruStates<Scalar> head_states = solve_forward(head, kernel);
  tail.h0 = head_states.h_last;
  const GruStates<Scalar> tail_states = solve_forward(tail, kernel);
  CHECK(same_bits(head_states.h, rows_of(states.h, B, H, {0, first}, {0, B})));
  CHECK(same_bits(tail_states.h, rows_of(states.h, B, H, {first, steps}, {0, B})));
  CHECK(same_bits(tail_states.h_last, states.h_last));

  const GruGradients<Scalar> gradients = solve_backward(whole, kernel, states);
  const GruGradients<Scalar> tail_gradients = solve_backward(tail, kernel, tail_states);
  head.d_h_last = tail_gradients.d_h0;
  const GruGradients<Scalar> head_gradients = solve_backward(head, kernel, head_states);
  CHECK(same_bits(tail_gradients.d_x, rows_of(gradients.d_x, B, Index(5), {first, steps}, {0, B})));
  CHECK(same_bits(head_gradients.d_x, rows_of(gradients.d_x, B, Index(5), {0, first}, {0, B})));
  CHECK(same_bits(head_gradients.d_h0, gradients.d_h0));
}

TEST_CASE("a sequence in two calls gives the same bits as in one") {
  for_each_isa([](const KernelTable& table) {
    for (const GruForm form : kForms) {
      for (const bool zoned : {false, true}) {
        for (const Index B : {Index(1), Index(4)}) {
          check_split_in_time<float>(table, form, B, 5, 2, zoned);
          check_split_in_time<double>(table, form, B, 5, 1, zoned);
        }
        check_split_in_time<float>(table, form, 1, 60, 31, zoned);
      }
    }
  });
}

template <class Scalar>
void check_split_of_batch(const KernelTable& table, GruForm form, Index B, Index first) {
  CONTEXT("form " << check::show(form) << " after " << first << " of " << B << " rows, bytes " << sizeof(Scalar));
  check::Random random(8);
  const GruSolver<Scalar> kernel = gru_kernel<Scalar>(table);
  const Index H = table.kernels<Scalar>().lanes + 3, T = 5, I = 6;
  GruProblem<Scalar> whole = gru_problem<Scalar>(random, {T, B, I, H}, form);
  set_zoneout(random, whole, first % 2 == 1);
  const GruStates<Scalar> states = solve_forward(whole, kernel);
  const GruGradients<Scalar> gradients = solve_backward(whole, kernel, states);
  for (const Range rows : {Range{0, first}, Range{first, B}}) {
    const GruProblem<Scalar> part = part_of(whole, {0, T}, rows);
    const GruStates<Scalar> part_states = solve_forward(part, kernel);
    CHECK(same_bits(part_states.h, rows_of(states.h, B, H, {0, T}, rows)));
    CHECK(same_bits(part_states.gates, rows_of(states.gates, B, 4 * H, {0, T}, rows)));
    const GruGradients<Scalar> part_gradients = solve_backward(part, kernel, part_states);
    CHECK(same_bits(part_gradients.d_x, rows_of(gradients.d_x, B, I, {0, T}, rows)));
    CHECK(same_bits(part_gradients.d_a, rows_of(gradients.d_a, B, 4 * H, {0, T}, rows)));
    CHECK(same_bits(part_gradients.d_h0, rows_of(gradients.d_h0, B, H, {0, 1}, rows)));
  }
}

TEST_CASE("a batch in two calls gives the same bits as in one") {
  for_each_isa([](const KernelTable& table) {
    for (const GruForm form : kForms) {
      for (const Index first : {1, 5, 8}) {
        check_split_of_batch<float>(table, form, 13, first);
        check_split_of_batch<double>(table, form, 13, first);
      }
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
