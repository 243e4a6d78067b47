// Which panels of the weight gradients are whose. Panels are unlike work: those of a GRU's update and reset gates sum
// over inputs and states, those of its candidate over one of the two, and the last panel of a product may be narrow.
#pragma once

#include <algorithm>
#include <vector>

#include "core/types.hpp"
#include "dispatch/parts.hpp"

namespace gatedcore {

class PanelShares {
 public:
  // Of work[i] in panel i, for as many threads as the operations of all are worth.
  PanelShares(const std::vector<double>& work, double operations, int threads)
      : ends_(static_cast<std::size_t>(useful_threads(operations, static_cast<Index>(work.size()), threads))) {
    double all = 0, before = 0;
    for (const double panel : work) all += panel;
    const double parts = static_cast<double>(ends_.size());
    for (std::size_t panel = 0; panel < work.size(); ++panel) {
      // A panel goes where its middle lies.
      const double at = all > 0 ? (before + 0.5 * work[panel]) / all * parts : 0.0;
      for (std::size_t part = static_cast<std::size_t>(at); part < ends_.size(); ++part)
        ends_[part] = static_cast<Index>(panel) + 1;
      before += work[panel];
    }
  }

  int parts() const { return static_cast<int>(ends_.size()); }
  Range operator[](int part) const {
    const auto i = static_cast<std::size_t>(part);
    return {i == 0 ? Index(0) : ends_[i - 1], ends_[i]};
  }
  Index largest() const {
    Index most = 0;
    for (int part = 0; part < parts(); ++part) most = std::max(most, (*this)[part].end - (*this)[part].begin);
    return most;
  }

 private:
  std::vector<Index> ends_;
};

// Of the weight gradients of a backward call.
template <class Kernels, class Backward>
PanelShares panel_shares(const Kernels& kernels, const Backward& call, double operations, int threads) {
  std::vector<double> work(static_cast<std::size_t>(kernels.weight_panels(call)));
  for (std::size_t panel = 0; panel < work.size(); ++panel)
    work[panel] = static_cast<double>(kernels.weight_panel_work(call, static_cast<Index>(panel)));
  return {work, operations, threads};
}

}  // namespace gatedcore
