#include "dispatch/valid_steps.hpp"

#include <algorithm>
#include <numeric>

namespace gatedcore {

ValidSteps::ValidSteps(StepMask mask, Index T_, Index B)
    : T(T_), row(static_cast<std::size_t>(B)), steps(static_cast<std::size_t>(B)) {
  const auto valid = [&](Index t, Index b) { return mask.data[t * mask.t_stride + b * mask.b_stride] != 0; };
  std::vector<Index> counts(row.size());
  for (Index b = 0; b < B; ++b) {
    for (Index t = 0; t < T; ++t) counts[static_cast<std::size_t>(b)] += valid(t, b);
  }
  std::iota(row.begin(), row.end(), Index(0));
  std::stable_sort(row.begin(), row.end(), [&](Index a, Index b) {
    return counts[static_cast<std::size_t>(a)] > counts[static_cast<std::size_t>(b)];
  });
  std::transform(row.begin(), row.end(), steps.begin(), [&](Index b) { return counts[static_cast<std::size_t>(b)]; });

  const Index longest = B == 0 ? 0 : steps.front();
  first.reserve(static_cast<std::size_t>(longest));
  Index rows = B;
  for (Index s = 0; s < longest; ++s) {
    while (steps[static_cast<std::size_t>(rows - 1)] <= s) --rows;
    if (runs.empty() || runs.back().rows != rows) runs.push_back({s, s, rows, count});
    runs.back().end = s + 1;
    first.push_back(count);
    count += rows;
  }
  time.resize(static_cast<std::size_t>(count));
  for (Index r = 0; r < B; ++r) {
    Index s = 0;
    for (Index t = 0; t < T; ++t) {
      if (valid(t, row[static_cast<std::size_t>(r)])) {
        time[static_cast<std::size_t>(first[static_cast<std::size_t>(s)] + r)] = t;
        ++s;
      }
    }
  }
}

Range ValidSteps::share(int part, int parts) const {
  // The first row at which so many of the parts' sample-steps lie behind.
  const auto border = [&](int parts_before) {
    if (parts_before == parts) return static_cast<Index>(steps.size());
    Index r = 0, before = 0;
    while (before * parts < count * parts_before) before += steps[static_cast<std::size_t>(r++)];
    return r;
  };
  return {border(part), border(part + 1)};
}

Index ValidSteps::largest_share(int parts) const {
  Index most = 0;
  for (int part = 0; part < parts; ++part) {
    const Range range = share(part, parts);
    most = std::max(most, range.end - range.begin);
  }
  return most;
}

}  // namespace gatedcore
