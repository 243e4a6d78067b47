#include "sequence/share.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("shares are whole groups of blocks, one after the other, and cover all units") {
  constexpr Index kUnits = kGroup * Vec<float>::kLanes;
  for (const Index H : {Index(1), kUnits - 1, kUnits, kUnits + 1, 5 * kUnits + 3}) {
    for (const Index parts : {1, 2, 3, 9}) {
      Index end = 0;
      for (Index part = 0; part < parts; ++part) {
        const Units units = units_of<float>({part, parts}, H);
        CHECK(units.begin == end);
        CHECK(units.begin % kUnits == 0);
        CHECK(units.end >= units.begin);
        end = units.end;
      }
      CHECK(end == H);
    }
  }
}

TEST_CASE("one thread alone meets nobody; of several each calls its own") {
  meet(UnitShare{});
  int met = 0;
  const UnitShare share{1, 2, [](void* count) { ++*static_cast<int*>(count); }, &met};
  meet(share);
  CHECK(met == 1);
  CHECK(!is_first(share));
  CHECK(is_first(UnitShare{}));
}

}  // namespace
}  // namespace gatedcore::test
