#include "core/pool.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "core/affinity.hpp"

namespace gatedcore {
namespace {

// How often each task runs.
std::vector<int> runs_of(Index tasks) {
  std::vector<std::atomic<int>> counts(static_cast<std::size_t>(tasks));
  parallel_for(tasks, [&](Index i) { ++counts[static_cast<std::size_t>(i)]; });
  return {counts.begin(), counts.end()};
}

bool each_once(Index tasks) { return runs_of(tasks) == std::vector<int>(static_cast<std::size_t>(tasks), 1); }

// Waits, within reason, until a condition of another thread holds.
template <class Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("every task runs exactly once") {
  for (const Index tasks : {0, 1, 2, 3, 7, 16}) {
    CONTEXT("tasks " << tasks);
    CHECK(each_once(tasks));
  }
}

TEST_CASE("tasks run side by side") {
  // Each of the two waits for the other to begin.
  std::atomic<int> begun{0};
  std::atomic<int> met{0};
  parallel_for(2, [&](Index) {
    ++begun;
    met += comes_true([&] { return begun == 2; });
  });
  CHECK(met == 2);
}

TEST_CASE("a team meets as often as it likes, and every member has a part") {
  for (const Index most : {1, 2, 4}) {
    CONTEXT("most " << most);
    std::vector<int> steps(static_cast<std::size_t>(most));
    std::atomic<int> wrong{0};
    std::atomic<Index> members{0};
    parallel_team(most, [&](UnitShare share) {
      ++members;
      wrong += share.parts < 1 || share.parts > most || share.part < 0 || share.part >= share.parts;
      for (int step = 1; step <= 200; ++step) {
        steps[static_cast<std::size_t>(share.part)] = step;
        if (share.parts > 1) share.meet(share.member);
        for (Index other = 0; other < share.parts; ++other) wrong += steps[static_cast<std::size_t>(other)] != step;
        if (share.parts > 1) share.meet(share.member);
      }
    });
    CHECK(wrong == 0);
    CHECK(members >= 1);  // fewer where teams were found to wait
    CHECK(members <= most);
  }
}

TEST_CASE("after two calls whose members waited for each other, callers are alone for a while") {
  using Clock = std::chrono::steady_clock;
  const auto members = [] {
    std::atomic<Index> count{0};
    parallel_team(2, [&](UnitShare) { ++count; });
    return count.load();
  };
  // A member that dawdles is as one that has no processor. Teams may be at rest when this begins.
  const auto end = Clock::now() + std::chrono::seconds(20);
  std::atomic<int> dawdled{0};
  while (dawdled < 4 && Clock::now() < end) {  // two members in each of two calls
    parallel_team(2, [&](UnitShare share) {
      if (share.parts == 1) return;
      ++dawdled;
      for (int step = 0; step < 5; ++step) {
        if (share.part == 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        share.meet(share.member);
      }
    });
  }
  if (dawdled < 4) SKIP("other work took the processors: no team in 20 s");
  CHECK(members() == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK(comes_true([&] { return members() == 2; }));
}

TEST_CASE("a team inside a task, and one while the workers serve another call, is its caller alone") {
  std::atomic<Index> most{0};
  const auto count = [&](UnitShare share) { most = std::max<Index>(most, share.parts); };
  parallel_for(2, [&](Index) { parallel_team(3, count); });
  CHECK(most == 1);
}

TEST_CASE("what tasks wrote is there after the call, call after call") {
  // Long and short gaps: workers are found spinning, and asleep.
  std::vector<long> sums(8);
  long wrong = 0;
  for (long round = 1; round <= 2000; ++round) {
    parallel_for(8, [&](Index i) { sums[static_cast<std::size_t>(i)] += i; });
    for (std::size_t i = 0; i < 8; ++i) wrong += sums[i] != round * static_cast<long>(i);
    if (round % 100 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  CHECK(wrong == 0);
}

TEST_CASE("workers that were woken, or let off before they began, may run where their caller may") {
  const int all = allowed_processors();
  for (int call = 0; call < 20; ++call) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the workers sleep
    std::atomic<int> begun{0}, narrow{0};
    parallel_for(2, [&](Index) {
      ++begun;
      comes_true([&] { return begun == 2; });  // so the worker is one of the two
      narrow += allowed_processors() != all;
    });
    CHECK(begun == 2);
    CHECK(narrow == 0);
  }
#if defined(__linux__)
  std::atomic<int> worker{0}, begun{0};
  const int caller = this_thread();
  parallel_for(2, [&](Index) {
    ++begun;
    comes_true([&] { return begun == 2; });
    if (this_thread() != caller) worker = this_thread();
  });
  for (int call = 0; call < 200; ++call) {
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    parallel_for(2, [](Index) {});  // done before the worker is awake, mostly
    cpu_set_t mask;
    CHECK(sched_getaffinity(worker, sizeof(mask), &mask) == 0);
    CHECK(CPU_COUNT(&mask) == all);
  }
#endif
}

TEST_CASE("an exception of a task reaches the caller, and the pool goes on") {
  for (const Index thrower : {0, 3, 7}) {
    CONTEXT("thrower " << thrower);
    const auto call = [&] {
      parallel_for(8, [&](Index i) {
        if (i == thrower) throw std::runtime_error("task " + std::to_string(i));
      });
    };
    CHECK_THROWS(call(), std::runtime_error, "task " + std::to_string(thrower));
    CHECK(each_once(8));
  }
}

TEST_CASE("an exception comes out only when no task runs any more") {
  std::atomic<bool> other_begun{false};
  std::atomic<bool> other_ended{false};
  const auto call = [&] {
    parallel_for(2, [&](Index i) {
      if (i == 0) {
        comes_true([&] { return other_begun.load(); });
        throw std::runtime_error("early");
      }
      other_begun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      other_ended = true;
    });
  };
  CHECK_THROWS(call(), std::runtime_error, "early");
  CHECK(other_ended.load());
}

TEST_CASE("calls from inside a task run on its thread") {
  std::atomic<int> total{0};
  std::atomic<int> elsewhere{0};
  parallel_for(4, [&](Index) {
    const std::thread::id outer = std::this_thread::get_id();
    parallel_for(5, [&](Index) {
      ++total;
      elsewhere += std::this_thread::get_id() != outer;
    });
  });
  CHECK(total == 20);
  CHECK(elsewhere == 0);
}

TEST_CASE("a call that meets a busy pool runs on its own thread and does not wait") {
  std::atomic<bool> held{false};
  std::atomic<bool> release{false};
  std::thread holder([&] {
    parallel_for(2, [&](Index) {
      held = true;
      comes_true([&] { return release.load(); });
    });
  });
  CHECK(comes_true([&] { return held.load(); }));
  const std::thread::id self = std::this_thread::get_id();
  std::atomic<int> here{0};
  parallel_for(6, [&](Index) { here += std::this_thread::get_id() == self; });
  CHECK(here == 6);
  release = true;
  holder.join();
  CHECK(each_once(6));
}

TEST_CASE("calls from several threads at once are each complete") {
  constexpr int kCallers = 4;
  std::atomic<int> incomplete{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) incomplete += !each_once(5);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(incomplete == 0);
}

// qemu's user emulation (7.2) aborts a child of a process with threads when it starts one of its own;
// scripts/test_aarch64.sh says so by this variable.
bool threads_after_fork_run() {
#if defined(__SANITIZE_THREAD__)
  return false;  // it ends a forked child that starts threads
#else
  return std::getenv("GATEDCORE_EMULATED") == nullptr;
#endif
}

TEST_CASE("a forked child has a pool of its own, whatever the parent's was doing") {
  if (!threads_after_fork_run()) SKIP("a forked child cannot start threads here");
  CHECK(each_once(3));  // the parent has workers
  std::atomic<bool> held{false};
  std::atomic<bool> release{false};
  std::thread holder([&] {
    parallel_for(2, [&](Index) {
      held = true;
      comes_true([&] { return release.load(); });
    });
  });
  CHECK(comes_true([&] { return held.load(); }));
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that hangs is ended
    std::atomic<int> begun{0};
    std::atomic<int> met{0};
    parallel_for(2, [&](Index) {
      ++begun;
      met += comes_true([&] { return begun == 2; });
    });
    _exit(met == 2 && each_once(8) ? 42 : 1);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
  release = true;
  holder.join();
  CHECK(each_once(8));
}

TEST_CASE("a process may end while workers run") {
  if (!threads_after_fork_run()) SKIP("a forked child cannot start threads here");
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    std::atomic<bool> begun{false};
    std::thread([&] {
      parallel_for(4, [&](Index) {
        begun = true;
        std::this_thread::sleep_for(std::chrono::seconds(60));
      });
    }).detach();
    comes_true([&] { return begun.load(); });
    std::exit(43);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 43);
}

}  // namespace gatedcore
