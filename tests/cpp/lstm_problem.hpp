// An LSTM problem of random numbers, solved by the twin or by a kernel through the same calls.
//
// States and gradients are plain arrays, (T, B, F) in C order with gates as (T, B, 4H), i f g o: each solve lays them
// out in memory as its setup says, between guard values, and checks the guards.
#pragma once

#include <functional>

#include "dispatch/run.hpp"
#include "problem.hpp"
#include "reference/lstm.hpp"

namespace gatedcore::test {

template <class Scalar>
struct LstmProblem {
  Dims dims;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  std::vector<Scalar> x, w_x, w_h;
  std::vector<Scalar> b, h0, c0;                // empty: absent
  std::vector<Scalar> d_h, d_h_last, d_c_last;  // empty: absent
  std::vector<Scalar> m_x, m_h;                 // empty: absent
  std::vector<Scalar> z_h, z_c;                 // empty: absent; or one row (H) for all steps
  Scalar clip = 0;
  std::vector<Scalar> p;  // empty: absent
  bool input_forget = false;
  Index P = 0;              // width of h; 0: H
  std::vector<Scalar> w_r;  // (H, P); empty: absent
  Index h_width() const { return P == 0 ? dims.H : P; }
};

template <class Scalar>
LstmProblem<Scalar> lstm_problem(check::Random& random, Dims dims, Activation activation = Activation::kTanh,
                                 Activation recurrent_activation = Activation::kSigmoid) {
  const auto [T, B, I, H] = dims;
  const double w = weight_bound(I + H);
  LstmProblem<Scalar> p;
  p.dims = dims;
  p.activation = activation;
  p.recurrent_activation = recurrent_activation;
  p.x = random_array<Scalar>(random, T * B * I, 1);
  p.w_x = random_array<Scalar>(random, I * 4 * H, w);
  p.w_h = random_array<Scalar>(random, H * 4 * H, w);
  p.b = random_array<Scalar>(random, 4 * H, bias_bound(activation, recurrent_activation));
  p.h0 = random_array<Scalar>(random, B * H, 1);
  p.c0 = random_array<Scalar>(random, B * H, 1);
  p.d_h = random_array<Scalar>(random, T * B * H, 1);
  p.d_h_last = random_array<Scalar>(random, B * H, 1);
  p.d_c_last = random_array<Scalar>(random, B * H, 1);
  if (random_choice(random)) p.m_x = random_array<Scalar>(random, B * I, 1);
  if (random_choice(random)) p.m_h = random_array<Scalar>(random, B * H, 1);
  p.z_h = random_zoneout<Scalar>(random, dims);
  p.z_c = random_zoneout<Scalar>(random, dims);
  p.clip = static_cast<Scalar>(random_clip(random));
  if (random.integer(0, 3) == 0) p.p = random_array<Scalar>(random, 3 * H, 1);
  p.input_forget = random.integer(0, 5) == 0;
  return p;
}

// The gates of the plain LSTM.
template <class Scalar>
void clear_variant(LstmProblem<Scalar>& p) {
  p.clip = 0;
  p.p.clear();
  p.input_forget = false;
}

// Projects h to P columns. Zoneout knows none of that.
template <class Scalar>
void project(check::Random& random, LstmProblem<Scalar>& p, Index P) {
  const auto [T, B, I, H] = p.dims;
  p.P = P;
  p.w_r = random_array<Scalar>(random, H * P, weight_bound(H));
  p.w_h = random_array<Scalar>(random, P * 4 * H, weight_bound(I + P));
  p.h0 = random_array<Scalar>(random, B * P, 1);
  p.d_h = random_array<Scalar>(random, T * B * P, 1);
  p.d_h_last = random_array<Scalar>(random, B * P, 1);
  if (!p.m_h.empty()) p.m_h = random_array<Scalar>(random, B * P, 1);
  p.z_h.clear();
}

template <class Scalar>
LstmProblem<double> widened(const LstmProblem<Scalar>& p) {
  return {p.dims,         p.activation,   p.recurrent_activation, widened(p.x),
          widened(p.w_x), widened(p.w_h), widened(p.b),           widened(p.h0),
          widened(p.c0),  widened(p.d_h), widened(p.d_h_last),    widened(p.d_c_last),
          widened(p.m_x), widened(p.m_h), widened(p.z_h),         widened(p.z_c),
          double(p.clip), widened(p.p),   p.input_forget,         p.P,
          widened(p.w_r)};
}

// Some steps of some rows, with the states of those rows.
template <class Scalar>
LstmProblem<Scalar> part_of(const LstmProblem<Scalar>& p, Range t, Range b) {
  const Index B = p.dims.B, I = p.dims.I, H = p.dims.H, P = p.h_width();
  LstmProblem<Scalar> part = p;
  part.dims = {t.end - t.begin, b.end - b.begin, I, H};
  part.x = rows_of(p.x, B, I, t, b);
  part.d_h = rows_of(p.d_h, B, P, t, b);
  part.m_x = rows_of(p.m_x, B, I, {0, 1}, b);
  part.z_h = zoneout_of(p.z_h, p.dims, t, b);
  part.z_c = zoneout_of(p.z_c, p.dims, t, b);
  for (auto* state : {&part.c0, &part.d_c_last}) *state = rows_of(*state, B, H, {0, 1}, b);
  for (auto* state : {&part.h0, &part.d_h_last, &part.m_h}) *state = rows_of(*state, B, P, {0, 1}, b);
  return part;
}

template <class Scalar>
struct LstmSolver {
  std::function<void(const LstmForward<Scalar>&)> forward;
  std::function<void(const LstmBackward<Scalar>&)> backward;
  Index lanes = 0;  // of a block of units in its cache rows
};

template <class Scalar>
LstmSolver<Scalar> lstm_twin(Index H) {
  return {reference::lstm_forward<Scalar>, reference::lstm_backward<Scalar>, H};
}
template <class Scalar>
LstmSolver<Scalar> lstm_kernel(const KernelTable& table, int threads = 1) {
  return {[&table, threads](const LstmForward<Scalar>& call) { run_lstm_forward(table, call, threads); },
          [&table, threads](const LstmBackward<Scalar>& call) { run_lstm_backward(table, call, threads); },
          table.kernels<Scalar>().lanes};
}

// How arrays stand in memory and what is asked for.
struct LstmSetup {
  Layout x = Layout::kTimeMajor, h = Layout::kTimeMajor, d_h = Layout::kTimeMajor, d_x = Layout::kTimeMajor;
  Layout z = Layout::kTimeMajor;
  int shift = 0;  // of every array from an aligned address, or kFence
  bool save = true, h_last = true, c_last = true;
  bool h_sequence = true;  // only without save
  bool want_d_x = true, want_d_h0 = true, want_d_c0 = true, want_d_b = true;
};

// What a setup does not ask for stays empty.
template <class Scalar>
struct LstmStates {
  std::vector<Scalar> h, h_last, c_last;
  std::vector<Scalar> gates, c;  // (T, B, 4H) and (T, B, H)
  std::vector<Scalar> m;         // (T, B, H) with a projection
};
template <class Scalar>
struct LstmGradients {
  std::vector<Scalar> d_x, d_h0, d_c0;
  std::vector<Scalar> d_w_x, d_w_h, d_b;  // kGradientStart and the gradient
  std::vector<Scalar> d_p;                // likewise; empty without peepholes
  std::vector<Scalar> d_w_r;              // likewise; empty without a projection
  std::vector<Scalar> d_a;                // (T, B, 4H), before activation
};

template <class Scalar>
LstmStates<double> widened(const LstmStates<Scalar>& s) {
  return {widened(s.h), widened(s.h_last), widened(s.c_last), widened(s.gates), widened(s.c), widened(s.m)};
}

// A kernel's states for the twin.
template <class Scalar>
LstmStates<double> for_twin(const LstmProblem<Scalar>& p, const LstmStates<Scalar>& states,
                            const ActivateOne<Scalar>& activate) {
  LstmStates<double> wide = widened(states);
  for (Index q = 0; q < 4; ++q) {
    const Activation kind = q == 2 ? p.activation : p.recurrent_activation;
    set_limits(activate, kind, p.clip, 4 * p.dims.H, q, p.dims.H, wide.gates);
  }
  return wide;
}

// Where unit u's gate q stands in a cache row, as lstm_calls.hpp says.
inline Index lstm_cache_index(Index H, Index lanes, Index q, Index u) {
  const Index block = u / lanes;
  return 4 * lanes * block + q * std::min(lanes, H - lanes * block) + u % lanes;
}

template <class Scalar>
LstmStates<Scalar> solve_forward(const LstmProblem<Scalar>& p, const LstmSolver<Scalar>& solver,
                                 const LstmSetup& s = {}) {
  const Index T = p.dims.T, B = p.dims.B, I = p.dims.I, H = p.dims.H, P = p.h_width();
  SequenceArray<Scalar> x(T, B, I, s.x, p.x, s.shift), h(T, B, P, s.h, s.shift);
  Guarded<Scalar> w_x(p.w_x, s.shift), w_h(p.w_h, s.shift), b(p.b, s.shift), h0(p.h0, s.shift), c0(p.c0, s.shift);
  Guarded<Scalar> h_last(B * P, 0, s.shift), c_last(B * H, 0, s.shift);
  Guarded<Scalar> w_r(p.w_r, s.shift), m(p.P == 0 ? Index(0) : T * B * H, 0, s.shift);
  Guarded<Scalar> gates(T * B * 4 * H, 0, s.shift), c(T * B * H, 0, s.shift);
  Guarded<Scalar> m_x(p.m_x, s.shift), m_h(p.m_h, s.shift), peephole(p.p, s.shift);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, s.z, s.shift), z_c(p.z_c, p.dims, s.z, s.shift);
  LstmForward<Scalar> call;
  call.dims = p.dims;
  call.activation = p.activation;
  call.recurrent_activation = p.recurrent_activation;
  call.clip = p.clip;
  call.variant = {p.p.empty() ? nullptr : peephole.data(), p.input_forget};
  if (p.P > 0) call.projection = {w_r.data(), p.P};
  call.weights = {w_x.data(), w_h.data(), p.b.empty() ? nullptr : b.data()};
  call.x = x.const_sequence();
  call.zoneout = {z_h.sequence(), z_c.sequence()};
  call.factors = {p.m_x.empty() ? nullptr : m_x.data(), p.m_h.empty() ? nullptr : m_h.data()};
  call.h0 = p.h0.empty() ? nullptr : h0.data();
  call.c0 = p.c0.empty() ? nullptr : c0.data();
  if (s.save || s.h_sequence) call.h = h.sequence();
  if (s.h_last) call.h_last = h_last.data();
  if (s.c_last) call.c_last = c_last.data();
  if (s.save) call.cache = {gates.data(), c.data(), p.P == 0 ? nullptr : m.data()};
  solver.forward(call);

