#include "dispatch/panel_shares.hpp"

#include "check.hpp"

namespace gatedcore {
namespace {

TEST_CASE("shares of panels cover all of them once, as many as the operations are worth") {
  const std::vector<double> work{1, 1, 10, 3, 0.5};
  for (int threads = 1; threads <= 7; ++threads) {
    const PanelShares shares(work, 1e12, threads);
    CHECK(shares.parts() == std::min(threads, 5));
    Index next = 0, largest = 0;
    for (int part = 0; part < shares.parts(); ++part) {
      CHECK(shares[part].begin == next);
      CHECK(shares[part].end >= next);
      largest = std::max(largest, shares[part].end - next);
      next = shares[part].end;
    }
    CHECK(next == 5);
    CHECK(shares.largest() == largest);
  }
  CHECK(PanelShares(work, 0.5 * kOperationsPerThread, 4).parts() == 1);
}

TEST_CASE("panels alike are shared evenly, others by their work") {
  const PanelShares even({2, 2, 2, 2, 2, 2}, 1e12, 3);
  for (int part = 0; part < 3; ++part) CHECK(even[part].end - even[part].begin == 2);
  const PanelShares halves({1, 2, 2, 1}, 1e12, 2);  // a GRU's
  CHECK(halves[0].end == 2);
  const PanelShares uneven({4, 1, 1, 1, 1}, 1e12, 2);
  CHECK(uneven[0].end == 1);
}

TEST_CASE("no panels, or panels without work, are one share") {
  const PanelShares none({}, 1e12, 4);
  CHECK(none.parts() == 1);
  CHECK(none[0].end == 0);
  CHECK(none.largest() == 0);
  CHECK(PanelShares({0, 0}, 1e12, 2)[0].end == 2);
}

}  // namespace
}  // namespace gatedcore
