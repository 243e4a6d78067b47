#include "simd/vec.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <limits>

#include "check.hpp"
#include "guarded.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
constexpr Index kLanes = Vec<Scalar>::kLanes;

template <class Scalar>
using Lanes = std::vector<Scalar>;

template <class Scalar>
Lanes<Scalar> lanes_of(Vec<Scalar> v) {
  Lanes<Scalar> lanes(static_cast<std::size_t>(kLanes<Scalar>));
  v.store(lanes.data());
  return lanes;
}

// Runs body for every kind of number in every lane: two lists of operands, the second turned against the first.
template <class Scalar, class Body>
void for_operands(const Body& body) {
  using Limits = std::numeric_limits<Scalar>;
  const Scalar inf = Limits::infinity(), nan = Limits::quiet_NaN();
  const Lanes<Scalar> values = {
      0,   Scalar(-0.0), 1,    -1, Scalar(0.1),   Scalar(-3.7),  Scalar(1e10),  Scalar(-1e-10),
      inf, -inf,         nan,  7,  Limits::max(), Limits::min(), Scalar(1) / 3, Limits::denorm_min(),
      2.5, -2.5,         -nan, 1e5};
  const std::size_t count = values.size();
  for (std::size_t start = 0; start < count; ++start) {
    for (std::size_t turn = 0; turn < count; ++turn) {
      Lanes<Scalar> a, b;
      for (std::size_t i = 0; i < static_cast<std::size_t>(kLanes<Scalar>); ++i) {
        a.push_back(values[(start + i) % count]);
        b.push_back(values[(start + turn + i) % count]);
      }
      body(a, b);
    }
  }
}

// Equal bits, or both NaN: which NaN an operation returns is the processor's business.
template <class Scalar>
bool same(Scalar a, Scalar b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::memcmp(&a, &b, sizeof a) == 0;
}

template <class Scalar, class Operation, class Expected>
void check_binary(const char* name, const Operation& operation, const Expected& expected) {
  for_operands<Scalar>([&](const Lanes<Scalar>& a, const Lanes<Scalar>& b) {
    const Lanes<Scalar> got = lanes_of(operation(Vec<Scalar>::load(a.data()), Vec<Scalar>::load(b.data())));
    for (std::size_t i = 0; i < got.size(); ++i) {
      CONTEXT(name << " of " << a[i] << " and " << b[i] << ": " << got[i] << ", expected " << expected(a[i], b[i]));
      CHECK(same(got[i], expected(a[i], b[i])));
    }
  });
}

template <class Scalar>
void check_arithmetic() {
  using V = Vec<Scalar>;
  using S = Scalar;
  check_binary<S>(
      "+", [](V a, V b) { return a + b; }, [](S a, S b) { return a + b; });
  check_binary<S>(
      "-", [](V a, V b) { return a - b; }, [](S a, S b) { return a - b; });
  check_binary<S>(
      "*", [](V a, V b) { return a * b; }, [](S a, S b) { return a * b; });
  check_binary<S>(
      "/", [](V a, V b) { return a / b; }, [](S a, S b) { return a / b; });
  check_binary<S>(
      "unary -", [](V a, V) { return -a; }, [](S a, S) { return -a; });
  check_binary<S>(
      "abs", [](V a, V) { return abs(a); }, [](S a, S) { return std::fabs(a); });
  check_binary<S>(
      "sqrt", [](V a, V) { return sqrt(a); }, [](S a, S) { return std::sqrt(a); });
  check_binary<S>(
      "pin", [](V a, V) { return pin(a); }, [](S a, S) { return a; });
  // Where a is NaN the result is anything; zeros compare equal, so either may come out.
  const auto defined = [](V a) { return select(is_nan(a), V::zero(), a); };
  const auto number = [](S a) { return std::isnan(a) ? S(0) : a; };
  const auto any_zero = [](V a) { return a + V::zero(); };
  check_binary<S>(
      "min", [&](V a, V b) { return any_zero(min(defined(a), b)); },
      [&](S a, S b) { return (number(a) < b ? number(a) : b) + 0; });
  check_binary<S>(
      "max", [&](V a, V b) { return any_zero(max(defined(a), b)); },
      [&](S a, S b) { return (number(a) > b ? number(a) : b) + 0; });
}
TEST_CASE("arithmetic is that of single numbers, lane by lane") {
  check_arithmetic<float>();
  check_arithmetic<double>();
}

template <class Scalar>
void check_selection() {
  using V = Vec<Scalar>;
  using S = Scalar;
  check_binary<S>(
      "select less", [](V a, V b) { return select(less(a, b), a, b); }, [](S a, S b) { return a < b ? a : b; });
  check_binary<S>(
      "select nan", [](V a, V b) { return select(is_nan(a), b, a); }, [](S a, S b) { return std::isnan(a) ? b : a; });
  check_binary<S>(
      "flip_sign", [](V a, V b) { return flip_sign(a, b); }, [](S a, S b) { return std::signbit(b) ? -a : a; });
}
template <class Scalar>
void check_rotate() {
  for_operands<Scalar>([](const Lanes<Scalar>& a, const Lanes<Scalar>&) {
    for (Index n = 0; n < kLanes<Scalar>; ++n) {
      const Lanes<Scalar> got = lanes_of(rotate(Vec<Scalar>::load(a.data()), n));
      for (Index i = 0; i < kLanes<Scalar>; ++i) {
        CHECK(same(got[static_cast<std::size_t>(i)], a[static_cast<std::size_t>((i + n) % kLanes<Scalar>)]));
      }
    }
  });
}
TEST_CASE("rotate moves every lane, and the first ones to the end") {
  check_rotate<float>();
  check_rotate<double>();
}

