// A test framework in one header, main included: a test is one source file.
//
//   TEST_CASE("what holds") {
//     CHECK(a == b);
//     CHECK_NEAR(y, twin, 1e-6);
//     CHECK_THROWS(f(), std::invalid_argument, "part of what()");
//   }
//
// A failed check prints where, what and with which values, and the test goes on. A test case that checks nothing fails.
// The program takes a part of a name to run only the cases with it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#ifdef __clang__
// CHECK puts the left side of a comparison in with <<.
#pragma clang diagnostic ignored "-Woverloaded-shift-op-parentheses"
#endif

namespace check {

struct Case {
  const char* name;
  void (*body)();
};

struct Progress {
  std::vector<Case> cases;
  std::vector<std::string> context;
  long checks = 0;    // of the case that runs
  long failures = 0;  // of the case that runs
  bool skipped = false;
};

inline Progress& progress() {
  static Progress p;
  return p;
}

struct Registration {
  Registration(const char* name, void (*body)()) { progress().cases.push_back({name, body}); }
};

// Printed with every failure while it lives.
class Context {
 public:
  explicit Context(std::string text) { progress().context.push_back(std::move(text)); }
  ~Context() { progress().context.pop_back(); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

template <class Value>
std::string show(const Value& value) {
  std::ostringstream out;
  if constexpr (std::is_same_v<Value, std::nullptr_t>) {
    out << "null";
  } else if constexpr (std::is_enum_v<Value>) {
    out << static_cast<long long>(value);
  } else if constexpr (requires { out << value; }) {
    out.precision(std::is_same_v<Value, float> ? 9 : 17);
    out << std::boolalpha << value;
  } else {
    out << "(a value)";
  }
  return out.str();
}

// Counts a check; prints the first failures of a case.
inline void report(bool passed, const char* file, int line, const std::string& what) {
  constexpr long kMostPrinted = 20;
  Progress& p = progress();
  ++p.checks;
  if (passed || ++p.failures > kMostPrinted) return;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
  for (const std::string& text : p.context) std::printf("    with %s\n", text.c_str());
  if (p.failures == kMostPrinted) std::printf("    (further failures of this case are not printed)\n");
}

struct Outcome {
  bool passed;
  std::string values;  // empty for what is no comparison
};

// Numbers of two types are compared as C++ has it: a CHECK of a float may say 0.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"

// The left side of a comparison, so that both values can be shown.
template <class Left>
struct Operand {
  const Left& left;

#define GATEDCORE_CHECK_COMPARISON(op)                             \
  template <class Right>                                           \
  Outcome operator op(const Right& right) const {                  \
    const bool passed = static_cast<bool>(left op right);          \
    if (passed) return {true, {}};                                 \
    return {false, ": " + show(left) + " " #op " " + show(right)}; \
  }
  GATEDCORE_CHECK_COMPARISON(==)
  GATEDCORE_CHECK_COMPARISON(!=)
  GATEDCORE_CHECK_COMPARISON(<)
  GATEDCORE_CHECK_COMPARISON(<=)
  GATEDCORE_CHECK_COMPARISON(>)
  GATEDCORE_CHECK_COMPARISON(>=)
#undef GATEDCORE_CHECK_COMPARISON

  operator Outcome() const { return {static_cast<bool>(left), {}}; }
};

#pragma GCC diagnostic pop

struct Begin {
  template <class Left>
  Operand<Left> operator<<(const Left& left) const {
    return {left};
  }
};

// Deterministic numbers: Steele, Lea and Flood (2014), splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed = 1) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In [low, high).
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53; }
  // In [low, high].
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(bits() % (static_cast<std::uint64_t>(high - low) + 1u));
  }
  template <class Range>
  void fill(Range& range, double low = -1, double high = 1) {
    for (auto& value : range) value = static_cast<std::remove_reference_t<decltype(value)>>(uniform(low, high));
  }

