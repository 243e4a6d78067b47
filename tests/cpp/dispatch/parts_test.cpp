#include "dispatch/parts.hpp"

#include <atomic>
#include <cstdint>

#include "check.hpp"

namespace gatedcore {
namespace {

TEST_CASE("small work gets one thread, large work as many as there are parts and threads") {
  CHECK(useful_threads(0, 100, 8) == 1);
  CHECK(useful_threads(1.9 * kOperationsPerThread, 100, 8) == 1);
  CHECK(useful_threads(3.5 * kOperationsPerThread, 100, 8) == 3);
  CHECK(useful_threads(1e12, 100, 8) == 8);
  CHECK(useful_threads(1e12, 5, 8) == 5);
  CHECK(useful_threads(1e12, 0, 8) == 1);
}

TEST_CASE("even shares cover everything once") {
  for (const Index count : {0, 1, 7, 16}) {
    for (const int parts : {1, 2, 3, 5}) {
      Index next = 0;
      for (int part = 0; part < parts; ++part) {
        const Range range = share(count, part, parts);
        CHECK(range.begin == next);
        CHECK(range.end - range.begin <= largest_share(count, parts));
        next = range.end;
      }
      CHECK(next == count);
      for (int part = 0; part < parts; ++part) {  // of a range that begins elsewhere
        CHECK(share(Range{3, 3 + count}, part, parts).begin == 3 + share(count, part, parts).begin);
        CHECK(share(Range{3, 3 + count}, part, parts).end == 3 + share(count, part, parts).end);
      }
    }
  }
}

TEST_CASE("threads share units where rows are few and steps long, and rows otherwise") {
  constexpr Index kLanes = 8;
  const Dims lone{100, 1, 64, 256};
  CHECK(useful_team(1e8, lone, kLanes, 4) == 4);
  CHECK(useful_team(1e8, {100, 11, 64, 256}, kLanes, 4) == 4);
  CHECK(useful_team(1e8, {100, 12, 64, 256}, kLanes, 4) == 1);  // enough rows for all
  CHECK(useful_team(1e8, {1, 1, 64, 256}, kLanes, 4) == 1);     // no step after the first
  CHECK(useful_team(1e8, {100, 1, 64, 33}, kLanes, 4) == 2);    // two groups of units
  CHECK(useful_team(1.7e7, lone, kLanes, 4) == 2);              // short steps
  CHECK(useful_team(6.5e6, lone, kLanes, 4) == 1);              // too short for two
  CHECK(useful_team(1e8, lone, kLanes, 1) == 1);
  CHECK(loop_threads(1e8, lone, 4, 4).parts == 1);
  CHECK(loop_threads(1e8, {100, 12, 64, 256}, 1, 4).parts == 4);
}

TEST_CASE("a time loop's threads have all rows and a share of the units each, or rows of their own") {
  for (const LoopThreads threads : {LoopThreads{2, 1}, LoopThreads{1, 3}, LoopThreads{1, 1}}) {
    std::atomic<Index> units{0}, rows{0}, wrong{0};  // twelfths of the units of all rows, rows with all of theirs
    run_loop(threads, 7, [&](Range range, UnitShare share, int part) {
      wrong += part >= threads.parts;
      if (share.parts > 1) {
        wrong += range.begin != 0 || range.end != 7;
        units += 12 / share.parts;
      } else {
        rows += range.end - range.begin;
      }
    });
    // A team whose other threads are not to be had is one thread.
    CHECK(wrong == 0);
    const bool all = units == 12 ? rows == 0 : rows == 7 && units == 0;
    CHECK(all);
  }
}

TEST_CASE("scratch of each part begins on a cache line of its own") {
  PartScratch<float> scratch(3, 5);
  for (int part = 0; part < 3; ++part) CHECK(reinterpret_cast<std::uintptr_t>(scratch[part]) % 64 == 0u);
  CHECK(scratch[1] - scratch[0] >= 5);
}

}  // namespace
}  // namespace gatedcore
