// How a call is split into parts: how many threads it deserves, which share is whose, and the scratch memory of each.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/buffer.hpp"
#include "core/fp_mode.hpp"
#include "core/pool.hpp"

namespace gatedcore {

// A thread is worth waking from this many floating-point operations on: about 20 us of work on one core, several times
// what handing over and collecting a task costs.
inline constexpr double kOperationsPerThread = 1e6;

inline int useful_threads(double operations, Index parts, int threads) {
  const double worth = std::max(1.0, std::floor(operations / kOperationsPerThread));
  const double most = std::min({worth, static_cast<double>(parts), static_cast<double>(threads)});
  return std::max(1, static_cast<int>(most));
}

// Of a layer's forward pass over all steps; backward has twice as many.
inline double operations(const Dims& dims, int gates) {
  return 2.0 * static_cast<double>(dims.T * dims.B) * static_cast<double>((dims.I + dims.H) * dims.H * gates);
}

// How many threads compute the units of a call together. Worth it where there are too few rows for all, each step is
// long enough to meet at its end, and the units are as many as the threads' groups of them.
inline constexpr Index kRowsAlone = 3;  // rows that a thread is better given to itself
inline int useful_team(double work, const Dims& dims, Index lanes, int threads) {
  constexpr double kOperationsPerStep = 8e4;  // of each thread, between two meetings: a microsecond and more
  constexpr Index kGroupBlocks = 4;           // blocks of units in a share's group
  if (dims.B >= kRowsAlone * threads || dims.T < 2) return 1;
  const Index groups = (dims.H + kGroupBlocks * lanes - 1) / (kGroupBlocks * lanes);
  const double step = work / static_cast<double>(dims.T);
  const int most = static_cast<int>(std::min<double>(threads, step / kOperationsPerStep));
  return useful_threads(work, groups, std::max(1, most));
}

// The part-th of parts even shares of count.
inline Range share(Index count, int part, int parts) { return {count * part / parts, count * (part + 1) / parts}; }
inline Range share(Range all, int part, int parts) {
  const Range mine = share(all.end - all.begin, part, parts);
  return {all.begin + mine.begin, all.begin + mine.end};
}
inline Index largest_share(Index count, int parts) { return (count + parts - 1) / parts; }

// Calls body(part) for every part, each on a thread of its own with denormals flushed.
template <class Body>
void run_parts(int parts, const Body& body) {
  parallel_for(parts, [&](Index part) {
    const ScopedFlushDenormals flush;
    body(static_cast<int>(part));
  });
}

// Calls body(share) for every share of the units of a call, on up to `most` threads side by side.
template <class Body>
void run_as_team(int most, const Body& body) {
  parallel_team(most, [&](UnitShare share) {
    const ScopedFlushDenormals flush;
    body(share);
  });
}

// The threads of a time loop: a team that shares the units of all rows, or parts with rows of their own.
struct LoopThreads {
  int team;
  int parts;
};
inline LoopThreads loop_threads(double operations, const Dims& dims, int team, int threads) {
  return {team, team > 1 ? 1 : useful_threads(operations, dims.B, threads)};
}

// Calls body(rows, share of the units, part) on every thread of a time loop.
template <class Body>
void run_loop(LoopThreads threads, Index batch, const Body& body) {
  if (threads.team > 1) {
    run_as_team(threads.team, [&](UnitShare units) { body(Range{0, batch}, units, 0); });
  } else {
    run_parts(threads.parts, [&](int part) { body(share(batch, part, threads.parts), UnitShare{}, part); });
  }
}

// Scratch memory of several parts in one buffer, each part on its own cache lines.
template <class Scalar>
class PartScratch {
 public:
  PartScratch(int parts, Index size) : size_(aligned(size)), memory_({size_, parts}) {}
  Scalar* operator[](int part) { return memory_.data() + size_ * part; }

 private:
  static Index aligned(Index size) {
    constexpr Index kLine = 64 / static_cast<Index>(sizeof(Scalar));
    return (size + kLine - 1) / kLine * kLine;
  }
  Index size_;
  Buffer<Scalar> memory_;
};

}  // namespace gatedcore
