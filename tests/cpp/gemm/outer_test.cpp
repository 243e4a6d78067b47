#include "gemm/outer.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

// A weight gradient as the LSTM asks for it: columns of x, of the states before each step, and of ones, times gate
// columns.
template <class Scalar>
struct OuterProblem {
  Index T, B, I, H, gates;
  std::vector<Scalar> x, h, h0, d;  // h0 empty: zeros
  std::vector<Scalar> m_x, m_h;     // factors of x and h; empty: ones
};

template <class Scalar>
OuterProblem<Scalar> outer_problem(Index T, Index B, Index I, Index H, bool initial, bool factors) {
  check::Random random(1);
  OuterProblem<Scalar> p{T, B, I, H, 2, {}, {}, {}, {}, {}, {}};
  p.x = random_array<Scalar>(random, T * B * I, 1);
  p.h = random_array<Scalar>(random, T * B * H, 1);
  p.d = random_array<Scalar>(random, T * B * (p.gates * H + 1), 1);  // rows have a gap
  if (initial) p.h0 = random_array<Scalar>(random, B * H, 1);
  if (factors) p.m_x = random_array<Scalar>(random, B * I, 1);
  if (factors) p.m_h = random_array<Scalar>(random, B * H, 1);
  return p;
}

// d_w_x (I, 2H), d_w_h (H, 2H) and d_b (2H), one after the other, computed with panels in runs of `run`.
template <class Scalar>
std::vector<Scalar> solve(const OuterProblem<Scalar>& p, Layout layout, Index run) {
  const Index columns = p.gates * p.H;
  const Scalar one = 1;
  SequenceArray<Scalar> x(p.T, p.B, p.I, layout, p.x), h(p.T, p.B, p.H, layout, p.h);
  const Guarded<Scalar> d(p.d), h0(p.h0), m_x(p.m_x), m_h(p.m_h);
  OuterProduct<Scalar> product;
  product.T = p.T;
  product.B = p.B;
  product.sources[0] = {x.const_sequence(), p.I, false, nullptr, p.m_x.empty() ? nullptr : m_x.data()};
  product.sources[1] = {h.const_sequence(), p.H, true, p.h0.empty() ? nullptr : h0.data(),
                        p.m_h.empty() ? nullptr : m_h.data()};
  product.sources[2] = {{&one, 0, 0}, 1, false, nullptr};
  product.d = d.data();
  product.d_stride = columns + 1;
  product.columns = columns;
  GateColumns target;
  target.H = p.H;
  target.lanes = Vec<Scalar>::kLanes;
  target.gates = p.gates;
  Guarded<Scalar> d_w_x(p.I * columns, Scalar(kGradientStart)), d_w_h(p.H * columns, Scalar(kGradientStart));
  Guarded<Scalar> d_b(columns, Scalar(kGradientStart));
  Scalar* const to[kSources] = {d_w_x.data(), d_w_h.data(), d_b.data()};
  for (Index first = 0; first < panel_count(product); first += run) {
    const Range panels{first, std::min(first + run, panel_count(product))};
    Guarded<Scalar> scratch(outer_scratch_size(product, panels.end - panels.begin), Scalar(kGuard), 0);
    Scalar* packing = scratch.data() + outer_sums_size(product, panels.end - panels.begin);
    sum_outer_product(product, panels, {0, p.T * p.B}, true, scratch.data(), packing);
    add_outer_sums(product, panels, scratch.data(), target, columns, to);
    CHECK(scratch.intact());
  }
  CHECK(d_w_x.intact());
  CHECK(d_w_h.intact());
  CHECK(d_b.intact());
  std::vector<Scalar> all = d_w_x.values();
  for (const std::vector<Scalar>& part : {d_w_h.values(), d_b.values()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

template <class Scalar>
std::vector<double> expected_of(const OuterProblem<Scalar>& p) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index columns = p.gates * p.H;
  std::vector<double> sums(static_cast<std::size_t>((p.I + p.H + 1) * columns), kGradientStart);
  for (Index t = 0; t < p.T; ++t) {
    for (Index b = 0; b < p.B; ++b) {
      for (Index q = 0; q < p.gates; ++q) {
        for (Index u = 0; u < p.H; ++u) {
          const Index block = u / kLanes * kLanes;
          const Index at = p.gates * block + q * std::min(kLanes, p.H - block) + u - block;
          const double d = p.d[(t * p.B + b) * (columns + 1) + at];
          for (Index m = 0; m < p.I + p.H + 1; ++m) {
            double a = 1;
            if (m < p.I) a = p.x[(t * p.B + b) * p.I + m];
            if (m < p.I && !p.m_x.empty()) a *= p.m_x[b * p.I + m];
            if (m >= p.I && m < p.I + p.H) {
              a = t > 0 ? p.h[((t - 1) * p.B + b) * p.H + m - p.I] : p.h0.empty() ? 0 : p.h0[b * p.H + m - p.I];
              if (!p.m_h.empty()) a *= p.m_h[b * p.H + m - p.I];
            }
            sums[m * columns + q * p.H + u] += a * d;
          }
        }
      }
    }
  }
  return sums;
}

template <class Scalar>
void check_shape(Index T, Index B, Index I, Index H, bool initial, bool factors = false) {
  CONTEXT("T " << T << " B " << B << " I " << I << " H " << H << " initial " << initial << " factors " << factors);
  const OuterProblem<Scalar> p = outer_problem<Scalar>(T, B, I, H, initial, factors);
  const std::vector<Scalar> whole = solve(p, Layout::kTimeMajor, 1000);
  // Sums of T * B products: their rounding grows as the sums do, which the tolerance measures against.
  check_close("sums", whole, expected_of(p), Tolerances<Scalar>::kBackward);
  CHECK(same_bits(solve(p, Layout::kTimeMajor, 1), whole));
  CHECK(same_bits(solve(p, Layout::kTimeMajor, 2), whole));
  CHECK(same_bits(solve(p, Layout::kReversed, 1000), whole));
  CHECK(same_bits(solve(p, Layout::kPadded, 1000), whole));
}

template <class Scalar>
void check_shapes() {
  const Index N = Vec<Scalar>::kLanes;
  for (const Index H : sizes_around(N)) {
    check_shape<Scalar>(3, 2, 1, H, true);
    check_shape<Scalar>(1, 7, 4, H, false);
    check_shape<Scalar>(4, 3, 5, H, true, true);
  }
  check_shape<Scalar>(2 * kChunk<Scalar> / 5 + 1, 5, 2, N + 1, true);  // three chunks
  check_shape<Scalar>(kChunk<Scalar>, 1, 1, 4 * N, false);             // one, exactly
  // Panels of every width: 4 vectors, and what is left of 1 to 9 with gates of whole and of partial ones.
  for (Index vectors = 1; vectors <= 9; ++vectors) check_shape<Scalar>(3, 2, 3, vectors * N / 2 - 1, true);
  check_shape<Scalar>(2, 2, 300, N + 2, true);  // many tiles of left columns
  check_shape<Scalar>(2, 2, 300, N + 2, true, true);
}

TEST_CASE("outer products agree with plain sums, for any layout and any split of the panels to the last bit") {
  check_shapes<float>();
  check_shapes<double>();
}

template <class Scalar>
void check_panels() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  OuterProduct<Scalar> p;
  for (p.columns = 1; p.columns <= 21 * kLanes; ++p.columns) {
    Index next = 0;
    for (Index panel = 0; panel < panel_count(p); ++panel) {
      const Panel at = panel_at(p, panel);
      CHECK(at.column == next);
      CHECK((at.vectors >= 1 && at.vectors <= 4));
      CHECK((at.vectors > 1 || p.columns <= kLanes));
      next += at.vectors * kLanes;
    }
    CHECK((next >= p.columns && next - kLanes < p.columns));
  }
}

TEST_CASE("panels follow each other, cover all columns, and only a lone one is a vector wide") {
  check_panels<float>();
  check_panels<double>();
}

TEST_CASE("GateColumns names each weight column once") {
  constexpr Index kLanes = Vec<float>::kLanes;
  for (const Index H : sizes_around(kLanes)) {
    GateColumns target;
    target.H = H;
    target.lanes = kLanes;
    target.gates = 3;
    target.first_gate = 1;
    std::vector<int> named(static_cast<std::size_t>(4 * H));
    for (Index column = 0; column < 3 * H; ++column) ++named[static_cast<std::size_t>(target(column))];
    for (Index i = 0; i < 4 * H; ++i) CHECK(named[static_cast<std::size_t>(i)] == (i < H ? 0 : 1));
  }
}

}  // namespace
}  // namespace gatedcore::test
