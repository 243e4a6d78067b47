#include "core/pool.hpp"

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "core/affinity.hpp"
#include "core/meeting.hpp"
#include "core/pause.hpp"
#include "core/thread_limit.hpp"

namespace gatedcore {
namespace {

// How long a thread looks for news before it sleeps: waking a sleeper costs about 5 us on Linux, 50 to 110 us in a
// virtual machine whose other processor is halted. The gap between the parallel parts of one call is shorter than this,
// and so is mostly that between two calls.
constexpr std::chrono::microseconds kSpin{200};

// Set while this thread runs tasks: what they start in turn stays on their thread.
thread_local bool inside_task = false;

class InsideTask {
 public:
  InsideTask() { inside_task = true; }
  ~InsideTask() { inside_task = false; }
};

// The tasks of one call, taken one by one by whoever is free.
class Job {
 public:
  Job(Index tasks, TaskCall call) : tasks_(tasks), call_(call) {}

  void work() {
    const InsideTask inside;
    try {
      for (Index i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) call_.run(call_.task, i);
    } catch (...) {
      next_.store(tasks_, std::memory_order_relaxed);
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }

  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const Index tasks_;
  const TaskCall call_;
  std::atomic<Index> next_{0};
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

// One thread and the place where it is handed work. Only one caller at a time deals with a worker.
class Worker {
 public:
  // Throws std::system_error where the system has no more threads.
  Worker() {
    std::thread([this] { serve(); }).detach();
  }

  void call(Job& job) {
    job_ = &job;
    {
      const std::lock_guard lock(mutex_);
      state_.store(State::kCalled, std::memory_order_release);
      if (asleep_) taken_.take(thread_, current_processor());
    }
    changed_.notify_one();
  }

  // After this the worker no longer touches the job: it is let off where it has not begun, waited for where it has.
  void dismiss() {
    State called = State::kCalled;
    if (state_.compare_exchange_strong(called, State::kIdle)) {
      const std::lock_guard lock(mutex_);
      if (asleep_) taken_.give_back();
      return;
    }
    wait_until([this] { return state_.load(std::memory_order_acquire) == State::kIdle; });
  }

 private:
  enum class State { kIdle, kCalled, kBusy };

  void serve() {
    thread_ = this_thread();
    for (;;) {
      wait_until([this] { return state_.load(std::memory_order_acquire) != State::kIdle; }, &asleep_);
      State called = State::kCalled;
      if (!state_.compare_exchange_strong(called, State::kBusy)) continue;
      taken_.give_back();
      job_->work();
      {
        const std::lock_guard lock(mutex_);
        state_.store(State::kIdle, std::memory_order_release);
      }
      changed_.notify_one();
    }
  }

  // The caller waits only while the worker is busy, and the worker only while it is not: one thread at a time.
  template <class Condition>
  void wait_until(const Condition& holds, bool* asleep = nullptr) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int i = 0; i < 16; ++i) {
        if (holds()) return;
        pause();
      }
    } while (std::chrono::steady_clock::now() < end);
    std::unique_lock lock(mutex_);
    if (asleep != nullptr) *asleep = true;
    changed_.wait(lock, holds);
    if (asleep != nullptr) *asleep = false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<State> state_{State::kIdle};
  Job* job_ = nullptr;
  bool asleep_ = false;  // and so has said who it is
  int thread_ = 0;
  // Linux may wake a worker on its caller's processor and leave it there, unable to run, until the caller has done all
  // the work itself, with another processor idle, call after call. So a sleeper is woken elsewhere, and gets the
  // processor back as soon as it begins or is let off. Only a caller that finds the worker asleep touches this, and the
  // worker while it is busy.
  TakenProcessor taken_;
};

class Pool {
 public:
  // Calls make_job(helpers there are) and runs what it returns, on the caller's thread and on the helpers. False, with
  // nothing done, while another call has the workers.
  template <class MakeJob>
  bool run(int helpers, const MakeJob& make_job) {
    if (taken_.exchange(true, std::memory_order_acquire)) return false;
    const Release release{taken_};
    const int called = start(helpers);
    Job& job = make_job(called);
    for (int i = 0; i < called; ++i) workers_[i]->call(job);
    job.work();
    for (int i = 0; i < called; ++i) workers_[i]->dismiss();
    return true;
  }

