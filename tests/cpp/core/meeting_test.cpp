#include "core/meeting.hpp"

#include <thread>
#include <vector>

#include "check.hpp"

namespace gatedcore {
namespace {

TEST_CASE("what every member wrote before a meeting is there for all after it") {
  for (const Index members : {1, 2, 3, 5}) {
    CONTEXT("members " << members);
    constexpr int kRounds = 500;
    Meeting meeting(members);
    std::vector<int> written(static_cast<std::size_t>(members)), wrong(static_cast<std::size_t>(members));
    std::vector<std::thread> threads;
    for (std::size_t me = 0; me < written.size(); ++me) {
      threads.emplace_back([&, me] {
        Meeting::Member member(meeting);
        for (int round = 1; round <= kRounds; ++round) {
          written[me] = round;
          member.meet();
          for (const int other : written) wrong[me] += other != round;
          member.meet();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int count : wrong) CHECK(count == 0);
  }
}

}  // namespace
}  // namespace gatedcore
