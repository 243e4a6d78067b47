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
  CHECK(take_processor(0, processor));
  CHECK(current_processor() != processor);
  CHECK(allowed_processors() == before - 1);
  CHECK(!take_processor(0, processor));
  give_processor(0, processor);
  CHECK(allowed_processors() == before);
}

TEST_CASE("another thread is named by what it says of itself") {
  const int before = allowed_processors(), processor = current_processor();
  if (before < 2) SKIP("one processor");
  std::mutex mutex;
  std::condition_variable changed;
  int thread = 0, allowed = 0;
  bool taken = false;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    thread = this_thread();
    changed.notify_one();
    changed.wait(lock, [&] { return taken; });
    allowed = allowed_processors();
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return thread != 0; });
    CHECK(take_processor(thread, processor));
    taken = true;
  }
  changed.notify_one();
  other.join();
  CHECK(allowed == before - 1);
  CHECK(allowed_processors() == before);
}

TEST_CASE("the last processor of a thread is not taken, nor one that there is not") {
  const int before = allowed_processors();
  CHECK(!take_processor(0, -1));
  CHECK(!take_processor(0, 1 << 20));
  CHECK(allowed_processors() == before);
  std::thread([] {
    int last = -1;
    while (take_processor(0, current_processor())) last = current_processor();
    if (last >= 0) CHECK(allowed_processors() == 1);
  }).join();
  CHECK(allowed_processors() == before);
}

}  // namespace
}  // namespace gatedcore::test
