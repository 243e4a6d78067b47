// The fastest that threads can multiply and add: independent accumulators in registers, nothing loaded or stored.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "dispatch/isa.hpp"
#include "processors.hpp"

namespace gatedcore::bench {

// Operations of so many rounds, which it carries out.
using Operations = double (*)(const KernelTable& table, Index rounds);
template <class Scalar>
double operations(const KernelTable& table, Index rounds) {
  const CeilingKernels<Scalar>& ceilings = table.kernels<Scalar>().ceilings;
  benchmark::DoNotOptimize(ceilings.multiply_add(rounds, Scalar(0.999999), Scalar(0.000001)));
  return static_cast<double>(rounds * ceilings.round_operations);
}
inline Operations peak_operations(bool is_double) { return is_double ? operations<double> : operations<float>; }

// Rounds of one sample: a fifth of a millisecond or so.
inline constexpr Index kPeakRounds = 100000;

// Operations per second of this many threads at once, each on its own processor and with its fastest sample of a tenth
// of a second. Measured once in a process. The processor must have the instruction set.
inline double measured_peak(const std::string& isa, bool is_double, int threads) {
  static std::map<std::tuple<std::string, bool, int>, double> known;
  const Operations operations = peak_operations(is_double);
  const KernelTable& table = *find_kernels(isa);
  const auto [found, is_new] = known.try_emplace({isa, is_double, threads}, 0);
  if (!is_new) return found->second;
  std::vector<double> best(static_cast<std::size_t>(threads));
  std::atomic<int> awaited{threads};
  const auto measure = [&](int thread) {
    using Clock = std::chrono::steady_clock;
    const Pinned pinned(thread);
    awaited.fetch_sub(1);
    while (awaited.load() > 0) std::this_thread::yield();
    const auto end = Clock::now() + std::chrono::milliseconds(100);
    for (auto begin = Clock::now(); begin < end;) {
      const double count = operations(table, kPeakRounds);
      const auto now = Clock::now();
      double& rate = best[static_cast<std::size_t>(thread)];
      rate = std::max(rate, count / std::chrono::duration<double>(now - begin).count());
      begin = now;
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(measure, thread);
  measure(0);
  for (std::thread& other : others) other.join();
  for (const double rate : best) found->second += rate;
  return found->second;
}

}  // namespace gatedcore::bench
