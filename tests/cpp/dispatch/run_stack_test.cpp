// Stacks through run_stack_forward and run_stack_backward, against the calls of their layers one after the other.
#include "dispatch/run_stack.hpp"

#include <memory>

#include "core/pool.hpp"
#include "dispatch/run.hpp"
#include "dispatch/run_recompute.hpp"
#include "problem.hpp"

namespace gatedcore::test {
namespace {

// One direction of a layer: what its calls read, and what they write.
template <class Scalar>
struct Direction {
  bool gru = false;
  Dims dims;
  bool recompute = false;
  std::vector<Scalar> w_x, w_h, b, h0, c0, d_h_last, d_c_last;
  std::vector<Scalar> m_x, m_h, z_h, z_c;       // empty: none
  std::shared_ptr<MaskedSteps<Scalar>> masked;  // made with the first call
  std::vector<Scalar> h_last, c_last, gates, c;
  std::vector<Scalar> d_h0, d_c0, d_w_x, d_w_h, d_b;
};

// The directions' h side by side.
template <class Scalar>
struct Layer {
  std::vector<Direction<Scalar>> directions;
  std::vector<Scalar> h, d_x;
};

template <class Scalar>
struct Problem {
  Index T = 0, B = 0;
  bool save = true, want_d_x = true;
  std::vector<Scalar> x, d_h;
  std::vector<std::uint8_t> mask;  // (T, B); empty: every step counts
  std::vector<Layer<Scalar>> layers;
};

struct LayerKind {
  bool gru;
  int directions;
  Index H;
};

template <class Scalar>
Problem<Scalar> random_problem(check::Random& random, Index T, Index B, Index I, const std::vector<LayerKind>& kinds) {
  Problem<Scalar> p;
  p.T = T;
  p.B = B;
  p.x = random_array<Scalar>(random, T * B * I, 1);
  for (const LayerKind& kind : kinds) {
    const Index H = kind.H, G = kind.gru ? 3 : 4;
    Layer<Scalar> layer;
    for (int i = 0; i < kind.directions; ++i) {
      Direction<Scalar> d;
      d.gru = kind.gru;
      d.dims = {T, B, I, H};
      const double bound = weight_bound(I + H);
      d.w_x = random_array<Scalar>(random, I * G * H, bound);
      d.w_h = random_array<Scalar>(random, H * G * H, bound);
      d.b = random_array<Scalar>(random, (kind.gru ? 2 : 1) * G * H, 1);
      for (auto* state : {&d.h0, &d.c0, &d.d_h_last, &d.d_c_last}) *state = random_array<Scalar>(random, B * H, 1);
      clear_sometimes(random, {&d.b, &d.h0, &d.c0, &d.d_h_last, &d.d_c_last});
      for (auto* state : {&d.h_last, &d.c_last, &d.d_h0, &d.d_c0}) state->assign(static_cast<std::size_t>(B * H), 7);
      d.gates.assign(static_cast<std::size_t>(T * B * 4 * H), 7);
      d.c.assign(static_cast<std::size_t>(T * B * H), 7);
      d.d_w_x.assign(d.w_x.size(), Scalar(kGradientStart));
      d.d_w_h.assign(d.w_h.size(), Scalar(kGradientStart));
      d.d_b.assign(d.b.size(), Scalar(kGradientStart));
      layer.directions.push_back(std::move(d));
    }
    layer.h.assign(static_cast<std::size_t>(T * B * kind.directions * H), 7);
    layer.d_x.assign(static_cast<std::size_t>(T * B * I), 7);
    p.layers.push_back(std::move(layer));
    I = kind.directions * H;
  }
  p.d_h = random_array<Scalar>(random, T * B * I, 1);
  return p;
}

// The direction's part of a (T, B, F) array in which all directions stand side by side.
template <class Scalar>
Sequence<Scalar> view(Scalar* data, const Problem<std::remove_const_t<Scalar>>& p, Index F, Index first,
                      bool reversed) {
  const Index step = p.B * F;
  if (p.T == 0 || p.B == 0) return {data, step, F};  // nothing may be added to the address of no elements
  if (!reversed) return {data + first, step, F};
  return {data + (p.T - 1) * step + first, -step, F};
}

// Dropout and zoneout, drawn or of one rate, a mask, gates that are not saved: each as chance has it.
template <class Scalar>
void choose_options(check::Random& random, Problem<Scalar>& p) {
  const auto draw = [&](std::vector<Scalar>& values, Index count, double scale) {
    if (!random_choice(random)) return;
    values.resize(static_cast<std::size_t>(count));
    for (Scalar& value : values) value = Scalar(random_choice(random) ? scale : 0);
  };
  for (Layer<Scalar>& layer : p.layers) {
    for (Direction<Scalar>& d : layer.directions) {
      draw(d.m_x, p.B * d.dims.I, 1.25);
      draw(d.m_h, p.B * d.dims.H, 1.25);
      draw(d.z_h, p.T * p.B * d.dims.H, 1);
      if (!d.gru) draw(d.z_c, p.T * p.B * d.dims.H, 1);
      d.recompute = random_choice(random);
    }
  }
  if (!random_choice(random)) return;
  p.mask.resize(static_cast<std::size_t>(p.T * p.B));
  for (std::uint8_t& counts : p.mask) counts = random.integer(0, 2) > 0;
}

template <class Scalar>
MaskedSteps<Scalar>* masked_steps(const Problem<Scalar>& p, Direction<Scalar>& d, bool reversed) {
  if (p.mask.empty()) return nullptr;
  const StepMask mask = reversed ? StepMask{p.mask.data() + (p.T - 1) * p.B, -p.B, 1} : StepMask{p.mask.data(), p.B, 1};
  if (!d.masked) d.masked = std::make_shared<MaskedSteps<Scalar>>(mask, StepMask{}, MaskedOutput::kZero, d.dims);
  return d.masked.get();
}

template <class Scalar>
Scalar* memory(std::vector<Scalar>& values) {
  return values.empty() ? nullptr : values.data();
}

template <class Scalar>
struct Calls {
  Stack<RecurrentForward<Scalar>> forward;
  Stack<RecurrentBackward<Scalar>> backward;
};

template <class Scalar>
void set_forward(LstmForward<Scalar>& call, Direction<Scalar>& d, bool save) {
  call.weights = {d.w_x.data(), d.w_h.data(), pointer(d.b)};
  call.c0 = pointer(d.c0);
  call.c_last = memory(d.c_last);
  call.zoneout.z_c = {pointer(d.z_c), d.dims.B * d.dims.H, d.dims.H};
  if (save) call.cache = {d.recompute ? nullptr : d.gates.data(), d.c.data()};
}
template <class Scalar>
void set_forward(GruForward<Scalar>& call, Direction<Scalar>& d, bool save) {
  call.weights = {d.w_x.data(), d.w_h.data(), pointer(d.b), d.b.empty() ? nullptr : d.b.data() + 3 * d.dims.H};
  if (save && !d.recompute) call.cache = {d.gates.data()};
}
template <class Scalar>
void set_backward(LstmBackward<Scalar>& call, Direction<Scalar>& d) {
  call.c0 = pointer(d.c0);
  call.d_c_last = pointer(d.d_c_last);
  call.d_c0 = memory(d.d_c0);
  call.d_b = memory(d.d_b);
}
template <class Scalar>
void set_backward(GruBackward<Scalar>& call, Direction<Scalar>& d) {
  call.d_b_x = memory(d.d_b);
  call.d_b_h = d.d_b.empty() ? nullptr : d.d_b.data() + 3 * d.dims.H;
}

template <class Scalar, class Forward, class Backward>
void add_direction(Problem<Scalar>& p, std::size_t index, std::size_t direction, Calls<Scalar>& calls) {
  Layer<Scalar>& layer = p.layers[index];
  Direction<Scalar>& d = layer.directions[direction];
  const bool reversed = direction == 1, last = index + 1 == p.layers.size();
  const Index H = d.dims.H, F = H * static_cast<Index>(layer.directions.size()), first = reversed ? H : 0;
  const std::vector<Scalar>& x = index == 0 ? p.x : p.layers[index - 1].h;
  const std::vector<Scalar>& d_h = last ? p.d_h : p.layers[index + 1].d_x;
  Forward f;
  f.dims = d.dims;
  f.x = view(x.data(), p, d.dims.I, 0, reversed);
  f.h = view(layer.h.data(), p, F, first, reversed);
  f.h0 = pointer(d.h0);
  f.h_last = memory(d.h_last);
  f.factors = {pointer(d.m_x), pointer(d.m_h)};
  f.zoneout.z_h = {pointer(d.z_h), p.B * H, H};
  set_forward(f, d, p.save);
  MaskedSteps<Scalar>* masked = masked_steps(p, d, reversed);
  Backward b;
  b.dims = d.dims;
  b.weights = f.weights;
  b.x = f.x;
  b.factors = f.factors;
  b.zoneout = f.zoneout;
  b.h0 = f.h0;
  b.h = {f.h.data, f.h.t_stride, f.h.b_stride};
  b.cache = f.cache;
  b.d_h = view(d_h.data(), p, F, first, reversed);
  b.d_h_last = pointer(d.d_h_last);
  if (index > 0 || p.want_d_x) b.d_x = view(layer.d_x.data(), p, d.dims.I, 0, reversed);
  b.d_h0 = memory(d.d_h0);
  b.d_w_x = d.d_w_x.data();
  b.d_w_h = d.d_w_h.data();
  set_backward(b, d);
  calls.forward[index].push_back({f, masked});
  calls.backward[index].push_back({b, masked});
}

template <class Scalar>
Calls<Scalar> calls_of(Problem<Scalar>& p) {
  Calls<Scalar> calls;
  calls.forward.resize(p.layers.size());
  calls.backward.resize(p.layers.size());
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    for (std::size_t k = 0; k < p.layers[i].directions.size(); ++k) {
      if (p.layers[i].directions[k].gru) {
        add_direction<Scalar, GruForward<Scalar>, GruBackward<Scalar>>(p, i, k, calls);
      } else {
        add_direction<Scalar, LstmForward<Scalar>, LstmBackward<Scalar>>(p, i, k, calls);
      }
    }
  }
  return calls;
}

template <class Scalar>
void run_one(const KernelTable& table, const LstmForward<Scalar>& call, MaskedSteps<Scalar>* masked) {
  masked == nullptr ? run_lstm_forward(table, call, 1) : run_lstm_forward(table, call, *masked, 1);
}
template <class Scalar>
void run_one(const KernelTable& table, const GruForward<Scalar>& call, MaskedSteps<Scalar>* masked) {
  masked == nullptr ? run_gru_forward(table, call, 1) : run_gru_forward(table, call, *masked, 1);
}
template <class Scalar>
void run_one(const KernelTable& table, const LstmBackward<Scalar>& call, const MaskedSteps<Scalar>* masked) {
  if (masked != nullptr) return run_lstm_backward(table, call, *masked, 1);
  const bool saved = call.cache.gates != nullptr || call.dims.T == 0;
  saved ? run_lstm_backward(table, call, 1) : run_lstm_recompute(table, call, 1);
}
template <class Scalar>
void run_one(const KernelTable& table, const GruBackward<Scalar>& call, const MaskedSteps<Scalar>* masked) {
  if (masked != nullptr) return run_gru_backward(table, call, *masked, 1);
  const bool saved = call.cache.gates != nullptr || call.dims.T == 0;
  saved ? run_gru_backward(table, call, 1) : run_gru_recompute(table, call, 1);
}

// Every call alone, on one thread, and the sum of two d_x in plain loops.
template <class Scalar>
void solve_alone(const KernelTable& table, Problem<Scalar>& p) {
  Calls<Scalar> calls = calls_of(p);
  for (const auto& layer : calls.forward) {
    for (const auto& any : layer) std::visit([&](const auto& call) { run_one(table, call, any.masked); }, any.call);
  }
  if (!p.save) return;
  for (std::size_t i = p.layers.size(); i-- > 0;) {
    std::vector<Scalar> sum;
    for (const auto& any : calls.backward[i]) {
      std::visit([&](const auto& call) { run_one(table, call, any.masked); }, any.call);
      const std::vector<Scalar>& d_x = p.layers[i].d_x;
      if (sum.empty()) {
        sum = d_x;
      } else {
        for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += d_x[k];
      }
    }
    if (i > 0 || p.want_d_x) p.layers[i].d_x = std::move(sum);
    calls = calls_of(p);  // as d_x stands elsewhere now
  }
}

template <class Scalar>
void solve(const KernelTable& table, Problem<Scalar>& p, int threads) {
  const Calls<Scalar> calls = calls_of(p);
  run_stack_forward(table, calls.forward, threads);
  if (p.save) run_stack_backward(table, calls.backward, threads);
}

template <class Scalar>
void check_same(const Problem<Scalar>& actual, const Problem<Scalar>& expected) {
  for (std::size_t i = 0; i < expected.layers.size(); ++i) {
    CONTEXT("layer " << i);
    CHECK(same_bits(actual.layers[i].h, expected.layers[i].h));
    CHECK(same_bits(actual.layers[i].d_x, expected.layers[i].d_x));
    for (std::size_t k = 0; k < expected.layers[i].directions.size(); ++k) {
      CONTEXT("direction " << k);
      const Direction<Scalar>&a = actual.layers[i].directions[k], &e = expected.layers[i].directions[k];
      CHECK(same_bits(a.h_last, e.h_last));
      CHECK(same_bits(a.c_last, e.c_last));
      CHECK(same_bits(a.gates, e.gates));
      CHECK(same_bits(a.c, e.c));
      CHECK(same_bits(a.d_h0, e.d_h0));
      CHECK(same_bits(a.d_c0, e.d_c0));
      CHECK(same_bits(a.d_w_x, e.d_w_x));
      CHECK(same_bits(a.d_w_h, e.d_w_h));
      CHECK(same_bits(a.d_b, e.d_b));
    }
  }
}

template <class Scalar>
void check_problem(const KernelTable& table, const Problem<Scalar>& problem) {
  CONTEXT("T " << problem.T << " B " << problem.B << " layers " << problem.layers.size() << " bytes "
               << sizeof(Scalar));
  Problem<Scalar> expected = problem;
  solve_alone(table, expected);
  for (const int threads : {1, 2, 3}) {
    CONTEXT("threads " << threads);
    Problem<Scalar> actual = problem;
    solve(table, actual, threads);
    check_same(actual, expected);
  }
}

// Mixed kinds, each deep enough that a wave's threads come round to a second layer.
const std::vector<LayerKind> kStacks[] = {
    {{false, 1, 40}},
    {{false, 2, 40}},
    {{false, 1, 40}, {true, 1, 37}},
    {{true, 1, 33}, {false, 1, 40}, {true, 1, 48}, {false, 1, 41}},
    {{true, 2, 33}, {false, 2, 40}},
    {{false, 1, 40}, {true, 1, 40}, {false, 2, 36}, {true, 1, 40}, {true, 1, 35}, {false, 1, 40}},
};

template <class Scalar>
void check_stacks(const KernelTable& table) {
  check::Random random(1);
  for (const auto& kinds : kStacks) {
    // 97 steps at one row are some 2.5 million operations a layer, enough for each to deserve a thread.
    for (const auto& [T, B] : {std::pair<Index, Index>{0, 2}, {1, 1}, {5, 3}, {48, 2}, {97, 1}, {97, 3}, {30, 40}}) {
      Problem<Scalar> p = random_problem<Scalar>(random, T, B, 32, kinds);
      p.save = random.integer(0, 3) > 0;
      p.want_d_x = random_choice(random);
      check_problem(table, p);
    }
  }
}

TEST_CASE("a stack gives the bits of its layers one after the other, with any number of threads") {
  for_each_isa([](const KernelTable& table) {
    check_stacks<float>(table);
    check_stacks<double>(table);
  });
}

TEST_CASE("dropout, zoneout, masks and gates computed anew change nothing about that") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    for (const auto& kinds : kStacks) {
      for (const auto& [T, B] : {std::pair<Index, Index>{1, 2}, {48, 1}, {97, 1}, {97, 2}, {13, 9}}) {
        for (int repeat = 0; repeat < 3; ++repeat) {
          Problem<float> p = random_problem<float>(random, T, B, 32, kinds);
          choose_options(random, p);
          check_problem(table, p);
        }
      }
    }
  });
}

TEST_CASE("one thread is enough for a wave, where there are no more to be had") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    const Problem<float> problem = random_problem<float>(random, 97, 1, 32, kStacks[3]);
    Problem<float> expected = problem;
    solve_alone(table, expected);
    std::vector<Problem<float>> actual(2, problem);
    parallel_for(2, [&](Index i) { solve(table, actual[static_cast<std::size_t>(i)], 3); });
    for (const Problem<float>& one : actual) check_same(one, expected);
  });
}

TEST_CASE("a stack without layers or rows is nothing to do") {
  for_each_isa([](const KernelTable& table) {
    run_stack_forward<float>(table, {}, 2);
    run_stack_backward<float>(table, {}, 2);
    check::Random random(2);
    check_problem(table, random_problem<float>(random, 5, 0, 3, {{false, 1, 4}, {true, 2, 4}}));
  });
}

}  // namespace
}  // namespace gatedcore::test