 private:
  std::uint64_t state_;
};

inline int run_case(const Case& test, bool& skipped) {
  Progress& p = progress();
  p.checks = 0;
  p.failures = 0;
  p.skipped = false;
  p.context.clear();
  try {
    test.body();
  } catch (const std::exception& error) {
    report(false, test.name, 0, std::string("stopped by an exception: ") + error.what());
  }
  if (p.checks == 0 && !p.skipped) report(false, test.name, 0, "checks nothing");
  if (p.failures != 0) std::printf("FAILED  %s (%ld of %ld checks)\n", test.name, p.failures, p.checks);
  skipped = p.skipped && p.failures == 0;
  return p.failures == 0 ? 0 : 1;
}

// Exit code 1 for a failure, 77, which ctest knows as skipped, where every case was skipped.
inline int run_cases(const char* part) {
  int passed = 0, failed = 0, skipped = 0;
  for (const Case& test : progress().cases) {
    if (part != nullptr && std::strstr(test.name, part) == nullptr) continue;
    bool was_skipped = false;
    const int failures = run_case(test, was_skipped);
    failed += failures;
    skipped += was_skipped;
    passed += failures == 0 && !was_skipped;
  }
#ifdef GATEDCORE_ISA
#define GATEDCORE_CHECK_TEXT_OF(isa) #isa
#define GATEDCORE_CHECK_TEXT(isa) GATEDCORE_CHECK_TEXT_OF(isa)
  std::printf("on %s: ", GATEDCORE_CHECK_TEXT(GATEDCORE_ISA));
#endif
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  if (failed != 0 || passed + skipped == 0) return 1;
  return passed == 0 ? 77 : 0;
}

}  // namespace check

#define GATEDCORE_CHECK_JOIN_OF(a, b) a##b
#define GATEDCORE_CHECK_JOIN(a, b) GATEDCORE_CHECK_JOIN_OF(a, b)

#define TEST_CASE(name) GATEDCORE_CHECK_CASE(name, GATEDCORE_CHECK_JOIN(check_case_, __LINE__))
#define GATEDCORE_CHECK_CASE(name, function)                                                        \
  static void function();                                                                           \
  static const ::check::Registration GATEDCORE_CHECK_JOIN(function, _registration){name, function}; \
  static void function()

// CHECK(condition), CHECK(a == b): one comparison, or one value that is true.
#define CHECK(...)                                                                                                   \
  do {                                                                                                               \
    const ::check::Outcome check_outcome = ::check::Begin{} << __VA_ARGS__;                                          \
    ::check::report(check_outcome.passed, __FILE__, __LINE__,                                                        \
                    check_outcome.passed ? std::string() : "CHECK(" #__VA_ARGS__ ") failed" + check_outcome.values); \
  } while (false)

// |actual - expected| <= tolerance; NaN is near nothing.
#define CHECK_NEAR(actual, expected, tolerance)                                                                    \
  do {                                                                                                             \
    const auto check_a = (actual);                                                                                 \
    const auto check_e = (expected);                                                                               \
    const double check_off = std::abs(static_cast<double>(check_a) - static_cast<double>(check_e));                \
    const bool check_near = check_off <= static_cast<double>(tolerance) || check_a == check_e;                     \
    ::check::report(check_near, __FILE__, __LINE__,                                                                \
                    check_near ? std::string()                                                                     \
                               : "CHECK_NEAR(" #actual ", " #expected ") failed: " + ::check::show(check_a) +      \
                                     " and " + ::check::show(check_e) + " differ by " + ::check::show(check_off) + \
                                     ", allowed is " + ::check::show(tolerance));                                  \
  } while (false)

// The expression throws that type, with the text somewhere in what().
#define CHECK_THROWS(expression, type, text)                                                      \
  do {                                                                                            \
    std::string check_what = "nothing was thrown";                                                \
    bool check_thrown = false;                                                                    \
    try {                                                                                         \
      static_cast<void>(expression);                                                              \
    } catch (const type& check_error) {                                                           \
      check_what = check_error.what();                                                            \
      check_thrown = check_what.find(text) != std::string::npos;                                  \
    } catch (const std::exception& check_error) {                                                 \
      check_what = std::string("of another type: ") + check_error.what();                         \
    }                                                                                             \
    ::check::report(check_thrown, __FILE__, __LINE__,                                             \
                    "CHECK_THROWS(" #expression ", " #type ", " #text ") failed: " + check_what); \
  } while (false)

// Says why the case cannot be tested here and leaves it.
#define SKIP(reason)                                           \
  do {                                                         \
    std::printf("skipped: %s\n", std::string(reason).c_str()); \
    ::check::progress().skipped = true;                        \
    return;                                                    \
  } while (false)

// CONTEXT("H " << H): shown with the failures up to the end of the block.
#define CONTEXT(...)                                                          \
  const ::check::Context GATEDCORE_CHECK_JOIN(check_context_, __LINE__)([&] { \
    std::ostringstream check_stream;                                          \
    check_stream << __VA_ARGS__;                                              \
    return check_stream.str();                                                \
  }())

int main(int argc, char** argv) { return ::check::run_cases(argc > 1 ? argv[1] : nullptr); }
