// Measures what bounds every kernel: multiply-adds per second, and bytes per second that can be read from each cache
// level and from memory; with every vector width of this processor, by 1 to all of its threads at once.
//
//   ceilings_bench --benchmark_filter=^fma/avx2/float32
//   ceilings_bench --benchmark_format=json
//
// Each thread keeps to its processor and reads memory of its own. GFLOP/s and GB/s are sums over the threads of their
// mean, "best GFLOP/s" and "best GB/s" of their fastest sample of a fifth of a millisecond or more: what remains of the
// mean where other programs use the processor too.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "bench.hpp"
#include "core/buffer.hpp"
#include "dispatch/isa.hpp"
#include "peak.hpp"
#include "processors.hpp"

namespace gatedcore::bench {
namespace {

// Calls sample(), which returns how many units it has done, and counts them per second.
template <class Sample>
void measure(benchmark::State& state, const char* unit, const Sample& sample) {
  using Clock = std::chrono::steady_clock;
  double all = 0, best = 0, seconds = 0;
  for (auto _ : state) {
    const auto begin = Clock::now();
    const double done = sample();
    const double spent = std::chrono::duration<double>(Clock::now() - begin).count();
    best = std::max(best, done / spent);
    all += done;
    seconds += spent;
  }
  // Counters of threads are added up.
  state.counters[unit] = all / seconds / 1e9;
  state.counters[std::string("best ") + unit] = best / 1e9;
}

void add_peak(const std::string& isa, bool is_double, int threads) {
  const Operations operations = peak_operations(is_double);
  const KernelTable& table = *find_kernels(isa);
  benchmark::RegisterBenchmark(("fma/" + isa + (is_double ? "/float64" : "/float32")).c_str(),
                               [=, &table](benchmark::State& state) {
                                 const Pinned pinned(state.thread_index());
                                 measure(state, "GFLOP/s", [&] { return operations(table, kPeakRounds); });
                               })
      ->ThreadRange(1, threads)
      ->UseRealTime();
}

// What is read is whole rounds of every instruction set's loop.
constexpr Index kReadRound = 1024;

// A part of the machine to read from, and how much of it each thread reads.
struct Level {
  std::string name;
  Index bytes;
};

// Half of a cache, as other things want room in it too, but of a shared one at least twice the cache above it; and of
// memory four times the last cache. Empty where the system does not tell the sizes of its caches.
std::vector<Level> levels(int threads) {
  std::vector<Level> found;
  Index above = 0, last = 0;
  for (const auto& cache : benchmark::CPUInfo::Get().caches) {
    if (cache.type == "Instruction" || cache.size <= 0) continue;
    const Index sharers = std::clamp(cache.num_sharing, 1, threads);
    const Index bytes = std::max(cache.size / 2 / sharers, 2 * above);
    std::string name = "L";
    name += std::to_string(cache.level);
    found.push_back({name, bytes / kReadRound * kReadRound});
    above = cache.size / cache.num_sharing;
    last = cache.size;
  }
  if (!found.empty()) found.push_back({"DRAM", std::max(4 * last / threads, 4 * above) / kReadRound * kReadRound});
  return found;
}

void add_reads(const std::string& isa, int threads) {
  const CeilingKernels<float>& ceilings = find_kernels(isa)->floats.ceilings;
  for (const Level& level : levels(threads)) {
    const std::string name = "read/" + isa + "/" + level.name + "/KiB:" + std::to_string(level.bytes / 1024);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=, &ceilings](benchmark::State& state) {
                                   constexpr Index kSample = Index(32) << 20;  // bytes: 0.2 ms and more
                                   const Pinned pinned(state.thread_index());
                                   Buffer<float> memory(level.bytes / 4);
                                   std::fill_n(memory.data(), memory.size(), 1.0f);
                                   const Index times = std::max(Index(1), kSample / level.bytes);
                                   measure(state, "GB/s", [&] {
                                     benchmark::DoNotOptimize(ceilings.read_all(memory.data(), memory.size(), times));
                                     return static_cast<double>(times * level.bytes);
                                   });
                                 })
        ->Threads(threads)
        ->UseRealTime();
  }
}

}  // namespace

void add_rows(Options& options) {
  const int processors = static_cast<int>(allowed_processors().size());
  const long most = whole_numbers("threads", options.value("threads", std::to_string(processors))).front();
  for (const std::string& isa : available_isas()) {
    for (const bool is_double : {false, true}) add_peak(isa, is_double, static_cast<int>(most));
    for (int threads = 1; threads <= most; ++threads) add_reads(isa, threads);
  }
  if (levels(1).empty())
    std::fprintf(stderr, "ceilings_bench: the system tells no cache sizes, so no reads are timed\n");
}

}  // namespace gatedcore::bench
