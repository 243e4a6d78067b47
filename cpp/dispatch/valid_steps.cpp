#include "dispatch/valid_steps.hpp"

#include <algorithm>
#include <new>

#include "core/buffer.hpp"

namespace gatedcore {
namespace {

// Throws OutOfMemory where std::vector would leave unsaid how much was asked for.
template <class Item>
void reserve(std::vector<Item>& items, Index count) {
  checked_product({count}, sizeof(Item));
  try {
    items.reserve(static_cast<std::size_t>(count));
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(static_cast<double>(count) * sizeof(Item));
  }
}

// A caller's mask, read once: sizes rest on it, and another thread may write to the caller's.
class Steps {
 public:
  // Where there is no mask, every step has the given value.
  Steps(StepMask mask, bool without, Index T, Index B) : T_(T), without_(without) {
    if (mask.data == nullptr) return;
    set_ = Buffer<std::uint8_t>({T, B});
    std::uint8_t* to = set_.data();
    for (Index b = 0; b < B; ++b) {
      // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a product of sizes that are not 0 has memory
      for (Index t = 0; t < T; ++t) *to++ = mask.data[t * mask.t_stride + b * mask.b_stride] != 0;
    }
  }
  bool operator()(Index t, Index b) const { return set_.size() == 0 ? without_ : set_.data()[b * T_ + t] != 0; }

 private:
  Index T_;
  bool without_;
  Buffer<std::uint8_t> set_;  // (B, T); empty: no mask
};

// The pieces of one row, in order of time.
void append_pieces(const Steps& mask, const Steps& reset, Index T, Index b, std::vector<Piece>& pieces) {
  pieces.push_back({b, 0, 0, 0, T == 0 || !reset(0, b), false});
  for (Index t = 0; t < T; ++t) {
    if (t > 0 && reset(t, b)) pieces.push_back({b, t, t, 0, false, false});
    pieces.back().end = t + 1;
    pieces.back().valid += mask(t, b);
  }
  pieces.back().ends_row = true;
}

}  // namespace

ValidSteps::ValidSteps(StepMask callers_mask, StepMask callers_reset, Index T, Index B) {
  const Steps mask(callers_mask, true, T, B), reset(callers_reset, false, T, B);
  reserve(pieces, B);
  for (Index b = 0; b < B; ++b) append_pieces(mask, reset, T, b, pieces);
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.valid > b.valid; });

  const Index longest = pieces.empty() ? 0 : pieces.front().valid;
  reserve(first, longest);
  Index active = static_cast<Index>(pieces.size());
  for (Index s = 0; s < longest; ++s) {
    while (pieces[static_cast<std::size_t>(active - 1)].valid <= s) --active;
    if (runs.empty() || runs.back().pieces != active) runs.push_back({s, s, active, count});
    runs.back().end = s + 1;
    first.push_back(count);
    count += active;
  }
  reserve(time, count);
  time.resize(static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    std::size_t s = 0;
    for (Index t = pieces[p].begin; t < pieces[p].end; ++t) {
      if (mask(t, pieces[p].row)) time[static_cast<std::size_t>(first[s++]) + p] = t;
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
