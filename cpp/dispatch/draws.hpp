// Random draws of one of two numbers: the factors of dropout, and which units zoneout keeps.
#pragma once

#include <cstdint>

#include "core/types.hpp"

namespace gatedcore {

// Which random numbers: those of one seed and one stream, two streams of a seed being independent, from a word on.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  Index first = 0;
};

// What a draw gives: `chosen` with the probability of the rate in [0, 1), else `other`.
template <class Scalar>
struct Choice {
  double rate = 0;
  Scalar chosen = 0;
  Scalar other = 0;
};

// Dropout's factors, with a mean of 1, and zoneout's shares of the old state.
template <class Scalar>
Choice<Scalar> dropout_choice(double rate) {
  return {rate, Scalar(0), static_cast<Scalar>(1 / (1 - rate))};
}
template <class Scalar>
Choice<Scalar> zoneout_choice(double rate) {
  return {rate, Scalar(1), Scalar(0)};
}

// Writes count draws, on up to so many threads. Draw i is decided by word first + i of the stream and by nothing else.
template <class Scalar>
void draw(RandomStream random, const Choice<Scalar>& choice, Scalar* draws, Index count, int threads);

}  // namespace gatedcore