  LstmStates<Scalar> states;
  if (s.save || s.h_sequence) states.h = h.values();
  if (s.h_last) states.h_last = h_last.values();
  if (s.c_last) states.c_last = c_last.values();
  if (s.save) {
    states.c = c.values();
    states.m = m.values();
    states.gates.resize(static_cast<std::size_t>(T * B * 4 * H));
    for (Index row = 0; row < T * B; ++row) {
      for (Index q = 0; q < 4; ++q) {
        for (Index u = 0; u < H; ++u) {
          states.gates[row * 4 * H + q * H + u] = gates.data()[row * 4 * H + lstm_cache_index(H, solver.lanes, q, u)];
        }
      }
    }
  }
  CHECK(h.intact());
  CHECK(h_last.intact());
  CHECK(c_last.intact());
  CHECK(gates.intact());
  CHECK(c.intact());
  CHECK(m.intact());
  return states;
}

// From the states that some forward pass left, its own or another's.
template <class Scalar>
LstmGradients<Scalar> solve_backward(const LstmProblem<Scalar>& p, const LstmSolver<Scalar>& solver,
                                     const LstmStates<Scalar>& states, const LstmSetup& s = {}) {
  const Index T = p.dims.T, B = p.dims.B, I = p.dims.I, H = p.dims.H, P = p.h_width();
  const Scalar start = Scalar(kGradientStart);
  SequenceArray<Scalar> x(T, B, I, s.x, p.x, s.shift), h(T, B, P, s.h, states.h, s.shift), d_x(T, B, I, s.d_x, s.shift);
  SequenceArray<Scalar> d_h(T, B, P, s.d_h);
  if (!p.d_h.empty()) d_h = SequenceArray<Scalar>(T, B, P, s.d_h, p.d_h, s.shift);
  Guarded<Scalar> w_x(p.w_x, s.shift), w_h(p.w_h, s.shift), b(p.b, s.shift), h0(p.h0, s.shift), c0(p.c0, s.shift);
  Guarded<Scalar> d_h_last(p.d_h_last, s.shift), d_c_last(p.d_c_last, s.shift), c(states.c, s.shift);
  Guarded<Scalar> gates(T * B * 4 * H, 0, s.shift), d_h0(B * P, Scalar(kGuard), s.shift),
      d_c0(B * H, Scalar(kGuard), s.shift);
  Guarded<Scalar> d_w_x(I * 4 * H, start, s.shift), d_w_h(P * 4 * H, start, s.shift), d_b(4 * H, start, s.shift);
  Guarded<Scalar> w_r(p.w_r, s.shift), m(states.m, s.shift), d_w_r(p.P == 0 ? Index(0) : H * P, start, s.shift);
  const auto cached = [&](Index row, Index q, Index u) -> Scalar& {
    return gates.data()[row * 4 * H + lstm_cache_index(H, solver.lanes, q, u)];
  };
  for (Index i = 0; i < T * B * 4 * H; ++i) cached(i / (4 * H), i % (4 * H) / H, i % H) = states.gates[i];
  Guarded<Scalar> m_x(p.m_x, s.shift), m_h(p.m_h, s.shift), peephole(p.p, s.shift);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, s.z, s.shift), z_c(p.z_c, p.dims, s.z, s.shift);
  LstmBackward<Scalar> call;
  call.dims = p.dims;
  call.activation = p.activation;
  call.recurrent_activation = p.recurrent_activation;
  call.clip = p.clip;
  call.variant = {p.p.empty() ? nullptr : peephole.data(), p.input_forget};
  if (p.P > 0) call.projection = {w_r.data(), p.P};
  call.weights = {w_x.data(), w_h.data(), p.b.empty() ? nullptr : b.data()};
  call.x = x.const_sequence();
  call.zoneout = {z_h.sequence(), z_c.sequence()};
  call.factors = {p.m_x.empty() ? nullptr : m_x.data(), p.m_h.empty() ? nullptr : m_h.data()};
  call.h0 = p.h0.empty() ? nullptr : h0.data();
  call.c0 = p.c0.empty() ? nullptr : c0.data();
  call.h = h.const_sequence();
  call.cache = {gates.data(), c.data(), p.P == 0 ? nullptr : m.data()};
  if (p.P > 0) call.d_w_r = d_w_r.data();
  if (!p.d_h.empty()) call.d_h = d_h.const_sequence();
  call.d_h_last = p.d_h_last.empty() ? nullptr : d_h_last.data();
  call.d_c_last = p.d_c_last.empty() ? nullptr : d_c_last.data();
  if (s.want_d_x) call.d_x = d_x.sequence();
  if (s.want_d_h0) call.d_h0 = d_h0.data();
  if (s.want_d_c0) call.d_c0 = d_c0.data();
  call.d_w_x = d_w_x.data();
  call.d_w_h = d_w_h.data();
  if (s.want_d_b) call.d_b = d_b.data();
  Guarded<Scalar> d_p(p.p.empty() ? Index(0) : 3 * H, start, s.shift);
  if (!p.p.empty()) call.d_p = d_p.data();
  solver.backward(call);

  LstmGradients<Scalar> g;
  if (s.want_d_x) g.d_x = d_x.values();
  if (s.want_d_h0) g.d_h0 = d_h0.values();
  if (s.want_d_c0) g.d_c0 = d_c0.values();
  g.d_w_x = d_w_x.values();
  g.d_w_h = d_w_h.values();
  if (s.want_d_b) g.d_b = d_b.values();
  if (!p.p.empty()) g.d_p = d_p.values();
  if (p.P > 0) g.d_w_r = d_w_r.values();
  g.d_a.resize(states.gates.size());
  for (Index i = 0; i < T * B * 4 * H; ++i) g.d_a[i] = cached(i / (4 * H), i % (4 * H) / H, i % H);
  CHECK(same_bits(c.values(), states.c));
  CHECK(d_x.intact());
  CHECK(gates.intact());
  CHECK(c.intact());
  CHECK(d_h0.intact());
  CHECK(d_c0.intact());
  CHECK(d_w_x.intact());
  CHECK(d_w_h.intact());
  CHECK(d_b.intact());
  CHECK(d_p.intact());
  CHECK(d_w_r.intact());
  return g;
}

