// Which processors a thread may run on, and which one it is on.
#pragma once

namespace gatedcore {

// Processors that the calling thread may run on; 0 where it cannot be known.
int allowed_processors();

// The one that the calling thread is on; -1 where it cannot be known.
int current_processor();

// Moves the calling thread to another of its processors if it is on this one. It may come back later.
void leave_processor(int processor);

}  // namespace gatedcore
