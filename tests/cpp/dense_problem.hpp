// A dense layer's problem of random numbers, solved by the twin or by a kernel through the same calls.
#pragma once

#include <functional>

#include "dispatch/run.hpp"
#include "problem.hpp"
#include "reference/dense.hpp"

namespace gatedcore::test {

template <class Scalar>
struct DenseProblem {
  Index M = 0, I = 0, O = 0;
  std::vector<Scalar> x, w, d_y;
  std::vector<Scalar> b;  // empty: absent
};

template <class Scalar>
DenseProblem<Scalar> dense_problem(check::Random& random, Index M, Index I, Index O) {
  DenseProblem<Scalar> p;
  p.M = M;
  p.I = I;
  p.O = O;
  p.x = random_array<Scalar>(random, M * I, 1);
  p.w = random_array<Scalar>(random, I * O, weight_bound(I));
  p.d_y = random_array<Scalar>(random, M * O, 1);
  p.b = random_array<Scalar>(random, O, 1);
  return p;
}

template <class Scalar>
DenseProblem<double> widened(const DenseProblem<Scalar>& p) {
  return {p.M, p.I, p.O, widened(p.x), widened(p.w), widened(p.d_y), widened(p.b)};
}

template <class Scalar>
struct DenseSolver {
  std::function<void(const DenseForward<Scalar>&)> forward;
  std::function<void(const DenseBackward<Scalar>&)> backward;
};

template <class Scalar>
DenseSolver<Scalar> dense_twin() {
  return {reference::dense_forward<Scalar>, reference::dense_backward<Scalar>};
}
template <class Scalar>
DenseSolver<Scalar> dense_kernel(const KernelTable& table, int threads = 1) {
  return {[&table, threads](const DenseForward<Scalar>& call) { run_dense_forward(table, call, threads); },
          [&table, threads](const DenseBackward<Scalar>& call) { run_dense_backward(table, call, threads); }};
}

struct DenseSetup {
  int shift = 0;  // of every array from an aligned address, or kFence
  Index gap = 0;  // between rows of x
  bool want_d_x = true, want_d_b = true;
};

template <class Scalar>
struct DenseSolution {
  std::vector<Scalar> y, d_x;
  std::vector<Scalar> d_w, d_b;  // kGradientStart and the gradient
};

template <class Scalar>
DenseSolution<Scalar> solve(const DenseProblem<Scalar>& p, const DenseSolver<Scalar>& solver,
                            const DenseSetup& s = {}) {
  const Scalar start = Scalar(kGradientStart);
  const Index stride = p.I + s.gap;
  Guarded<Scalar> x(p.M * stride, Scalar(kGuard), s.shift), w(p.w, s.shift), b(p.b, s.shift), d_y(p.d_y, s.shift);
  for (Index i = 0; i < p.M * p.I; ++i) x.data()[i / p.I * stride + i % p.I] = p.x[i];
  Guarded<Scalar> y(p.M * p.O, 0, s.shift), d_x(p.M * p.I, 0, s.shift);
  Guarded<Scalar> d_w(p.I * p.O, start, s.shift), d_b(p.O, start, s.shift);
  solver.forward({p.M, p.I, p.O, x.data(), stride, w.data(), p.b.empty() ? nullptr : b.data(), y.data()});
  solver.backward({p.M, p.I, p.O, x.data(), stride, w.data(), d_y.data(), s.want_d_x ? d_x.data() : nullptr, d_w.data(),
                   s.want_d_b ? d_b.data() : nullptr});
  CHECK(y.intact());
  CHECK(d_x.intact());
  CHECK(d_w.intact());
  CHECK(d_b.intact());
  return {y.values(), d_x.values(), d_w.values(), d_b.values()};
}

template <class Scalar>
void check_close(const DenseSolution<Scalar>& actual, const DenseSolution<double>& expected, double forward,
                 double backward) {
  check_close("y", actual.y, expected.y, forward);
  check_close("d_x", actual.d_x, expected.d_x, backward);
  check_close("d_w", actual.d_w, expected.d_w, backward);
  check_close("d_b", actual.d_b, expected.d_b, backward);
}

template <class Scalar>
bool same_bits(const DenseSolution<Scalar>& a, const DenseSolution<Scalar>& b) {
  return same_bits(a.y, b.y) && same_bits(a.d_x, b.d_x) && same_bits(a.d_w, b.d_w) && same_bits(a.d_b, b.d_b);
}

// Every gradient of a solver's backward against central differences of its own forward.
inline void check_dense_differences(DenseProblem<double> p, const DenseSolver<double>& solver) {
  const DenseSolution<double> g = solve(p, solver);
  const auto loss = [&] { return dot(solve(p, solver).y, p.d_y); };
  check_differences("d_x", p.x, g.d_x, 0, loss);
  check_differences("d_w", p.w, g.d_w, kGradientStart, loss);
  check_differences("d_b", p.b, g.d_b, kGradientStart, loss);
}

}  // namespace gatedcore::test
