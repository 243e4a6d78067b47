// When the input product of many steps is done before their recurrence.
#pragma once

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// A lone row streams every weight for one multiply-add each; done ahead, the input weights serve a whole tile of steps.
// With few inputs the product is not worth a round trip through memory.
constexpr Index kProjectFromInputs = 4;
constexpr bool project_ahead(const Dims& dims, Index rows) {
  return rows == 1 && dims.I >= kProjectFromInputs && dims.T > 1;
}

// Steps projected at once: enough for full tiles, few enough that the projection stays in the L1 or L2 cache.
constexpr Index kProjectedSteps = 24;

GATEDCORE_END_ISA
