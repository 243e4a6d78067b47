// sequence/row_step.hpp through the kernel table of every instruction set, beside the twins over one step.
#include "gru_problem.hpp"
#include "lstm_problem.hpp"
#include "sequence/parts.hpp"

namespace gatedcore::test {
namespace {

// Where PyTorch has the gates, and an order that is not its own inverse.
constexpr Index kLstmBlocks[4] = {0, 1, 2, 3}, kGruBlocks[4] = {1, 0, 2, 0}, kTurned[4] = {2, 0, 1, 0};

// (G H, depth) in blocks from (depth, G H).
template <class Scalar>
std::vector<Scalar> rows_from(const std::vector<Scalar>& w, Index gates, Index H, const Index* block) {
  const Index columns = gates * H, depth = static_cast<Index>(w.size()) / columns;
  std::vector<Scalar> rows(w.size());
  for (Index q = 0; q < gates; ++q) {
    for (Index u = 0; u < H; ++u) {
      for (Index k = 0; k < depth; ++k) rows[(block[q] * H + u) * depth + k] = w[k * columns + q * H + u];
    }
  }
  return rows;
}

// (B, G H) in blocks from some gates of (B, 4 H).
template <class Scalar>
std::vector<Scalar> blocks_of(const std::vector<Scalar>& all, Index B, Index H, const std::vector<Index>& gates,
                              const Index* block) {
  const Index G = static_cast<Index>(gates.size());
  std::vector<Scalar> found(B * G * H);
  for (Index b = 0; b < B; ++b) {
    for (Index q = 0; q < G; ++q) {
      for (Index u = 0; u < H; ++u) found[(b * G + block[q]) * H + u] = all[(b * 4 + gates[q]) * H + u];
    }
  }
  return found;
}

template <class Scalar>
struct Step {
  std::vector<Scalar> h, c, gates, d_a_x, d_a_h, d_prev;
};

// One step and the way back, between guards; units in runs of so many blocks. c0 empty: a GRU.
template <class Scalar>
struct StepInput {
  Index B, I, H;
  const Index* block;
  std::vector<Scalar> x, h0, c0, w_x, w_h, b_x, b_h, d_h, d_c;
};
template <class Scalar>
Step<Scalar> solve(const KernelTable& table, const StepInput<Scalar>& in, Index run_of_blocks, bool products_first) {
  const bool lstm = !in.c0.empty();
  const Index B = in.B, I = in.I, H = in.H, G = lstm ? 4 : 3;
  const Kernels<Scalar>& kernels = table.kernels<Scalar>();
  const RowStepKernels<Scalar>& step = lstm ? kernels.lstm_row_step : kernels.gru_row_step;
  const Guarded<Scalar> x(in.x), h0(in.h0), c0(in.c0), w_x(in.w_x), w_h(in.w_h), b_x(in.b_x), b_h(in.b_h), d_h(in.d_h),
      d_c(in.d_c);
  Guarded<Scalar> h(B * H), c(B * H), gates(B * 4 * H), a_x(B * G * H), a_h(B * G * H);
  RowStepForward<Scalar> call;
  call.B = B;
  call.I = I;
  call.H = H;
  std::copy_n(in.block, 4, call.block);
  call.h_prev = h0.data();
  call.c_prev = lstm ? c0.data() : nullptr;
  if (products_first) {
    const auto half = [&](const std::vector<Scalar>& v, Index depth, const std::vector<Scalar>& w,
                          const std::vector<Scalar>& bias, Scalar* to) {
      for (Index b = 0; b < B; ++b) {
        for (Index row = 0; row < G * H; ++row) {
          double sum = bias[row];
          for (Index k = 0; k < depth; ++k) sum += static_cast<double>(v[b * depth + k]) * w[row * depth + k];
          to[b * G * H + row] = static_cast<Scalar>(sum);
        }
      }
    };
    half(in.x, I, in.w_x, in.b_x, a_x.data());
    half(in.h0, H, in.w_h, in.b_h, a_h.data());
    call.a_x = a_x.data();
    call.a_h = a_h.data();
  } else {
    call.x = x.data();
    call.w_x = w_x.data();
    call.w_h = w_h.data();
    call.b_x = b_x.data();
    call.b_h = b_h.data();
  }
  call.h = h.data();
  call.c = lstm ? c.data() : nullptr;
  call.gates = gates.data();
  const Index lanes = kernels.lanes;
  for (const Range blocks : parts_of((H + lanes - 1) / lanes, run_of_blocks)) {
    step.forward(call, {blocks.begin * lanes, std::min(blocks.end * lanes, H)});
  }
  for (const Guarded<Scalar>* array : {&h, &c, &gates}) CHECK(array->intact());

  Guarded<Scalar> d_a_x(B * G * H), d_a_h(B * G * H), d_prev(B * H);
  RowStepBackward<Scalar> back;
  back.B = B;
  back.H = H;
  std::copy_n(in.block, 4, back.block);
  back.gates = gates.data();
  back.h_prev = h0.data();
  back.c_prev = lstm ? c0.data() : nullptr;
  back.c = lstm ? c.data() : nullptr;
  back.d_h = d_h.data();
  back.d_c = lstm ? d_c.data() : nullptr;
  back.d_a_x = d_a_x.data();
  back.d_a_h = lstm ? nullptr : d_a_h.data();
  (lstm ? back.d_c_prev : back.d_h_prev) = d_prev.data();
  step.backward(back);
  for (const Guarded<Scalar>* array : {&d_a_x, &d_a_h, &d_prev}) CHECK(array->intact());
  return {h.values(), c.values(), gates.values(), d_a_x.values(), d_a_h.values(), d_prev.values()};
}

template <class Scalar>
void check_splits(const KernelTable& table, const StepInput<Scalar>& in, const Step<Scalar>& whole) {
  for (const Index run : {1, 2}) {
    const Step<Scalar> split = solve(table, in, run, false);
    CHECK(same_bits(split.h, whole.h));
    CHECK(same_bits(split.c, whole.c));
    CHECK(same_bits(split.gates, whole.gates));
  }
}

template <class Scalar>
void check_lstm(const KernelTable& table, Index B, Index I, Index H) {
  CONTEXT("LSTM B " << B << " I " << I << " H " << H << " bytes " << sizeof(Scalar));
  using Bounds = Tolerances<Scalar>;
  check::Random random(1);
  LstmProblem<Scalar> p = lstm_problem<Scalar>(random, {1, B, I, H});
  clear_variant(p);
  p.m_x.clear();
  p.m_h.clear();
  p.z_h.clear();
  p.z_c.clear();
  p.d_h_last.clear();  // d_h brings it
  const std::vector<Scalar> zeros(4 * H, Scalar(0));
  const StepInput<Scalar> in{B,
                             I,
                             H,
                             kLstmBlocks,
                             p.x,
                             p.h0,
                             p.c0,
                             rows_from(p.w_x, 4, H, kLstmBlocks),
                             rows_from(p.w_h, 4, H, kLstmBlocks),
                             p.b,
                             zeros,
                             p.d_h,
                             p.d_c_last};
  const LstmSolver<double> twin = lstm_twin<double>(H);
  const LstmStates<double> states = solve_forward(widened(p), twin);
  const LstmGradients<double> gradients = solve_backward(widened(p), twin, states);
  for (const bool products_first : {false, true}) {
    CONTEXT("products first " << products_first);
    const Step<Scalar> step = solve(table, in, 1000, products_first);
    check_close("h", step.h, states.h, Bounds::kForward);
    check_close("c", step.c, states.c, Bounds::kForward);
    check_close("gates", step.gates, states.gates, Bounds::kForward);
    check_close("d_a", step.d_a_x, gradients.d_a, Bounds::kForward);  // from states of its own
    check_close("d_c_prev", step.d_prev, gradients.d_c0, Bounds::kForward);
    if (!products_first) check_splits(table, in, step);
  }
}

template <class Scalar>
void check_gru(const KernelTable& table, Index B, Index I, Index H, const Index* block) {
  CONTEXT("GRU B " << B << " I " << I << " H " << H << " block " << block[0] << " bytes " << sizeof(Scalar));
  using Bounds = Tolerances<Scalar>;
  check::Random random(2);
  GruProblem<Scalar> p = gru_problem<Scalar>(random, {1, B, I, H}, GruForm::kResetAfter);
  p.clip = 0;
  p.m_x.clear();
  p.m_h.clear();
  p.z_h.clear();
  p.d_h_last.clear();
  const auto bias = [&](const std::vector<Scalar>& b) { return rows_from(b, 3, H, block); };
  const StepInput<Scalar> in{B,
                             I,
                             H,
                             block,
                             p.x,
                             p.h0,
                             {},
                             rows_from(p.w_x, 3, H, block),
                             rows_from(p.w_h, 3, H, block),
                             bias(p.b_x),
                             bias(p.b_h),
                             p.d_h,
                             {}};
  const GruSolver<double> twin = gru_twin<double>(H);
  const GruStates<double> states = solve_forward(widened(p), twin);
  const GruGradients<double> gradients = solve_backward(widened(p), twin, states);
  for (const bool products_first : {false, true}) {
    CONTEXT("products first " << products_first);
    const Step<Scalar> step = solve(table, in, 1000, products_first);
    check_close("h", step.h, states.h, Bounds::kForward);
    // The twin's rows hold z, r, the recurrent half of n, and n.
    check_close("gates", step.gates, blocks_of(states.gates, B, H, {0, 1, 3, 2}, kLstmBlocks), Bounds::kForward);
    check_close("d_a_x", step.d_a_x, blocks_of(gradients.d_a, B, H, {0, 1, 3}, block), Bounds::kForward);
    check_close("d_a_h", step.d_a_h, blocks_of(gradients.d_a, B, H, {0, 1, 2}, block), Bounds::kForward);
    // The rest of d_h_prev passes the weights.
    std::vector<double> d_h_prev = widened(step.d_prev);
    for (Index b = 0; b < B; ++b) {
      for (Index k = 0; k < H; ++k) {
        for (Index row = 0; row < 3 * H; ++row) {
          d_h_prev[b * H + k] += static_cast<double>(step.d_a_h[b * 3 * H + row]) * in.w_h[row * H + k];
        }
      }
    }
    check_close("d_h_prev", d_h_prev, gradients.d_h0, Bounds::kForward);
    if (!products_first) check_splits(table, in, step);
  }
}

template <class Scalar>
void check_shapes(const KernelTable& table) {
  const Index N = table.kernels<Scalar>().lanes;
  for (const Index H : {Index(1), N - 1, N, 2 * N + 3}) {
    if (H < 1) continue;
    for (const Index I : {Index(1), N, 2 * N + 1}) {
      check_lstm<Scalar>(table, 1, I, H);
      check_gru<Scalar>(table, 1, I, H, kGruBlocks);
    }
  }
  check_lstm<Scalar>(table, 3, 5, 2 * N + 3);
  check_gru<Scalar>(table, 3, 5, 2 * N + 3, kTurned);
}

TEST_CASE("one step with weights in rows agrees with the twins both ways, in any split of the units") {
  for_each_isa([](const KernelTable& table) {
    check_shapes<float>(table);
    check_shapes<double>(table);
  });
}

template <class Scalar>
void check_absent(const KernelTable& table) {
  // Null states and biases are zeros.
  const Index B = 2, I = 3, H = 5;
  check::Random random(3);
  StepInput<Scalar> in{B,
                       I,
                       H,
                       kLstmBlocks,
                       random_array<Scalar>(random, B * I, 1),
                       std::vector<Scalar>(B * H),
                       std::vector<Scalar>(B * H),
                       random_array<Scalar>(random, 4 * H * I, 1),
                       random_array<Scalar>(random, 4 * H * H, 1),
                       std::vector<Scalar>(4 * H),
                       std::vector<Scalar>(4 * H),
                       std::vector<Scalar>(B * H),
                       std::vector<Scalar>(B * H)};
  const Step<Scalar> zeros = solve(table, in, 1000, false);
  std::vector<Scalar> h(B * H), c(B * H);
  RowStepForward<Scalar> call;
  call.B = B;
  call.I = I;
  call.H = H;
  call.x = in.x.data();
  call.w_x = in.w_x.data();
  call.w_h = in.w_h.data();
  call.h = h.data();
  call.c = c.data();
  table.kernels<Scalar>().lstm_row_step.forward(call, {0, H});
  CHECK(same_bits(h, zeros.h));
  CHECK(same_bits(c, zeros.c));
}

TEST_CASE("states and biases that are not there are zeros") {
  for_each_isa([](const KernelTable& table) {
    check_absent<float>(table);
    check_absent<double>(table);
  });
}

}  // namespace
}  // namespace gatedcore::test
