#include "core/progress.hpp"

#include <thread>
#include <vector>

#include "check.hpp"

namespace gatedcore {
namespace {

TEST_CASE("what was written before a point is there for who has waited for it") {
  constexpr Index kPoints = 2000;
  Progress progress;
  progress.wait_for(0);
  std::vector<Index> written(static_cast<std::size_t>(kPoints), -1);
  Index wrong = 0;
  std::thread reader([&] {
    for (Index point = 0; point < kPoints; ++point) {
      progress.wait_for(point + 1);
      wrong += written[static_cast<std::size_t>(point)] != point;
    }
  });
  for (Index point = 0; point < kPoints; ++point) {
    written[static_cast<std::size_t>(point)] = point;
    progress.reach(point + 1);
  }
  reader.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace gatedcore
