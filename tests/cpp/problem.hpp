// What the problems of every layer share: random numbers of a sensible size, and the comparison with a twin in float64.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "check.hpp"
#include "core/types.hpp"
#include "dispatch/isa.hpp"
#include "guarded.hpp"
#include "reference/activation.hpp"
#include "tolerances.hpp"

namespace gatedcore::test {

inline constexpr Activation kActivations[] = {Activation::kLinear,      Activation::kTanh, Activation::kSigmoid,
                                              Activation::kHardSigmoid, Activation::kRelu, Activation::kSoftsign,
                                              Activation::kElu};

// Gradients of parameters are added to what is there: this.
inline constexpr double kGradientStart = 0.5;

template <class Scalar>
std::vector<Scalar> random_array(check::Random& random, Index size, double bound) {
  std::vector<Scalar> values(static_cast<std::size_t>(size));
  random.fill(values, -bound, bound);
  return values;
}

// Weights whose sums over `depth` products of numbers up to 1 have a spread of about 1/2.
inline double weight_bound(Index depth) { return 1.5 / std::sqrt(static_cast<double>(depth)); }

// Biases that reach the flat ends of hard_sigmoid at -3 and 3, elsewhere of the size of the products.
inline double bias_bound(Activation a, Activation b) {
  return a == Activation::kHardSigmoid || b == Activation::kHardSigmoid ? 4.0 : 1.0;
}

inline std::vector<double> widened(const std::vector<float>& values) { return {values.begin(), values.end()}; }
inline std::vector<double> widened(const std::vector<double>& values) { return values; }

// What a kernel's activation gives for a number, whichever kernels these are.
template <class Scalar>
using ActivateOne = std::function<Scalar(Activation, Scalar)>;
template <class Scalar>
ActivateOne<Scalar> activation_of(const KernelTable& table) {
  return [&table](Activation kind, Scalar x) {
    Scalar y;
    table.kernels<Scalar>().activate(kind, &x, &y, 1);
    return y;
  };
}
// In outputs of a kernel that are to be the twin's, one run of H in every `row`: those of gates that were cut off
// become what the twin's own gates are there, as it is by them that backward knows.
template <class Scalar>
void set_limits(const ActivateOne<Scalar>& activate, Activation kind, Scalar clip, Index row, Index run, Index H,
                std::vector<double>& gates) {
  if (clip == 0) return;
  for (const Scalar limit : {-clip, clip}) {
    const double kernels = static_cast<double>(activate(kind, limit));
    const double twins = reference::activate(kind, static_cast<double>(limit));
    for (std::size_t i = 0; i < gates.size(); ++i) {
      if (static_cast<Index>(i) % row / H == run && gates[i] == kernels) gates[i] = twins;
    }
  }
}

// Null for an empty array: it is absent.
template <class Scalar>
const Scalar* pointer(const std::vector<Scalar>& values) {
  return values.empty() ? nullptr : values.data();
}

inline std::string list_of(const Dims& dims) {
  return "T " + std::to_string(dims.T) + " B " + std::to_string(dims.B) + " I " + std::to_string(dims.I) + " H " +
         std::to_string(dims.H);
}

// The largest difference, as tolerances.hpp measures it.
template <class Scalar>
void check_close(const char* name, const std::vector<Scalar>& actual, const std::vector<double>& expected,
                 double tolerance) {
  CONTEXT(name);
  CHECK(actual.size() == expected.size());
  double scale = 1;
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  std::size_t worst = 0;
  double off = 0;
  for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(difference <= off)) {  // NaN is worst
      worst = i;
      off = difference;
      if (std::isnan(difference)) break;
    }
  }
  if (actual.empty()) return;
  CONTEXT("element " << worst << " of " << actual.size());
  CHECK_NEAR(actual[worst], expected[worst], tolerance * scale);
}

// Sizes around a vector of N lanes, and one of two vectors and a rest.
inline std::vector<Index> sizes_around(Index N) {
  std::vector<Index> sizes;
  for (const Index size : {Index(1), N - 1, N, N + 1, 2 * N + 3}) {
    if (size > 0 && (sizes.empty() || size > sizes.back())) sizes.push_back(size);
  }
  return sizes;
}

inline constexpr Index kSteps[] = {0, 1, 2, 5};
inline constexpr Index kBatches[] = {0, 1, 2, 3, 4, 5, 6, 7, 13};

// Shapes that reach what small ones do not: steps projected ahead of a lone row across two batches of them (T 50),
// several chunks of sample-steps in the weight gradients (T 60, B 7), several blocks of their left columns (I 250), and
// the tiles of a lone row, which are up to eight vectors wide.
inline std::vector<Dims> long_shapes(Index N) {
  return {{50, 1, 5, N + 1}, {60, 7, 3, N + 2},    {2, 3, 250, N + 1},    {3, 1, 4, 8 * N - 1},
          {3, 1, 3, 4 * N},  {3, 1, 9, 5 * N + 1}, {2, 1, 1, 16 * N + 1}, {3, 2, 2, 6 * N + 1}};
}

