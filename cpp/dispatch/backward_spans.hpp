// The spans of steps that a backward pass with saved gates takes one after the other, the last steps first: the gates'
// gradients that the time loop has just written are still in the cache when those of the weights and inputs read them.
#pragma once

#include <algorithm>

#include "core/types.hpp"

namespace gatedcore {

// The gates of a span, in bytes for each thread: half of a small L2 cache. Measured on Sapphire Rapids with AVX-512,
// 128 and 256 KiB are alike, 1 MiB is some 3 % slower.
inline constexpr Index kSpanBytes = Index(1) << 19;

// Weights above this many bytes would be fetched anew for every span, which costs what the gates save: at I = H = 128
// spans are no faster, at H = 256 they are 4 % slower.
inline constexpr Index kSpanWeightBytes = Index(1) << 18;

// Steps of a span, at least one; all of them where spans do not pay.
template <class Scalar>
Index span_steps(const Dims& dims, Index gates, int threads) {
  constexpr Index kSize = static_cast<Index>(sizeof(Scalar));
  const Index row = gates * dims.H * kSize;
  if ((dims.I + dims.H) * row > kSpanWeightBytes) return std::max<Index>(1, dims.T);
  return std::clamp(kSpanBytes * threads / std::max<Index>(1, dims.B * row), Index(1), std::max<Index>(1, dims.T));
}

// A walk over all steps. A span has the sample-steps t * B + b of all chunks that begin in it: of one that begins in
// the span before, the rows wait for that, so that chunks, and the bits of their sums, are those of the whole.
class BackwardSpans {
 public:
  BackwardSpans(const Dims& dims, Index chunk, Index steps)
      : dims_(dims), chunk_(chunk), span_(steps), steps_{dims.T, dims.T}, samples_{dims.T * dims.B, dims.T * dims.B} {}

  // Goes to the last span, or from one to that before it; false where there is none.
  bool next() {
    if (steps_.begin == 0) return false;
    steps_ = {(steps_.begin - 1) / span_ * span_, steps_.begin};
    samples_ = {(steps_.begin * dims_.B + chunk_ - 1) / chunk_ * chunk_, samples_.begin};
    // A span shorter than a chunk may have none.
    samples_.begin = std::min(samples_.begin, samples_.end);
    return true;
  }
  Range steps() const { return steps_; }
  Range samples() const { return samples_; }
  bool is_last_of_call() const { return steps_.end == dims_.T; }
  bool is_first_of_call() const { return steps_.begin == 0; }
  bool is_whole_call() const { return is_first_of_call() && is_last_of_call(); }

 private:
  Dims dims_;
  Index chunk_;
  Index span_;
  Range steps_;
  Range samples_;
};

}  // namespace gatedcore
