#include "dispatch/draws.hpp"

#include <algorithm>

#include "core/philox.hpp"
#include "dispatch/parts.hpp"

namespace gatedcore {
namespace {

constexpr Index kBlock = 4;  // words that come at once

// The draws of some blocks of words.
template <class Scalar>
void draw_blocks(RandomStream random, const Choice<Scalar>& choice, Scalar* draws, Index count, Range blocks) {
  constexpr double kWords = 4294967296.0;  // a word is below 2^32
  const std::uint64_t below = static_cast<std::uint64_t>(choice.rate * kWords);
  const Scalar values[] = {choice.other, choice.chosen};  // looked up: a branch on random bits took twice the time
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  for (Index i = blocks.begin; i < blocks.end; ++i) {
    const std::uint64_t block = static_cast<std::uint64_t>(i);
    const PhiloxWords words = philox({low(block), high(block), low(random.stream), high(random.stream)}, random.seed);
    const Index begin = std::max(random.first - i * kBlock, Index{0});
    const Index end = std::min(random.first + count - i * kBlock, kBlock);
    for (Index k = begin; k < end; ++k) {
      draws[i * kBlock + k - random.first] = values[words[static_cast<std::size_t>(k)] < below];
    }
  }
}

}  // namespace

template <class Scalar>
void draw(RandomStream random, const Choice<Scalar>& choice, Scalar* draws, Index count, int threads) {
  constexpr double kOperations = 100;  // as many take the time of a draw, 2.4 ns at 3 GHz
  const Index start = random.first / kBlock;
  const Index blocks = (random.first + count + kBlock - 1) / kBlock - start;
  const int parts = useful_threads(kOperations * static_cast<double>(count), blocks, threads);
  run_parts(parts, [&](int part) {
    const Range own = share(blocks, part, parts);
    draw_blocks(random, choice, draws, count, {start + own.begin, start + own.end});
  });
}

template void draw(RandomStream, const Choice<float>&, float*, Index, int);
template void draw(RandomStream, const Choice<double>&, double*, Index, int);

}  // namespace gatedcore
