// A GRU problem of random numbers, in either form, solved by the twin or by a kernel through the same calls.
//
// States and gradients are plain arrays, (T, B, F) in C order with saved rows as (T, B, 4H), z r s n: each solve lays
// them out in memory as its setup says, between guard values, and checks the guards.
#pragma once

#include <functional>

#include "dispatch/run.hpp"
#include "problem.hpp"
#include "reference/gru.hpp"

namespace gatedcore::test {

template <class Scalar>
struct GruProblem {
  Dims dims;
  GruForm form = GruForm::kResetAfter;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  std::vector<Scalar> x, w_x, w_h;
  std::vector<Scalar> b_x, b_h, h0;   // empty: absent
  std::vector<Scalar> d_h, d_h_last;  // empty: absent
  std::vector<Scalar> m_x, m_h;       // empty: absent
  std::vector<Scalar> z_h;            // empty: absent; or one row (H) for all steps
  Scalar clip = 0;
};

template <class Scalar>
GruProblem<Scalar> gru_problem(check::Random& random, Dims dims, GruForm form,
                               Activation activation = Activation::kTanh,
                               Activation recurrent_activation = Activation::kSigmoid) {
  const auto [T, B, I, H] = dims;
  const double w = weight_bound(I + H);
  GruProblem<Scalar> p;
  p.dims = dims;
  p.form = form;
  p.activation = activation;
  p.recurrent_activation = recurrent_activation;
  p.x = random_array<Scalar>(random, T * B * I, 1);
  p.w_x = random_array<Scalar>(random, I * 3 * H, w);
  p.w_h = random_array<Scalar>(random, H * 3 * H, w);
  p.b_x = random_array<Scalar>(random, 3 * H, bias_bound(activation, recurrent_activation));
  if (form == GruForm::kResetAfter) p.b_h = random_array<Scalar>(random, 3 * H, 1);
  p.h0 = random_array<Scalar>(random, B * H, 1);
  p.d_h = random_array<Scalar>(random, T * B * H, 1);
  p.d_h_last = random_array<Scalar>(random, B * H, 1);
  if (random_choice(random)) p.m_x = random_array<Scalar>(random, B * I, 1);
  if (random_choice(random)) p.m_h = random_array<Scalar>(random, B * H, 1);
  p.z_h = random_zoneout<Scalar>(random, dims);
  p.clip = static_cast<Scalar>(random_clip(random));
  return p;
}

template <class Scalar>
GruProblem<double> widened(const GruProblem<Scalar>& p) {
  return {p.dims,         p.form,         p.activation,   p.recurrent_activation, widened(p.x),   widened(p.w_x),
          widened(p.w_h), widened(p.b_x), widened(p.b_h), widened(p.h0),          widened(p.d_h), widened(p.d_h_last),
          widened(p.m_x), widened(p.m_h), widened(p.z_h), double(p.clip)};
}

// Some steps of some rows, with the states of those rows.
template <class Scalar>
GruProblem<Scalar> part_of(const GruProblem<Scalar>& p, Range t, Range b) {
  const Index B = p.dims.B, I = p.dims.I, H = p.dims.H;
  GruProblem<Scalar> part = p;
  part.dims = {t.end - t.begin, b.end - b.begin, I, H};
  part.x = rows_of(p.x, B, I, t, b);
  part.d_h = rows_of(p.d_h, B, H, t, b);
  part.m_x = rows_of(p.m_x, B, I, {0, 1}, b);
  part.z_h = zoneout_of(p.z_h, p.dims, t, b);
  for (auto* state : {&part.h0, &part.d_h_last, &part.m_h}) *state = rows_of(*state, B, H, {0, 1}, b);
  return part;
}

template <class Scalar>
struct GruSolver {
  std::function<void(const GruForward<Scalar>&)> forward;
  std::function<void(const GruBackward<Scalar>&)> backward;
  Index lanes = 0;  // of a block of units in its cache rows
};

template <class Scalar>
GruSolver<Scalar> gru_twin(Index H) {
  return {reference::gru_forward<Scalar>, reference::gru_backward<Scalar>, H};
}
template <class Scalar>
GruSolver<Scalar> gru_kernel(const KernelTable& table, int threads = 1) {
  return {[&table, threads](const GruForward<Scalar>& call) { run_gru_forward(table, call, threads); },
          [&table, threads](const GruBackward<Scalar>& call) { run_gru_backward(table, call, threads); },
          table.kernels<Scalar>().lanes};
}

// How arrays stand in memory and what is asked for.
struct GruSetup {
  Layout x = Layout::kTimeMajor, h = Layout::kTimeMajor, d_h = Layout::kTimeMajor, d_x = Layout::kTimeMajor;
  Layout z = Layout::kTimeMajor;
  int shift = 0;  // of every array from an aligned address, or kFence
  bool save = true, h_last = true;
  bool h_sequence = true;  // only without save
  bool want_d_x = true, want_d_h0 = true, want_d_b_x = true, want_d_b_h = true;
};

// What a setup does not ask for stays empty.
template <class Scalar>
struct GruStates {
  std::vector<Scalar> h, h_last;
  std::vector<Scalar> gates;  // (T, B, 4H)
};
template <class Scalar>
struct GruGradients {
  std::vector<Scalar> d_x, d_h0;
  std::vector<Scalar> d_w_x, d_w_h, d_b_x, d_b_h;  // kGradientStart and the gradient
  std::vector<Scalar> d_a;                         // (T, B, 4H): what the cache holds after backward
};

template <class Scalar>
GruStates<double> widened(const GruStates<Scalar>& s) {
  return {widened(s.h), widened(s.h_last), widened(s.gates)};
}

// A kernel's states for the twin.
template <class Scalar>
GruStates<double> for_twin(const GruProblem<Scalar>& p, const GruStates<Scalar>& states,
                           const ActivateOne<Scalar>& activate) {
  GruStates<double> wide = widened(states);
  for (const Index q : {0, 1, 3}) {  // 2 is no gate
    const Activation kind = q == 3 ? p.activation : p.recurrent_activation;
    set_limits(activate, kind, p.clip, 4 * p.dims.H, q, p.dims.H, wide.gates);
  }
  return wide;
}

// Where unit u of run q (z r s n) stands in a cache row, as gru_calls.hpp says.
inline Index gru_cache_index(Index H, Index lanes, Index q, Index u) {
  if (q >= 2) return q * H + u;
  const Index block = u / lanes;
  return 2 * lanes * block + q * std::min(lanes, H - lanes * block) + u % lanes;
}

template <class Scalar>
GruStates<Scalar> solve_forward(const GruProblem<Scalar>& p, const GruSolver<Scalar>& solver, const GruSetup& s = {}) {
  const Index T = p.dims.T, B = p.dims.B, I = p.dims.I, H = p.dims.H;
  SequenceArray<Scalar> x(T, B, I, s.x, p.x, s.shift), h(T, B, H, s.h, s.shift);
  Guarded<Scalar> w_x(p.w_x, s.shift), w_h(p.w_h, s.shift), b_x(p.b_x, s.shift), b_h(p.b_h, s.shift), h0(p.h0, s.shift);
  Guarded<Scalar> h_last(B * H, 0, s.shift), gates(T * B * 4 * H, 0, s.shift);
  Guarded<Scalar> m_x(p.m_x, s.shift), m_h(p.m_h, s.shift);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, s.z, s.shift);
  GruForward<Scalar> call;
  call.dims = p.dims;
  call.form = p.form;
  call.activation = p.activation;
  call.recurrent_activation = p.recurrent_activation;
  call.clip = p.clip;
  call.weights = {w_x.data(), w_h.data(), p.b_x.empty() ? nullptr : b_x.data(), p.b_h.empty() ? nullptr : b_h.data()};
  call.x = x.const_sequence();
  call.zoneout = {z_h.sequence(), {}};
  call.factors = {p.m_x.empty() ? nullptr : m_x.data(), p.m_h.empty() ? nullptr : m_h.data()};
  call.h0 = p.h0.empty() ? nullptr : h0.data();
  if (s.save || s.h_sequence) call.h = h.sequence();
  if (s.h_last) call.h_last = h_last.data();
  if (s.save) call.cache = {gates.data()};
  solver.forward(call);

