// What benchmarks compute with: the same numbers in every run.
#pragma once

#include <cstdint>

#include "core/buffer.hpp"

namespace gatedcore::bench {

// Numbers in [-bound, bound) from a linear congruential generator (Knuth's MMIX constants), cast to Scalar.
template <class Scalar>
Buffer<Scalar> numbers(Index count, double bound, std::uint64_t seed) {
  Buffer<Scalar> values(count);
  for (Index i = 0; i < count; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    values.data()[i] = static_cast<Scalar>(bound * (static_cast<double>(seed >> 40) * 0x1p-23 - 1));
  }
  return values;
}

template <class Scalar>
Buffer<Scalar> zeros(Index count) {
  Buffer<Scalar> values(count);
  for (Index i = 0; i < count; ++i) values.data()[i] = 0;
  return values;
}

}  // namespace gatedcore::bench
