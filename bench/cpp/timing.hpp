// How the benchmarks time: one pinned thread, a warm-up, then samples of at least a millisecond until the time is up.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace gatedcore::bench {

struct Timing {
  double median = 0;  // seconds of one call
  double best = 0;    // of the fastest sample: what remains of the median where other programs use the processor too
  double spread = 0;  // from the first to the ninth decile, as a share of the median
  int samples = 0;
};

// Keeps the thread where its caches are. Without effect where the system has no such call or refuses.
inline void pin_to_one_processor() {
#if defined(__linux__)
  cpu_set_t allowed, one;
  CPU_ZERO(&allowed);
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
#endif
}

template <class Body>
double seconds_of(long calls, const Body& body) {
  const auto begin = std::chrono::steady_clock::now();
  for (long i = 0; i < calls; ++i) body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Calls body for about the given seconds, half as long again for warm-up.
template <class Body>
Timing time_calls(double seconds, const Body& body) {
  constexpr double kSample = 1e-3;  // a thousand times the clock's resolution
  constexpr int kFewest = 5;
  double once = seconds_of(1, body);
  for (double spent = once; spent < seconds / 2;) {
    const double sample = seconds_of(1, body);
    once = std::min(once, sample);
    spent += sample;
  }
  const long calls = std::max(1L, static_cast<long>(kSample / std::max(once, 1e-9)));
  std::vector<double> samples;
  for (double spent = 0; spent < seconds || static_cast<int>(samples.size()) < kFewest;) {
    const double sample = seconds_of(calls, body);
    spent += sample;
    samples.push_back(sample / static_cast<double>(calls));
  }
  std::sort(samples.begin(), samples.end());
  const std::size_t n = samples.size();
  return {samples[n / 2], samples[0], (samples[n * 9 / 10] - samples[n / 10]) / samples[n / 2], static_cast<int>(n)};
}

}  // namespace gatedcore::bench
