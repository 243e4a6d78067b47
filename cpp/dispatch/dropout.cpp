#include "dispatch/dropout.hpp"

#include <algorithm>

#include "core/philox.hpp"

namespace gatedcore {

template <class Scalar>
void dropout_factors(RandomStream random, double rate, Scalar* factors, Index count) {
  constexpr double kWords = 4294967296.0;  // a word is below 2^32
  const std::uint64_t dropped = static_cast<std::uint64_t>(rate * kWords);
  const Scalar kept = static_cast<Scalar>(1 / (1 - rate));
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  for (Index i = 0; i < count; i += 4) {
    const std::uint64_t block = static_cast<std::uint64_t>(i / 4);
    const PhiloxWords words = philox({low(block), high(block), low(random.stream), high(random.stream)}, random.seed);
    const Index width = std::min<Index>(4, count - i);
    for (Index k = 0; k < width; ++k) factors[i + k] = words[static_cast<std::size_t>(k)] < dropped ? Scalar(0) : kept;
  }
}

template void dropout_factors(RandomStream, double, float*, Index);
template void dropout_factors(RandomStream, double, double*, Index);

}  // namespace gatedcore
