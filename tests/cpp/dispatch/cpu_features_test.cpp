#include "dispatch/cpu_features.hpp"

#include <stdexcept>

#include "check.hpp"

namespace gatedcore {

TEST_CASE("a feature without a test is an error, never a quiet no") {
  CHECK_THROWS(cpu_has("avx513"), std::logic_error, "avx513");
  CHECK_THROWS(cpu_has(""), std::logic_error, "cpu_features.cpp");
}

#if defined(__x86_64__)
// The compiler's own detection is the twin; clang 14 has it only for these.
TEST_CASE("the answers are those of the compiler's run-time library") {
  CHECK(cpu_has("avx") == (__builtin_cpu_supports("avx") != 0));
  CHECK(cpu_has("avx2") == (__builtin_cpu_supports("avx2") != 0));
  CHECK(cpu_has("fma") == (__builtin_cpu_supports("fma") != 0));
  CHECK(cpu_has("avx512f") == (__builtin_cpu_supports("avx512f") != 0));
  CHECK(cpu_has("avx512vl") == (__builtin_cpu_supports("avx512vl") != 0));
  CHECK(cpu_has("avx512bw") == (__builtin_cpu_supports("avx512bw") != 0));
  CHECK(cpu_has("avx512dq") == (__builtin_cpu_supports("avx512dq") != 0));
}

TEST_CASE("every processor with AVX2 has F16C") {
  if (!cpu_has("avx2")) SKIP("this processor has no AVX2");
  CHECK(cpu_has("f16c"));
}
#endif

}  // namespace gatedcore