// Drops what a setup did not ask for, so that a twin that computed everything can be compared.
inline void keep(LstmStates<double>& states, const LstmSetup& s) {
  if (!s.save && !s.h_sequence) states.h.clear();
  if (!s.h_last) states.h_last.clear();
  if (!s.c_last) states.c_last.clear();
  if (!s.save) states.gates.clear();
  if (!s.save) states.c.clear();
  if (!s.save) states.m.clear();
}
inline void keep(LstmGradients<double>& g, const LstmSetup& s) {
  if (!s.want_d_x) g.d_x.clear();
  if (!s.want_d_h0) g.d_h0.clear();
  if (!s.want_d_c0) g.d_c0.clear();
  if (!s.want_d_b) g.d_b.clear();
}

template <class Scalar>
void check_close(const LstmStates<Scalar>& actual, const LstmStates<double>& expected, double tolerance) {
  check_close("h", actual.h, expected.h, tolerance);
  check_close("h_last", actual.h_last, expected.h_last, tolerance);
  check_close("c_last", actual.c_last, expected.c_last, tolerance);
  check_close("gates", actual.gates, expected.gates, tolerance);
  check_close("c", actual.c, expected.c, tolerance);
  check_close("m", actual.m, expected.m, tolerance);
}
template <class Scalar>
void check_close(const LstmGradients<Scalar>& actual, const LstmGradients<double>& expected, double tolerance) {
  check_close("d_a", actual.d_a, expected.d_a, tolerance);
  check_close("d_x", actual.d_x, expected.d_x, tolerance);
  check_close("d_h0", actual.d_h0, expected.d_h0, tolerance);
  check_close("d_c0", actual.d_c0, expected.d_c0, tolerance);
  check_close("d_w_x", actual.d_w_x, expected.d_w_x, tolerance);
  check_close("d_w_h", actual.d_w_h, expected.d_w_h, tolerance);
  check_close("d_b", actual.d_b, expected.d_b, tolerance);
  check_close("d_p", actual.d_p, expected.d_p, tolerance);
  check_close("d_w_r", actual.d_w_r, expected.d_w_r, tolerance);
}

