// Threads that compute the units of a layer together: one step after the other, each its own units.
#pragma once

#include "gemm/pack.hpp"

GATEDCORE_BEGIN_ISA

// Returns when every other thread of the share has come as far.
GATEDCORE_INLINE void meet(const UnitShare& share) {
  if (share.parts > 1) share.meet(share.member);
}

// Whether this thread does what is done once for all units.
GATEDCORE_INLINE bool is_first(const UnitShare& share) { return share.part == 0; }

GATEDCORE_END_ISA
