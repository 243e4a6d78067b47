// Where threads that work side by side wait for each other, again and again.
#pragma once

#include <atomic>
#include <chrono>

#include "core/types.hpp"

namespace gatedcore {

class Meeting {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit Meeting(Index members) : members_(members) {}

  // How long members have waited in all, beyond what they spin for: while one was not running, mostly.
  Duration waited() const { return Duration(waited_.load(std::memory_order_relaxed)); }

  // One thread's part in it.
  class Member {
   public:
    explicit Member(Meeting& meeting) : meeting_(meeting) {}

    // Returns when every member has called it as often; what each wrote before is there for all after.
    void meet() {
      expected_ += meeting_.members_;
      meeting_.arrive_and_wait(expected_);
    }

   private:
    Meeting& meeting_;
    Index expected_ = 0;
  };

 private:
  void arrive_and_wait(Index expected);

  // On a line of its own: what stands beside it is not disturbed by those who wait.
  alignas(64) std::atomic<Index> arrived_{0};
  std::atomic<Duration::rep> waited_{0};
  const Index members_;
};

}  // namespace gatedcore