template <class Scalar>
bool same_bits(const LstmStates<Scalar>& a, const LstmStates<Scalar>& b) {
  return same_bits(a.h, b.h) && same_bits(a.h_last, b.h_last) && same_bits(a.c_last, b.c_last) &&
         same_bits(a.gates, b.gates) && same_bits(a.c, b.c) && same_bits(a.m, b.m);
}
template <class Scalar>
bool same_bits(const LstmGradients<Scalar>& a, const LstmGradients<Scalar>& b) {
  return same_bits(a.d_x, b.d_x) && same_bits(a.d_h0, b.d_h0) && same_bits(a.d_c0, b.d_c0) && same_bits(a.d_a, b.d_a) &&
         same_bits(a.d_w_x, b.d_w_x) && same_bits(a.d_w_h, b.d_w_h) && same_bits(a.d_b, b.d_b) &&
         same_bits(a.d_p, b.d_p) && same_bits(a.d_w_r, b.d_w_r);
}

// A loss that uses every output: sums of outputs times the gradients that the problem brings.
inline double lstm_loss(const LstmProblem<double>& p, const LstmSolver<double>& solver) {
  LstmSetup setup;
  setup.save = false;
  const LstmStates<double> states = solve_forward(p, solver, setup);
  return dot(states.h, p.d_h) + dot(states.h_last, p.d_h_last) + dot(states.c_last, p.d_c_last);
}

// Every gradient of a solver's backward against central differences of its own forward.
inline void check_lstm_differences(LstmProblem<double> p, const LstmSolver<double>& solver) {
  const LstmGradients<double> g = solve_backward(p, solver, solve_forward(p, solver));
  const auto loss = [&] { return lstm_loss(p, solver); };
  check_differences("d_x", p.x, g.d_x, 0, loss);
  check_differences("d_w_x", p.w_x, g.d_w_x, kGradientStart, loss);
  check_differences("d_w_h", p.w_h, g.d_w_h, kGradientStart, loss);
  check_differences("d_b", p.b, g.d_b, kGradientStart, loss);
  check_differences("d_h0", p.h0, g.d_h0, 0, loss);
  check_differences("d_c0", p.c0, g.d_c0, 0, loss);
  check_differences("d_p", p.p, g.d_p, kGradientStart, loss);
  check_differences("d_w_r", p.w_r, g.d_w_r, kGradientStart, loss);
}

}  // namespace gatedcore::test
