// The steps of a batch that a mask keeps, packed: row by row shorter sequences without holes, the longest first.
//
// The s-th valid step of every row that has one forms packed step s. Rows are sorted by their number of valid steps, so
// the rows of a packed step are the first so many, and consecutive packed steps with the same rows are a plain dense
// batch: the kernels run it as they are, and what they cost follows the valid steps alone.
#pragma once

#include <vector>

#include "core/types.hpp"

namespace gatedcore {

// Packed steps [begin, end) of the first `rows` rows: a dense batch whose sample-steps stand from `first` on.
struct DenseRun {
  Index begin = 0;
  Index end = 0;
  Index rows = 0;
  Index first = 0;
};

struct ValidSteps {
  // Sorts and packs; rows with as many valid steps stay in order, so a mask that keeps all changes nothing.
  ValidSteps(StepMask mask, Index T, Index B);

  Index T = 0;
  Index count = 0;           // sample-steps in all
  std::vector<Index> row;    // (B): which row of the caller's each sorted one is
  std::vector<Index> steps;  // (B): valid steps of each sorted row, falling
  std::vector<Index> first;  // where each packed step's sample-steps begin: sorted row r of step s is first[s] + r
  std::vector<Index> time;   // (count): the caller's time of each sample-step
  std::vector<DenseRun> runs;

  // The part-th of parts ranges of sorted rows with about as many sample-steps each.
  Range share(int part, int parts) const;
  // Rows of the largest of them.
  Index largest_share(int parts) const;
};

}  // namespace gatedcore
