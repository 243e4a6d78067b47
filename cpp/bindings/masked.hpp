// The mask and the resets of a recurrent call, checked and as the core takes them.
#pragma once

#include <optional>

#include "bindings/array_check.hpp"
#include "dispatch/run_masked.hpp"

namespace gatedcore::bindings {

struct MaskArguments {
  OptionalArray mask;
  bool zero_output_for_mask;
  OptionalArray reset;
};

// Nothing where there is neither mask nor reset. Throws TypeError or ValueError for what is no mask of the steps.
template <class Scalar>
std::optional<MaskedSteps<Scalar>> masked_steps(const char* where, const MaskArguments& a, const Dims& dims,
                                                bool time_major, bool go_backwards) {
  if (!a.mask && !a.reset) return std::nullopt;
  const auto steps = [&](const char* name, const OptionalArray& array) {
    if (!array) return StepMask{};
    const StepMask mask = step_mask({where, name, *array}, dims, time_major);
    return go_backwards ? reversed(mask, dims.T) : mask;
  };
  const MaskedOutput output = a.zero_output_for_mask ? MaskedOutput::kZero : MaskedOutput::kRepeat;
  return std::optional<MaskedSteps<Scalar>>(std::in_place, steps("mask", a.mask), steps("reset", a.reset), output,
                                            dims);
}

}  // namespace gatedcore::bindings
