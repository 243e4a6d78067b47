#include "dispatch/valid_steps.hpp"

#include <algorithm>

namespace gatedcore {
namespace {

bool is_set(StepMask mask, Index t, Index b, bool without) {
  return mask.data == nullptr ? without : mask.data[t * mask.t_stride + b * mask.b_stride] != 0;
}

// The pieces of one row, in order of time.
void append_pieces(StepMask mask, StepMask reset, Index T, Index b, std::vector<Piece>& pieces) {
  pieces.push_back({b, 0, 0, 0, T == 0 || !is_set(reset, 0, b, false), false});
  for (Index t = 0; t < T; ++t) {
    if (t > 0 && is_set(reset, t, b, false)) pieces.push_back({b, t, t, 0, false, false});
    pieces.back().end = t + 1;
    pieces.back().valid += is_set(mask, t, b, true);
  }
  pieces.back().ends_row = true;
}

}  // namespace

ValidSteps::ValidSteps(StepMask mask, StepMask reset, Index T, Index B) {
  pieces.reserve(static_cast<std::size_t>(B));
  for (Index b = 0; b < B; ++b) append_pieces(mask, reset, T, b, pieces);
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.valid > b.valid; });

  const Index longest = pieces.empty() ? 0 : pieces.front().valid;
  first.reserve(static_cast<std::size_t>(longest));
  Index active = static_cast<Index>(pieces.size());
  for (Index s = 0; s < longest; ++s) {
    while (pieces[static_cast<std::size_t>(active - 1)].valid <= s) --active;
    if (runs.empty() || runs.back().pieces != active) runs.push_back({s, s, active, count});
    runs.back().end = s + 1;
    first.push_back(count);
    count += active;
  }
  time.resize(static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    std::size_t s = 0;
    for (Index t = pieces[p].begin; t < pieces[p].end; ++t) {
      if (is_set(mask, t, pieces[p].row, true)) time[static_cast<std::size_t>(first[s++]) + p] = t;
    }
  }
}

Range ValidSteps::share(int part, int parts) const {
  // The first piece at which so many of the parts' sample-steps lie behind.
  const auto border = [&](int parts_before) {
    if (parts_before == parts) return static_cast<Index>(pieces.size());
    Index p = 0, before = 0;
    while (before * parts < count * parts_before) before += pieces[static_cast<std::size_t>(p++)].valid;
    return p;
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
