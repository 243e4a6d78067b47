#include "core/fp_mode.hpp"

#include <cfenv>
#include <cfloat>
#include <stdexcept>

#include "check.hpp"

namespace gatedcore {
namespace {

// Read anew at each use, so that the compiler computes nothing in advance or across a change of mode.
volatile float smallest_normal = FLT_MIN;
volatile float denormal = FLT_MIN / 4;
volatile double smallest_normal_double = DBL_MIN;
volatile double denormal_double = DBL_MIN / 4;
volatile float half = 0.5f;
volatile float large = 1e30f;

bool flushes_results() { return smallest_normal * half == 0.0f && smallest_normal_double * half == 0.0; }
bool flushes_inputs() { return denormal * large == 0.0f && denormal_double * 1e300 == 0.0; }

}  // namespace

TEST_CASE("denormals are zero inside, as operands and as results, and the caller's again after") {
#if !defined(__x86_64__) && !defined(__aarch64__)
  SKIP("no floating-point mode is known for this processor");
#endif
  CHECK(!flushes_results());
  CHECK(!flushes_inputs());
  {
    const ScopedFlushDenormals flush;
    CHECK(flushes_results());
    CHECK(flushes_inputs());
    {
      const ScopedFlushDenormals nested;
      CHECK(flushes_results());
    }
    CHECK(flushes_results());
    CHECK(flushes_inputs());
  }
  CHECK(!flushes_results());
  CHECK(!flushes_inputs());
}

TEST_CASE("the caller's mode returns when an exception passes") {
  bool inside = false;
  try {
    const ScopedFlushDenormals flush;
    inside = flushes_results();
    throw std::runtime_error("on the way");
  } catch (const std::runtime_error&) {
  }
#if defined(__x86_64__) || defined(__aarch64__)
  CHECK(inside);
#endif
  CHECK(!flushes_results());
}

TEST_CASE("inside, numbers are rounded to nearest whatever the caller has set; his mode and flags stay") {
  volatile float one = 1.0f, tiny = 1e-10f;
  std::feclearexcept(FE_ALL_EXCEPT);
  std::fesetround(FE_UPWARD);
  CHECK(one + tiny > 1.0f);
  {
    const ScopedFlushDenormals flush;
#if defined(__x86_64__) || defined(__aarch64__)
    CHECK(one + tiny == 1.0f);
#endif
    volatile float zero = 0.0f;
    volatile float infinite = half / zero;
    CHECK(infinite > 0.0f);
  }
  CHECK(one + tiny > 1.0f);
  CHECK(std::fegetround() == FE_UPWARD);
  std::fesetround(FE_TONEAREST);
#if defined(__x86_64__)
  CHECK(std::fetestexcept(FE_DIVBYZERO) == 0);
#endif
}

}  // namespace gatedcore
