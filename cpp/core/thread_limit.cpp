#include "core/thread_limit.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "core/affinity.hpp"

namespace gatedcore {
namespace {

// 0 until known.
std::atomic<int> chosen_threads{0};

// 0 for none.
thread_local int bound_of_this_thread = 0;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
}

// The whole text as a number of threads; 0 where it is none.
int parse_threads(std::string_view text) {
  text = trim(text);
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && threads >= 1 && threads <= kMostThreads ? threads : 0;
}

std::string allowed_range() { return "a whole number from 1 to " + std::to_string(kMostThreads); }

// Quota over period in whole processors, at least 1: a part of a processor more would only be throttled. 0 for no
// quota.
int whole_processors(long long quota, long long period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::clamp<long long>(quota / period, 1, kMostThreads));
}

// The text of a small file, empty where there is none. Not by a stream: those are most of a statically linked
// libstdc++.
std::string read_text(const std::string& path) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "r"), close);
  if (file == nullptr) return {};
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

// Of one control group; version 2 has "max 100000" or "150000 100000" in cpu.max, version 1 has two files, and -1 for
// none.
int group_threads(const std::string& folder, bool version_2) {
  const std::string text = version_2
                               ? read_text(folder + "/cpu.max")
                               : read_text(folder + "/cpu.cfs_quota_us") + read_text(folder + "/cpu.cfs_period_us");
  long long quota = 0;
  long long period = 0;
  return std::sscanf(text.c_str(), "%lld %lld", &quota, &period) == 2 ? whole_processors(quota, period) : 0;
}

int smaller_limit(int a, int b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

// The tightest quota of a group and those above it, up to the mount point.
int path_threads(const std::string& mount, std::string group, bool version_2) {
  int threads = 0;
  for (;;) {
    threads = smaller_limit(threads, group_threads(mount + group, version_2));
    const std::size_t slash = group.find_last_of('/');
    if (slash == std::string::npos) return threads;
    group.resize(slash);
  }
}

// Whether the comma-separated controllers of a version 1 line name the one for CPU time.
bool controls_cpu(std::string_view controllers) {
  for (;;) {
    const std::size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == "cpu") return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
}

// num_threads() of a thread without a bound.
int threads_for_all() {
  int threads = chosen_threads.load(std::memory_order_relaxed);
  if (threads != 0) return threads;
  threads = threads_from_environment(std::getenv("GATEDCORE_NUM_THREADS"), std::getenv("OMP_NUM_THREADS"));
  if (threads == 0) threads = hardware_threads();
  // A set_num_threads that came meanwhile stays.
  int unknown = 0;
  return chosen_threads.compare_exchange_strong(unknown, threads) ? threads : unknown;
}

}  // namespace

int cgroup_threads(const std::string& root) {
  // Lines are "number:controllers:/group"; version 2 has no controllers.
  const std::string text = read_text(root + "/proc/self/cgroup");
  const std::string mounts = root + "/sys/fs/cgroup";
  int threads = 0;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      threads = smaller_limit(threads, path_threads(mounts, group, true));
      threads = smaller_limit(threads, path_threads(mounts + "/unified", group, true));
    } else if (controls_cpu(controllers)) {
      threads = smaller_limit(threads, path_threads(mounts + "/" + controllers, group, false));
      if (controllers != "cpu") threads = smaller_limit(threads, path_threads(mounts + "/cpu", group, false));
    }
  }
  return threads;
}

int hardware_threads() {
  int threads = allowed_processors();
  if (threads == 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  threads = smaller_limit(threads, cgroup_threads(""));
  return std::clamp(threads, 1, kMostThreads);
}

int threads_from_environment(const char* gatedcore_num_threads, const char* omp_num_threads) {
  if (gatedcore_num_threads != nullptr && !trim(gatedcore_num_threads).empty()) {
    const int threads = parse_threads(gatedcore_num_threads);
    if (threads == 0) {
      throw std::invalid_argument("GATEDCORE_NUM_THREADS: is '" + std::string(gatedcore_num_threads) + "', expected " +
                                  allowed_range() + "; correct the environment variable or unset it");
    }
    return threads;
  }
  if (omp_num_threads == nullptr) return 0;
  // OpenMP allows one number for each level of nesting; ours is the first.
  const std::string_view levels = omp_num_threads;
  return parse_threads(levels.substr(0, levels.find(',')));
}

int num_threads() { return smaller_limit(threads_for_all(), bound_of_this_thread); }

void limit_this_thread(int threads) {
  if (threads < 0) {
    throw std::invalid_argument("limit_this_thread: threads is " + std::to_string(threads) +
                                ", expected a bound from 1 on, or 0 for none");
  }
  bound_of_this_thread = threads;
}

void set_num_threads(int threads) {
  if (threads < 1 || threads > kMostThreads) {
    throw std::invalid_argument("set_num_threads: threads is " + std::to_string(threads) + ", expected " +
                                allowed_range());
  }
  chosen_threads.store(threads, std::memory_order_relaxed);
}

}  // namespace gatedcore