TEST_CASE("select, masks and signs, lane by lane") {
  check_selection<float>();
  check_selection<double>();
}

// Whether the vectors fuse is known from one product that rounds; then every product has to agree.
template <class Scalar>
void check_fma() {
  using V = Vec<Scalar>;
  using S = Scalar;
  const S a = 1 + std::numeric_limits<S>::epsilon();
  const S exact = lanes_of(fma(V::set(a), V::set(a), V::set(-a * a)))[0];
  const bool fused = exact != 0;
  const auto product = [fused](S x, S y, S z) { return fused ? std::fma(x, y, z) : x * y + z; };
  const S c = S(1) / 3;
  check_binary<S>(
      "fma", [&](V x, V y) { return fma(x, y, V::set(c)); }, [&](S x, S y) { return product(x, y, c); });
  check_binary<S>(
      "fma at last", [&](V x, V y) { return fma(x, V::set(c), y); }, [&](S x, S y) { return product(x, c, y); });
  check_binary<S>(
      "fnma", [&](V x, V y) { return fnma(x, V::set(c), y); }, [&](S x, S y) { return product(-x, c, y); });
}
TEST_CASE("fma and fnma round once or twice, but always the same") {
  check_fma<float>();
  check_fma<double>();
}

template <class Scalar>
void check_powers(int bias, Scalar round) {
  using V = Vec<Scalar>;
  for (int n = -bias; n <= bias + 1; ++n) {
    const Scalar power = n == -bias ? 0 : static_cast<Scalar>(std::ldexp(1.0L, n));  // the last is infinite
    CONTEXT("n " << n);
    CHECK(lanes_of(mantissa_to_exponent(V::set(round + Scalar(bias + n)))) ==
          Lanes<Scalar>(std::size_t(kLanes<Scalar>), power));
  }
}
TEST_CASE("the mantissa's low bits become a power of two, from 0 to infinity") {
  check_powers<float>(127, 0x1.8p23f);
  check_powers<double>(1023, 0x1.8p52);
}

template <class Scalar>
void check_partial_access() {
  using V = Vec<Scalar>;
  for (int shift = 0; shift < 4; ++shift) {
    for (Index n = 0; n <= kLanes<Scalar>; ++n) {
      CONTEXT("shift " << shift << ", n " << n);
      Guarded<Scalar> from(n, 0, shift), to(n, 0, shift);
      for (Index i = 0; i < n; ++i) from.data()[i] = Scalar(i + 1);
      const V v = V::load_n(from.data(), n);
      const Lanes<Scalar> lanes = lanes_of(v);
      for (Index i = 0; i < kLanes<Scalar>; ++i)
        CHECK(lanes[static_cast<std::size_t>(i)] == (i < n ? Scalar(i + 1) : 0));
      v.store_n(to.data(), n);
      CHECK(to.values() == from.values());
      CHECK(to.intact());
      Guarded<Scalar> other(n, 0, shift);
      store_width(load_width(from.data(), n), other.data(), n);
      CHECK(other.values() == from.values());
      CHECK(other.intact());
    }
  }
}
TEST_CASE("load_n and store_n touch n elements and zero the other lanes") {
  check_partial_access<float>();
  check_partial_access<double>();
}

// Memory that ends where the next page may not be touched.
class EndOfMemory {
 public:
  EndOfMemory() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* pages = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    start_ = static_cast<char*>(pages);
    if (mprotect(start_ + page_, page_, PROT_NONE) == 0) end_ = start_ + page_;
  }
  ~EndOfMemory() {
    if (start_ != nullptr) munmap(start_, 2 * page_);
  }
  EndOfMemory(const EndOfMemory&) = delete;
  EndOfMemory& operator=(const EndOfMemory&) = delete;
  char* end() const { return end_; }

 private:
  std::size_t page_;
  char* start_ = nullptr;
  char* end_ = nullptr;
};

template <class Scalar>
void check_end_of_memory(char* end) {
  for (Index n = 0; n <= kLanes<Scalar>; ++n) {
    Scalar* p = reinterpret_cast<Scalar*>(end) - n;
    for (Index i = 0; i < n; ++i) p[i] = Scalar(i + 1);
    const Vec<Scalar> v = Vec<Scalar>::load_n(p, n);
    (v + v).store_n(p, n);
    for (Index i = 0; i < n; ++i) CHECK(p[i] == Scalar(2 * (i + 1)));
  }
}
TEST_CASE("load_n and store_n stop before memory that may not be touched") {
  const EndOfMemory memory;
  if (memory.end() == nullptr) SKIP("no pages from mmap");
  check_end_of_memory<float>(memory.end());
  check_end_of_memory<double>(memory.end());
}

template <class Scalar>
void check_shape() {
  CHECK(kLanes<Scalar> >= 2);
  CHECK((kLanes<Scalar> & (kLanes<Scalar> - 1)) == 0);
  CHECK(sizeof(Vec<Scalar>) == sizeof(Scalar) * std::size_t(kLanes<Scalar>));
  CHECK(lanes_of(Vec<Scalar>::zero()) == Lanes<Scalar>(std::size_t(kLanes<Scalar>), 0));
  CHECK(lanes_of(Vec<Scalar>::set(7)) == Lanes<Scalar>(std::size_t(kLanes<Scalar>), 7));
}
TEST_CASE("a vector has a power of two lanes and nothing else") {
  check_shape<float>();
  check_shape<double>();
  CHECK(kLanes<float> == 2 * kLanes<double>);
  CHECK((kRegisters == 16 || kRegisters == 32));
}

}  // namespace
}  // namespace gatedcore::test
