// The factors of dropout: 0 with the probability of the rate, else 1 / (1 - rate).
#pragma once

#include <cstdint>

#include "core/types.hpp"

namespace gatedcore {

// Which random numbers: those of one seed and one stream, two streams of a seed being independent.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
};

// Writes count factors for a rate in [0, 1). Factor i is word i of the stream: it depends on nothing else.
template <class Scalar>
void dropout_factors(RandomStream random, double rate, Scalar* factors, Index count);

}  // namespace gatedcore
