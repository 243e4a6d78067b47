// Weights whose gates are blocks of rows, in any order, from those whose gates stand side by side, and back.
#pragma once

#include "dispatch/kernel_table.hpp"

namespace gatedcore {

// Of one matrix: `gates` blocks of H rows, F wide. Gate q, by our order, is the block blocks[q].
struct GateRows {
  const Index* blocks = nullptr;
  Index gates = 0;
  Index H = 0;
  Index F = 0;
};

// From rows (gates * H, F) to columns (F, gates * H), or back, on the chosen kernels. Nothing allocates or throws.
template <class Scalar>
void columns_from_rows(const KernelTable& table, const GateRows& shape, const Scalar* rows, Scalar* columns);
template <class Scalar>
void rows_from_columns(const KernelTable& table, const GateRows& shape, const Scalar* columns, Scalar* rows);

}  // namespace gatedcore
