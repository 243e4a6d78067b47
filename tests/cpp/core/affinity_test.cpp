#include "core/affinity.hpp"

#include "check.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace gatedcore::test {
namespace {

TEST_CASE("a thread leaves its processor for another, and may still run on all of them") {
  const int before = allowed_processors(), processor = current_processor();
  if (before < 2) SKIP("one processor");
  leave_processor(processor);
  CHECK(current_processor() != processor);
  CHECK(allowed_processors() == before);
}

TEST_CASE("a thread stays where it is if it is on another processor, or none is known") {
  const int before = allowed_processors();
  leave_processor(-1);
  leave_processor(1 << 20);
  CHECK(allowed_processors() == before);
}

#if defined(__linux__)
TEST_CASE("a thread with one processor stays on it") {
  cpu_set_t all, one;
  if (sched_getaffinity(0, sizeof(all), &all) != 0) SKIP("no affinity");
  const int processor = current_processor();
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(processor), &one);
  CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
  leave_processor(processor);
  CHECK(current_processor() == processor);
  CHECK(allowed_processors() == 1);
  CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
}
#endif

}  // namespace
}  // namespace gatedcore::test
