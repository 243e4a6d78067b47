// Which processors a thread may run on, and which one it is on.
#pragma once

namespace gatedcore {

// The calling thread, as the functions below name it; 0 there stands for the calling one too.
int this_thread();

// Processors that the calling thread may run on; 0 where it cannot be known.
int allowed_processors();

// The one that the calling thread is on; -1 where it cannot be known.
int current_processor();

// Takes a processor from those that a thread may run on, and gives it back. Taking tells whether anything changed: a
// thread keeps its only one.
bool take_processor(int thread, int processor);
void give_processor(int thread, int processor);

}  // namespace gatedcore
