// Threads that share the tasks of one call.
//
// The workers start when they are first needed and stay for the life of the process: between calls they spin for a
// moment, then sleep. A forked child begins without workers and starts its own.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// Calls run(task, 0) ... run(task, tasks - 1), each once, in no particular order.
struct TaskCall {
  void (*run)(const void* task, Index index);
  const void* task;
};
void run_tasks(Index tasks, TaskCall call);
template <class Task>
TaskCall erase(const Task& task) {
  return {[](const void* erased, Index index) { (*static_cast<const Task*>(erased))(index); }, &task};
}

// Calls run(task, share) on every thread of a team.
struct TeamCall {
  void (*run)(const void* task, UnitShare share);
  const void* task;
};
void run_team(Index most, TeamCall call);

// Calls task(0) ... task(tasks - 1), the caller's thread and up to tasks - 1 others each taking the next one that is
// left, and returns when all are done. How many threads a call is worth is the caller's to decide: it makes that many
// tasks. The first exception that a task throws is thrown here once no task runs any more; tasks not begun by then may
// be left out.
//
// Any thread may call this at any time. While the workers serve one call, another one, and one from inside a task, runs
// on its own thread alone: nothing waits for workers, so nothing can deadlock. Tasks may not count on running side by
// side.
template <class Task>
void parallel_for(Index tasks, const Task& task) {
  run_tasks(tasks, erase(task));
}

// Calls task(share) on up to `most` threads side by side, the caller's among them: share.parts says how many there are
// and share.part which one this is. Unlike tasks of parallel_for they may wait for each other: share.meet is there for
// it. Every thread must call it as often. Where the workers are not to be had, or teams waited long of late as the
// processors were not theirs alone, the caller is the only one. A task may not throw while others may wait for it.
template <class Task>
void parallel_team(Index most, const Task& task) {
  run_team(most, {[](const void* erased, UnitShare share) { (*static_cast<const Task*>(erased))(share); }, &task});
}

}  // namespace gatedcore
