#include "cells/zoneout.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

using V = Vec<float>;

std::vector<float> lanes_of(V v) {
  std::vector<float> lanes(V::kLanes);
  v.store(lanes.data());
  return lanes;
}
std::vector<float> filled(float value) { return std::vector<float>(V::kLanes, value); }

TEST_CASE("a unit keeps its old state, or takes the new one, to the last bit; or a share of each") {
  const V old = V::set(0.1f), next = V::set(3e-9f);
  CHECK(lanes_of(zoned(V::set(1), old, next)) == filled(0.1f));
  CHECK(lanes_of(zoned(V::set(0), old, next)) == filled(3e-9f));
  CHECK(lanes_of(zoned(V::set(0.25f), V::set(4), V::set(8))) == filled(7));
  CHECK(lanes_of(zoned_backward(V::set(0.25f), V::set(8))) == filled(6));
}

TEST_CASE("rows are read as wide as they are, or one for all; none where there is no array") {
  check::Random random(1);
  const Index H = V::kLanes + 2;
  const Guarded<float> z(random_array<float>(random, 3 * H, 1));
  for (const Index stride : {H, Index(0)}) {
    const ZoneoutRows<float> rows{z.data(), stride};
    CHECK(bool(rows));
    const std::vector<float> whole = lanes_of(rows.load(2, 0, V::kLanes)), rest = lanes_of(rows.load(2, V::kLanes, 2));
    for (Index i = 0; i < V::kLanes; ++i) {
      CHECK(whole[i] == z.data()[2 * stride + i]);
      CHECK(rest[i] == (i < 2 ? z.data()[2 * stride + V::kLanes + i] : 0));
    }
  }
  CHECK(!ZoneoutRows<float>{});
}

}  // namespace
}  // namespace gatedcore::test