  GruStates<Scalar> states;
  if (s.save || s.h_sequence) states.h = h.values();
  if (s.h_last) states.h_last = h_last.values();
  if (s.save) {
    states.gates.resize(static_cast<std::size_t>(T * B * 4 * H));
    for (Index i = 0; i < T * B * 4 * H; ++i) {
      states.gates[i] = gates.data()[i / (4 * H) * 4 * H + gru_cache_index(H, solver.lanes, i % (4 * H) / H, i % H)];
    }
  }
  CHECK(h.intact());
  CHECK(h_last.intact());
  CHECK(gates.intact());
  return states;
}

// From the states that some forward pass left, its own or another's.
template <class Scalar>
GruGradients<Scalar> solve_backward(const GruProblem<Scalar>& p, const GruSolver<Scalar>& solver,
                                    const GruStates<Scalar>& states, const GruSetup& s = {}) {
  const Index T = p.dims.T, B = p.dims.B, I = p.dims.I, H = p.dims.H;
  const Scalar start = Scalar(kGradientStart);
  SequenceArray<Scalar> x(T, B, I, s.x, p.x, s.shift), h(T, B, H, s.h, states.h, s.shift), d_x(T, B, I, s.d_x, s.shift);
  SequenceArray<Scalar> d_h(T, B, H, s.d_h);
  if (!p.d_h.empty()) d_h = SequenceArray<Scalar>(T, B, H, s.d_h, p.d_h, s.shift);
  Guarded<Scalar> w_x(p.w_x, s.shift), w_h(p.w_h, s.shift), b_x(p.b_x, s.shift), b_h(p.b_h, s.shift), h0(p.h0, s.shift);
  Guarded<Scalar> d_h_last(p.d_h_last, s.shift), gates(T * B * 4 * H, 0, s.shift), d_h0(B * H, Scalar(kGuard), s.shift);
  Guarded<Scalar> d_w_x(I * 3 * H, start, s.shift), d_w_h(H * 3 * H, start, s.shift);
  Guarded<Scalar> d_b_x(3 * H, start, s.shift), d_b_h(3 * H, start, s.shift);
  const auto cached = [&](Index i) -> Scalar& {
    return gates.data()[i / (4 * H) * 4 * H + gru_cache_index(H, solver.lanes, i % (4 * H) / H, i % H)];
  };
  for (Index i = 0; i < T * B * 4 * H; ++i) cached(i) = states.gates[i];
  Guarded<Scalar> m_x(p.m_x, s.shift), m_h(p.m_h, s.shift);
  const ZoneoutArray<Scalar> z_h(p.z_h, p.dims, s.z, s.shift);
  GruBackward<Scalar> call;
  call.dims = p.dims;
  call.form = p.form;
  call.activation = p.activation;
  call.recurrent_activation = p.recurrent_activation;
  call.clip = p.clip;
  call.weights = {w_x.data(), w_h.data(), p.b_x.empty() ? nullptr : b_x.data(), p.b_h.empty() ? nullptr : b_h.data()};
  call.x = x.const_sequence();
  call.zoneout = {z_h.sequence(), {}};
  call.factors = {p.m_x.empty() ? nullptr : m_x.data(), p.m_h.empty() ? nullptr : m_h.data()};
  call.h0 = p.h0.empty() ? nullptr : h0.data();
  call.h = h.const_sequence();
  call.cache = {gates.data()};
  if (!p.d_h.empty()) call.d_h = d_h.const_sequence();
  call.d_h_last = p.d_h_last.empty() ? nullptr : d_h_last.data();
  if (s.want_d_x) call.d_x = d_x.sequence();
  if (s.want_d_h0) call.d_h0 = d_h0.data();
  call.d_w_x = d_w_x.data();
  call.d_w_h = d_w_h.data();
  if (s.want_d_b_x) call.d_b_x = d_b_x.data();
  if (s.want_d_b_h && p.form == GruForm::kResetAfter) call.d_b_h = d_b_h.data();
  solver.backward(call);

  GruGradients<Scalar> g;
  if (s.want_d_x) g.d_x = d_x.values();
  if (s.want_d_h0) g.d_h0 = d_h0.values();
  g.d_w_x = d_w_x.values();
  g.d_w_h = d_w_h.values();
  if (s.want_d_b_x) g.d_b_x = d_b_x.values();
  if (call.d_b_h != nullptr) g.d_b_h = d_b_h.values();
  g.d_a.resize(states.gates.size());
  for (Index i = 0; i < T * B * 4 * H; ++i) g.d_a[i] = cached(i);
  CHECK(d_x.intact());
  CHECK(gates.intact());
  CHECK(d_h0.intact());
  CHECK(d_w_x.intact());
  CHECK(d_w_h.intact());
  CHECK(d_b_x.intact());
  CHECK(d_b_h.intact());
  return g;
}

