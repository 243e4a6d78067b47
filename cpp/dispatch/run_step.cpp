#include "dispatch/run_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dispatch/parts.hpp"

namespace gatedcore {
namespace {

// What the kernel of each optimizer is, and about how many operations an element takes; memory sets the pace, and a
// second thread helps once the vectors leave the L1 cache.
template <class Scalar>
auto kernel_of(const UpdateKernels<Scalar>& kernels, const AdamStep<Scalar>&) {
  return kernels.adam;
}
template <class Scalar>
auto kernel_of(const UpdateKernels<Scalar>& kernels, const SgdStep<Scalar>&) {
  return kernels.sgd;
}
template <class Scalar>
auto kernel_of(const UpdateKernels<Scalar>& kernels, const RmspropStep<Scalar>&) {
  return kernels.rmsprop;
}
template <class Scalar>
auto kernel_of(const UpdateKernels<Scalar>& kernels, const NadamStep<Scalar>&) {
  return kernels.nadam;
}
template <class Scalar>
auto kernel_of(const UpdateKernels<Scalar>& kernels, const AdagradStep<Scalar>&) {
  return kernels.adagrad;
}

template <class Scalar>
constexpr double operations_of(const SgdStep<Scalar>&) {
  return 4;
}
template <class Step>
constexpr double operations_of(const Step&) {
  return 12;
}

template <class Scalar>
bool shapes_gradients(const UpdateFrame<Scalar>& frame) {
  return frame.clip != Clip::kNone || frame.accumulated != nullptr;
}

// Elements whose shaped gradients wait for the update: with parameters and three vectors beside them 20 KB of doubles,
// which an L1 cache holds.
constexpr Index kBlock = 512;

// Elements that one sum of squares runs over, counted from where its variable begins: the same sums for any number of
// threads.
constexpr Index kChunk = 8192;

// The pieces of a vector whose gradients are scaled alike.
struct Pieces {
  std::vector<Index> ends;
  std::vector<double> scales;
};

template <class Scalar>
Pieces scaled_pieces(const UpdateKernels<Scalar>& kernels, const Scalar* gradients, Index count,
                     const UpdateFrame<Scalar>& frame, int threads) {
  const double mean = 1.0 / static_cast<double>(frame.summed);
  Pieces pieces;
  if (frame.clip == Clip::kNorm) {
    pieces.ends.assign(frame.ends, frame.ends + frame.variables);
  } else {
    pieces.ends.assign(1, count);
  }
  pieces.scales.assign(pieces.ends.size(), mean);
  if (frame.clip != Clip::kNorm && frame.clip != Clip::kGlobalNorm) return pieces;

  std::vector<Range> chunks;
  for (Index begin = 0; const Index end : pieces.ends) {
    for (; begin < end; begin = chunks.back().end) chunks.push_back({begin, std::min(begin + kChunk, end)});
  }
  std::vector<double> sums(chunks.size());
  const Index summed = static_cast<Index>(chunks.size());
  const int parts = useful_threads(4.0 * static_cast<double>(count), summed, threads);
  run_parts(parts, [&](int part) {
    const Range mine = share(summed, part, parts);
    for (Index k = mine.begin; k < mine.end; ++k) {
      const auto at = static_cast<std::size_t>(k);
      sums[at] = kernels.square_sum(gradients, frame.accumulated, chunks[at]);
    }
  });
  std::size_t chunk = 0;
  for (std::size_t k = 0; k < pieces.ends.size(); ++k) {
    double squares = 0;
    for (; chunk < chunks.size() && chunks[chunk].end <= pieces.ends[k]; ++chunk) squares += sums[chunk];
    const double norm = mean * std::sqrt(squares);
    if (norm > frame.limit) pieces.scales[k] *= frame.limit / norm;
  }
  return pieces;
}

// The steps of a range in blocks: all that stands around an update happens while the block is in the cache.
template <class Scalar, class Step>
void framed_update(const UpdateKernels<Scalar>& kernels, Step step, const UpdateFrame<Scalar>& frame,
                   const Pieces& pieces, Range range) {
  const auto update = kernel_of(kernels, step);
  GradientShape<Scalar> shape{step.gradients, frame.accumulated, 1.0,
                              frame.clip == Clip::kValue ? frame.limit : std::numeric_limits<double>::infinity()};
  alignas(64) Scalar shaped[kBlock];
  std::size_t piece = 0;
  for (Index begin = range.begin; begin < range.end;) {
    const Range block{begin, std::min(begin + kBlock, range.end)};
    if (shapes_gradients(frame)) {
      for (Index from = block.begin; from < block.end;) {
        while (pieces.ends[piece] <= from) ++piece;
        const Index to = std::min(block.end, pieces.ends[piece]);
        shape.scale = pieces.scales[piece];
        kernels.shape(shape, {from, to}, shaped + (from - block.begin));
        from = to;
      }
      step.gradients = shaped;
      step.first = block.begin;
    }
    if (frame.decay != 0) kernels.decay(step.parameters, frame.decay, block);
    update(step, block);
    if (frame.average != nullptr) kernels.average(step.parameters, frame.average, frame.average_share, block);
    begin = block.end;
  }
}

}  // namespace

template <template <class> class Step, class Scalar>
void run_step(const KernelTable& table, const Step<Scalar>& step, int threads, const UpdateFrame<Scalar>& frame) {
  const UpdateKernels<Scalar>& kernels = table.kernels<Scalar>().updates;
  const int parts = useful_threads(operations_of(step) * static_cast<double>(step.count), step.count, threads);
  if (!shapes_gradients(frame) && frame.decay == 0 && frame.average == nullptr) {
    run_parts(parts, [&](int part) { kernel_of(kernels, step)(step, share(step.count, part, parts)); });
    return;
  }
  const Pieces pieces = scaled_pieces(kernels, step.gradients, step.count, frame, threads);
  run_parts(parts, [&](int part) { framed_update(kernels, step, frame, pieces, share(step.count, part, parts)); });
}

template <class Scalar>
void run_average(const KernelTable& table, const Scalar* parameters, Scalar* average, Index count, double part_moved,
                 int threads) {
  const int parts = useful_threads(4.0 * static_cast<double>(count), count, threads);
  run_parts(parts, [&](int part) {
    table.kernels<Scalar>().updates.average(parameters, average, part_moved, share(count, part, parts));
  });
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                      \
  template void run_step(const KernelTable&, const AdamStep<Scalar>&, int, const UpdateFrame<Scalar>&);    \
  template void run_step(const KernelTable&, const SgdStep<Scalar>&, int, const UpdateFrame<Scalar>&);     \
  template void run_step(const KernelTable&, const RmspropStep<Scalar>&, int, const UpdateFrame<Scalar>&); \
  template void run_step(const KernelTable&, const NadamStep<Scalar>&, int, const UpdateFrame<Scalar>&);   \
  template void run_step(const KernelTable&, const AdagradStep<Scalar>&, int, const UpdateFrame<Scalar>&); \
  template void run_average(const KernelTable&, const Scalar*, Scalar*, Index, double, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
