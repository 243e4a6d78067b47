// The steps of a batch that count, packed: shorter sequences without holes, the longest first.
//
// A mask says which steps count, and a reset cuts a caller's row into pieces that know nothing of one another; without
// resets a row is one piece. The s-th valid step of every piece that has one forms packed step s. Pieces are sorted by
// their number of valid steps, so the pieces of a packed step are the first so many, and consecutive packed steps with
// the same pieces are a plain dense batch: the kernels run it as it is, and what they cost follows the valid steps
// alone.
#pragma once

#include <vector>

#include "core/types.hpp"

namespace gatedcore {

// Steps [begin, end) of a caller's row, from one reset to the next.
struct Piece {
  Index row = 0;
  Index begin = 0;
  Index end = 0;
  Index valid = 0;          // steps that count
  bool starts_row = false;  // takes the row's initial states; others start from zeros
  bool ends_row = false;    // leaves the row's last states
};

// Packed steps [begin, end) of the first `pieces` pieces: a dense batch whose sample-steps stand from `first` on.
struct DenseRun {
  Index begin = 0;
  Index end = 0;
  Index pieces = 0;
  Index first = 0;
};

struct ValidSteps {
  // Where reset is true a step's states are set to zero before it, whether it counts or not. Null data: every step
  // counts, none resets. Pieces with as many valid steps stay in order, so a mask that keeps all changes nothing.
  ValidSteps(StepMask mask, StepMask reset, Index T, Index B);

  Index count = 0;            // sample-steps in all
  std::vector<Piece> pieces;  // sorted by valid, falling
  std::vector<Index> first;   // where each packed step's sample-steps begin: piece p of step s is first[s] + p
  std::vector<Index> time;    // (count): the caller's time of each sample-step
  std::vector<DenseRun> runs;

  // The part-th of parts ranges of pieces with about as many sample-steps each.
  Range share(int part, int parts) const;
  // Pieces of the largest of them.
  Index largest_share(int parts) const;
};

}  // namespace gatedcore
