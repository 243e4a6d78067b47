#include "core/affinity.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "check.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("a thread whose processor is taken runs on another, until it is given back") {
  const int before = allowed_processors(), processor = current_processor();
  if (before < 2) SKIP("one processor");
  TakenProcessor taken;
  taken.take(0, processor);
  CHECK(taken.processor() == processor);
  CHECK(current_processor() != processor);
  CHECK(allowed_processors() == before - 1);
  const int other = current_processor();
  taken.take(0, other);  // instead of the first
  CHECK(taken.processor() == other);
  CHECK(allowed_processors() == before - 1);
  taken.give_back();
  CHECK(taken.processor() == -1);
  CHECK(allowed_processors() == before);
}

TEST_CASE("another thread is named by what it says of itself") {
  const int before = allowed_processors(), processor = current_processor();
  if (before < 2) SKIP("one processor");
  std::mutex mutex;
  std::condition_variable changed;
  int thread = 0, allowed = 0;
  bool ready = false;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    thread = this_thread();
    changed.notify_one();
    changed.wait(lock, [&] { return ready; });
    allowed = allowed_processors();
  });
  TakenProcessor taken;
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return thread != 0; });
    taken.take(thread, processor);
    ready = true;
  }
  changed.notify_one();
  other.join();
  CHECK(allowed == before - 1);
  CHECK(allowed_processors() == before);
  taken.give_back();  // to a thread that is gone
}

TEST_CASE("the last processor of a thread is not taken, nor one that there is not") {
  const int before = allowed_processors();
  TakenProcessor none;
  none.take(0, -1);
  none.take(0, 1 << 20);
  CHECK(none.processor() == -1);
  std::thread([] {
    TakenProcessor taken[1024];
    for (TakenProcessor& one : taken) one.take(0, current_processor());
    CHECK(allowed_processors() == 1);
  }).join();
  CHECK(allowed_processors() == before);
}

#if defined(__linux__)
TEST_CASE("what somebody else has chosen for the thread meanwhile stays") {
  if (allowed_processors() < 2) SKIP("one processor");
  cpu_set_t all, chosen;
  CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
  const int processor = current_processor();
  TakenProcessor taken;
  taken.take(0, processor);
  CPU_ZERO(&chosen);
  CPU_SET(static_cast<std::size_t>(processor), &chosen);
  CHECK(sched_setaffinity(0, sizeof(chosen), &chosen) == 0);
  taken.give_back();
  CHECK(allowed_processors() == 1);
  CHECK(current_processor() == processor);
  CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
}
#endif

}  // namespace
}  // namespace gatedcore::test