// Drops what a setup did not ask for, so that a twin that computed everything can be compared.
inline void keep(GruStates<double>& states, const GruSetup& s) {
  if (!s.save && !s.h_sequence) states.h.clear();
  if (!s.h_last) states.h_last.clear();
  if (!s.save) states.gates.clear();
}
inline void keep(GruGradients<double>& g, const GruSetup& s) {
  if (!s.want_d_x) g.d_x.clear();
  if (!s.want_d_h0) g.d_h0.clear();
  if (!s.want_d_b_x) g.d_b_x.clear();
  if (!s.want_d_b_h) g.d_b_h.clear();
}

template <class Scalar>
void check_close(const GruStates<Scalar>& actual, const GruStates<double>& expected, double tolerance) {
  check_close("h", actual.h, expected.h, tolerance);
  check_close("h_last", actual.h_last, expected.h_last, tolerance);
  check_close("gates", actual.gates, expected.gates, tolerance);
}
template <class Scalar>
void check_close(const GruGradients<Scalar>& actual, const GruGradients<double>& expected, double tolerance) {
  check_close("d_a", actual.d_a, expected.d_a, tolerance);
  check_close("d_x", actual.d_x, expected.d_x, tolerance);
  check_close("d_h0", actual.d_h0, expected.d_h0, tolerance);
  check_close("d_w_x", actual.d_w_x, expected.d_w_x, tolerance);
  check_close("d_w_h", actual.d_w_h, expected.d_w_h, tolerance);
  check_close("d_b_x", actual.d_b_x, expected.d_b_x, tolerance);
  check_close("d_b_h", actual.d_b_h, expected.d_b_h, tolerance);
}

