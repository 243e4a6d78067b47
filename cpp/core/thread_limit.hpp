// How many threads a call may use: what the user asks for, else what the machine gives this process.
#pragma once

#include <string>

namespace gatedcore {

// More threads than this are taken for a mistake.
inline constexpr int kMostThreads = 1024;

// The largest number of threads that a call may use: set_num_threads, else GATEDCORE_NUM_THREADS, else OMP_NUM_THREADS,
// else hardware_threads(); and no more than limit_this_thread says. The variables are read at the first call. Throws
// std::invalid_argument for a bad GATEDCORE_NUM_THREADS; a bad OMP_NUM_THREADS is OpenMP's business and is passed over.
int num_threads();

// Throws std::invalid_argument unless 1 <= threads <= kMostThreads.
void set_num_threads(int threads);

// Bounds num_threads() in calls from the calling thread alone; 0 lifts the bound. Throws std::invalid_argument for
// less.
void limit_this_thread(int threads);

// The processors this process may run on, by its affinity mask and the CPU quotas of its control groups; at least 1.
int hardware_threads();

// What the two variables ask for, 0 where they ask for nothing; null is an unset variable.
int threads_from_environment(const char* gatedcore_num_threads, const char* omp_num_threads);

// Whole processors that the CPU quotas of control groups, version 1 and 2, leave to this process; 0 for no quota. root
// stands for / and lets a test bring its own files.
int cgroup_threads(const std::string& root);

}  // namespace gatedcore
