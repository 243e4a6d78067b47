#include "dispatch/parts.hpp"

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
    }
  }
}

TEST_CASE("scratch of each part begins on a cache line of its own") {
  PartScratch<float> scratch(3, 5);
  for (int part = 0; part < 3; ++part) CHECK(reinterpret_cast<std::uintptr_t>(scratch[part]) % 64 == 0u);
  CHECK(scratch[1] - scratch[0] >= 5);
}

}  // namespace
}  // namespace gatedcore