template <class Scalar>
bool same_bits(const GruStates<Scalar>& a, const GruStates<Scalar>& b) {
  return same_bits(a.h, b.h) && same_bits(a.h_last, b.h_last) && same_bits(a.gates, b.gates);
}
template <class Scalar>
bool same_bits(const GruGradients<Scalar>& a, const GruGradients<Scalar>& b) {
  return same_bits(a.d_x, b.d_x) && same_bits(a.d_h0, b.d_h0) && same_bits(a.d_a, b.d_a) &&
         same_bits(a.d_w_x, b.d_w_x) && same_bits(a.d_w_h, b.d_w_h) && same_bits(a.d_b_x, b.d_b_x) &&
         same_bits(a.d_b_h, b.d_b_h);
}

// A loss that uses every output: sums of outputs times the gradients that the problem brings.
inline double gru_loss(const GruProblem<double>& p, const GruSolver<double>& solver) {
  GruSetup setup;
  setup.save = false;
  const GruStates<double> states = solve_forward(p, solver, setup);
  return dot(states.h, p.d_h) + dot(states.h_last, p.d_h_last);
}

// Every gradient of a solver's backward against central differences of its own forward.
inline void check_gru_differences(GruProblem<double> p, const GruSolver<double>& solver) {
  const GruGradients<double> g = solve_backward(p, solver, solve_forward(p, solver));
  const auto loss = [&] { return gru_loss(p, solver); };
  check_differences("d_x", p.x, g.d_x, 0, loss);
  check_differences("d_w_x", p.w_x, g.d_w_x, kGradientStart, loss);
  check_differences("d_w_h", p.w_h, g.d_w_h, kGradientStart, loss);
  check_differences("d_b_x", p.b_x, g.d_b_x, kGradientStart, loss);
  check_differences("d_b_h", p.b_h, g.d_b_h, kGradientStart, loss);
  check_differences("d_h0", p.h0, g.d_h0, 0, loss);
}

}  // namespace gatedcore::test
