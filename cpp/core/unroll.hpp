// Loops the compiler cannot leave rolled: the body sees its index as a compile-time constant.
//
// Register tiles are arrays of vectors; they live in registers only where every index is a constant.
#pragma once

#include "core/types.hpp"

#define GATEDCORE_INLINE inline __attribute__((always_inline))
// Keeps a loop over tiles a function of its own: inlined into a time loop, g++ 12 gives the loop's variables registers
// that the tile needs, and spills the tile (half the speed with 16 registers).
#define GATEDCORE_NOINLINE __attribute__((noinline))
// The first for a lambda, behind its parameters.
#define GATEDCORE_INLINED __attribute__((always_inline))

namespace gatedcore {

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
  constexpr operator int() const { return kValue; }
};

// Calls body(Constant<0>), body(Constant<1>), ... body(Constant<kCount - 1>).
template <int kCount, int kIndex = 0, class Body>
GATEDCORE_INLINE void unroll(const Body& body) {
  if constexpr (kIndex < kCount) {
    body(Constant<kIndex>{});
    unroll<kCount, kIndex + 1>(body);
  }
}

}  // namespace gatedcore