 private:
  struct Release {
    std::atomic<bool>& taken;
    ~Release() { taken.store(false, std::memory_order_release); }
  };

  // Sees to it that there are that many workers; returns how many of them there are. Short of memory or threads, a call
  // makes do with fewer.
  int start(int wanted) {
    try {
      workers_.reserve(static_cast<std::size_t>(wanted));  // a worker with a running thread must not be lost
      while (static_cast<int>(workers_.size()) < wanted) workers_.push_back(std::make_unique<Worker>());
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    return std::min(wanted, static_cast<int>(workers_.size()));
  }

  std::atomic<bool> taken_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
};

// Never destroyed: at the end of the process its threads may be anywhere, and the system ends them where they are.
std::atomic<Pool*> the_pool{nullptr};

Pool& pool() {
#if !defined(_WIN32)  // where processes do not fork
  // A forked child has none of its parent's threads, and cannot know what state they were in.
  // Its parent's pool is not to be touched, but not lost either to those who look for leaks.
  static std::atomic<Pool*> parents_pool{nullptr};
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { parents_pool.store(the_pool.exchange(nullptr)); });
#endif
  Pool* found = the_pool.load(std::memory_order_acquire);
  if (found != nullptr) return *found;
  auto fresh = std::make_unique<Pool>();
  return the_pool.compare_exchange_strong(found, fresh.get(), std::memory_order_acq_rel) ? *fresh.release() : *found;
}

}  // namespace

void run_tasks(Index tasks, TaskCall call) {
  if (tasks > 1 && !inside_task) {
    Job job(tasks, call);
    const Index helpers = std::min<Index>(tasks, kMostThreads) - 1;
    if (pool().run(static_cast<int>(helpers), [&](int) -> Job& { return job; })) return job.rethrow();
  }
  for (Index i = 0; i < tasks; ++i) call.run(call.task, i);
}

namespace {

// A team whose members wait for each other a quarter of the time has not the processors to itself: every meeting may
// then cost a time slice of whoever runs instead, many times the work between two of them. After two such calls in a
// row (one may be an accident) teams are left alone for some twenty times what the last one took, so that trying again
// costs a twentieth.
constexpr int kMostWaiting = 4;
constexpr int kRest = 20;
std::atomic<bool> waited_before{false};
std::atomic<std::chrono::steady_clock::rep> teams_from{std::numeric_limits<std::chrono::steady_clock::rep>::min()};

}  // namespace

void run_team(Index most, TeamCall call) {
  // As many tasks as threads: each thread takes one, as none ends before all have begun to meet.
  const auto join = [&](Meeting& meeting, Index size, Index index) {
    Meeting::Member member(meeting);
    const auto meet = [](void* erased) { static_cast<Meeting::Member*>(erased)->meet(); };
    call.run(call.task, {index, size, size > 1 ? +meet : nullptr, &member});
  };
  using Clock = std::chrono::steady_clock;
  std::optional<Meeting> meeting;
  if (most > 1 && !inside_task && Clock::now().time_since_epoch().count() >= teams_from.load()) {
    const auto begin = Clock::now();
    const Index helpers = std::min<Index>(most, kMostThreads) - 1;
    Index size = 1;
    const auto task = [&](Index index) { join(*meeting, size, index); };
    std::optional<Job> job;
    const bool ran = pool().run(static_cast<int>(helpers), [&](int there) -> Job& {
      size = there + 1;
      meeting.emplace(size);
      return job.emplace(size, erase(task));
    });
    if (ran) {
      const auto end = Clock::now();
      const bool waited = kMostWaiting * meeting->waited() > size * (end - begin);
      if (waited_before.exchange(waited) && waited)
        teams_from = (end + kRest * (end - begin)).time_since_epoch().count();
      return job->rethrow();
    }
  }
  join(meeting.emplace(1), 1, 0);
}

}  // namespace gatedcore
