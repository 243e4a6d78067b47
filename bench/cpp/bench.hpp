// A benchmark is a row: its name, the work that one call does, a check against a twin, and the call that is timed.
//
// Google Benchmark chooses how often to call, repeats and prints; see --help. Beside its own columns a row shows
//   ns/step   or ns/element and so on: wall time over what the row counts in
//   GFLOP/s   and peak%, the share of the multiply-add peak that as many threads reach in this process
//   GB/s      read and written, in rows whose pace memory sets
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <optional>
#include <string>

#include "options.hpp"
#include "peak.hpp"

namespace gatedcore::bench {

struct Row {
  std::string name;  // family/part
  std::string isa;   // empty: no kernel is called
  bool is_double = false;
  std::string shape;  // sizes as "T:100/B:32"
  int threads = 1;
  const char* unit = "step";
  double units = 1;       // steps, elements ... of one call
  double operations = 0;  // floating-point operations of one call; 0: it is not for them
  double bytes = 0;       // likewise
};

inline std::string full_name(const Row& row) {
  std::string name = row.name;
  if (!row.isa.empty()) name += "/" + row.isa + (row.is_double ? "/float64" : "/float32");
  if (!row.shape.empty()) name += "/" + row.shape;
  return name + "/threads:" + std::to_string(row.threads);
}

inline void count(benchmark::State& state, const Row& row, double seconds) {
  const double one = seconds / static_cast<double>(state.iterations());
  state.counters[std::string("ns/") + row.unit] = one / row.units * 1e9;
  if (row.bytes > 0) state.counters["GB/s"] = row.bytes / one / 1e9;
  if (row.operations <= 0) return;
  state.counters["GFLOP/s"] = row.operations / one / 1e9;
  const double peak = measured_peak(row.isa, row.is_double, row.threads);
  if (peak > 0) state.counters["peak%"] = 100 * row.operations / one / peak;
}

// Registers a row. check() runs once, before the first timing, and ends the program if results are wrong. prepare()
// returns what is timed: a call(), and if it has a member set_up(), that runs untimed before each call.
template <class Check, class Prepare>
void add(const Row& row, const Check& check, const Prepare& prepare) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  using Call = decltype(prepare());
  constexpr bool kSetsUp = requires(Call & call) { call.set_up(); };
  const auto run = [row, check, prepare, checked = false](benchmark::State& state) mutable {
    // Workers of the pool take over the processors that their maker may run on: only a lone thread is pinned.
    std::optional<Pinned> pinned;
    if (row.threads == 1) pinned.emplace(0);
    if (!checked) check();
    checked = true;
    auto call = prepare();
    if constexpr (kSetsUp) {
      Seconds total{0};
      for (auto _ : state) {
        call.set_up();
        const auto begin = Clock::now();
        call();
        const Seconds spent = Clock::now() - begin;
        state.SetIterationTime(spent.count());
        total += spent;
      }
      count(state, row, total.count());
    } else {
      call();  // brings code and data into the caches
      const auto begin = Clock::now();
      for (auto _ : state) {
        call();
        benchmark::ClobberMemory();
      }
      count(state, row, Seconds(Clock::now() - begin).count());
    }
  };
  benchmark::internal::Benchmark* registered = benchmark::RegisterBenchmark(full_name(row).c_str(), run);
  if (kSetsUp) {
    registered->UseManualTime();
  } else {
    registered->UseRealTime();
  }
}

// Each benchmark's own: adds its rows.
void add_rows(Options& options);

}  // namespace gatedcore::bench