// Steps [t.begin, t.end) of batch rows [b.begin, b.end) of a (T, B, F) array.
template <class Scalar>
std::vector<Scalar> rows_of(const std::vector<Scalar>& values, Index B, Index F, Range t, Range b) {
  std::vector<Scalar> rows;
  if (values.empty()) return rows;  // absent
  for (Index step = t.begin; step < t.end; ++step) {
    const auto row = values.begin() + (step * B + b.begin) * F;
    rows.insert(rows.end(), row, row + (b.end - b.begin) * F);
  }
  return rows;
}

template <class Scalar>
void clear_sometimes(check::Random& random, std::initializer_list<std::vector<Scalar>*> arrays) {
  for (std::vector<Scalar>* array : arrays) {
    if (random.integer(0, 2) == 0) array->clear();
  }
}
template <class Problem>
void clear_factors(Problem& p) {
  p.m_x.clear();
  p.m_h.clear();
}

// Zoneout as it is drawn, (T, B, H), but with something between 0 and 1 too, a third each.
template <class Scalar>
std::vector<Scalar> drawn_zoneout(check::Random& random, const Dims& dims) {
  std::vector<Scalar> z(static_cast<std::size_t>(dims.T * dims.B * dims.H));
  random.fill(z, -1, 2);
  for (Scalar& value : z) value = std::clamp<Scalar>(value, 0, 1);
  return z;
}
// Zoneout of a problem: nothing, or that, or one row (H) for all steps.
template <class Scalar>
std::vector<Scalar> random_zoneout(check::Random& random, const Dims& dims) {
  const Index which = random.integer(0, 3);
  if (which == 0) return random_array<Scalar>(random, dims.H, 0.5);  // the equations hold for any number
  return which == 1 ? std::vector<Scalar>{} : drawn_zoneout<Scalar>(random, dims);
}
// The states of a problem that zoneout may keep.
template <class Problem>
auto zoneouts(Problem& p) {
  if constexpr (requires { p.z_c; }) {
    return std::array{&p.z_h, &p.z_c};
  } else {
    return std::array{&p.z_h};
  }
}
// Zoneout of every state, drawn, or none.
template <class Problem>
void set_zoneout(check::Random& random, Problem& p, bool zoned) {
  using Scalar = typename decltype(p.x)::value_type;
  for (auto* z : zoneouts(p)) *z = zoned ? drawn_zoneout<Scalar>(random, p.dims) : std::vector<Scalar>{};
}
// How it stands in memory for a call.
template <class Scalar>
class ZoneoutArray {
 public:
  ZoneoutArray(const std::vector<Scalar>& z, const Dims& dims, Layout layout, int shift) {
    const bool constant = static_cast<Index>(z.size()) == dims.H;
    if (z.empty()) return;
    if (constant) {
      row_ = Guarded<Scalar>(z, shift);
      sequence_ = {row_.data(), 0, 0};
    } else {
      array_ = SequenceArray<Scalar>(dims.T, dims.B, dims.H, layout, z, shift);
      sequence_ = array_.const_sequence();
    }
  }
  Sequence<const Scalar> sequence() const { return sequence_; }

 private:
  Guarded<Scalar> row_;
  SequenceArray<Scalar> array_;
  Sequence<const Scalar> sequence_;
};
// Of some steps of some rows.
template <class Scalar>
std::vector<Scalar> zoneout_of(const std::vector<Scalar>& z, const Dims& dims, Range t, Range b) {
  return static_cast<Index>(z.size()) == dims.H ? z : rows_of(z, dims.B, dims.H, t, b);
}
// Now and then a limit of gates that cuts some of them off, else none.
inline double random_clip(check::Random& random) { return random.integer(0, 3) == 0 ? 0.75 : 0; }
inline Layout random_layout(check::Random& random) { return kLayouts[random.integer(0, 4)]; }
inline bool random_choice(check::Random& random) { return random.integer(0, 1) == 1; }

// How the processor treats denormals and rounds; without the exception flags, which arithmetic raises.
inline std::uint64_t floating_point_mode() {
#if defined(__x86_64__)
  return _mm_getcsr() & ~0x3fu;
#elif defined(__aarch64__)
  std::uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

// The mode that a program starts with: a mode that an earlier call left behind would hide that the next one leaves it
// too.
inline void reset_floating_point_mode() { std::fesetenv(FE_DFL_ENV); }

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += a[i] * b[i];
  return sum;
}

// gradients[i] - start against the central difference of loss() by values[i], for every i.
template <class Loss>
void check_differences(const char* name, std::vector<double>& values, const std::vector<double>& gradients,
                       double start, const Loss& loss) {
  std::vector<double> differences(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + kDifferenceStep;
    const double above = loss();
    values[i] = value - kDifferenceStep;
    const double below = loss();
    values[i] = value;
    differences[i] = start + (above - below) / (2 * kDifferenceStep);
  }
  check_close(name, gradients, differences, kDifference);
}

// Calls body(table) for every kernel table that this processor can run, those for tests included; prints which.
template <class Body>
void for_each_isa(const Body& body) {
  for (const std::string& name : available_isas()) {
    CONTEXT("ISA " << name);
    const KernelTable* table = find_kernels(name);
    CHECK(table != nullptr);
    if (table != nullptr) body(*table);
  }
}

}  // namespace gatedcore::test
