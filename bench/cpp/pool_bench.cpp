// Times what it costs to hand tasks to the thread pool and to wait until all are done: tasks that do nothing, one for
// each thread.
//
//   pool_bench --threads=1,2,4
//
// awake: the workers still look for news, as between the parallel parts of one call; asleep: they have to be woken, as
// after a pause.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "agreement.hpp"
#include "bench.hpp"
#include "core/pool.hpp"
#include "core/thread_limit.hpp"

namespace gatedcore::bench {
namespace {

// Five times what workers spin for before they sleep (core/pool.cpp).
constexpr std::chrono::microseconds kPause{100};

struct Awake {
  int threads;
  void operator()() const {
    parallel_for(threads, [](Index task) { benchmark::DoNotOptimize(task); });
  }
};
struct Asleep : Awake {
  void set_up() const { std::this_thread::sleep_for(kPause); }
};

// Each task once.
void require_all_tasks(int threads) {
  std::vector<std::atomic<int>> done(static_cast<std::size_t>(threads));
  for (int round = 1; round <= 100; ++round) {
    parallel_for(threads, [&](Index task) { done[static_cast<std::size_t>(task)].fetch_add(1); });
    for (int task = 0; task < threads; ++task) {
      require_near("calls of task", task, done[static_cast<std::size_t>(task)].load(), round);
    }
  }
}

}  // namespace

void add_rows(Options& options) {
  std::string all = "1";
  for (int threads = 2; threads <= hardware_threads(); threads *= 2) {
    all += ",";
    all += std::to_string(threads);
  }
  for (const long count : whole_numbers("threads", options.value("threads", all))) {
    Row row;
    row.threads = static_cast<int>(count);
    row.unit = "call";
    const auto check = [=] { require_all_tasks(row.threads); };
    row.name = "hand_over/awake";
    add(row, check, [=] { return Awake{row.threads}; });
    if (count == 1) continue;  // nobody to wake
    row.name = "hand_over/asleep";
    add(row, check, [=] { return Asleep{{row.threads}}; });
  }
}

}  // namespace gatedcore::bench
