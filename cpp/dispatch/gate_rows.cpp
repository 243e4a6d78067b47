#include "dispatch/gate_rows.hpp"

namespace gatedcore {

template <class Scalar>
void columns_from_rows(const KernelTable& table, const GateRows& s, const Scalar* rows, Scalar* columns) {
  if (s.F == 0) return;  // nothing may be added to the address of no elements, which can be null
  for (Index q = 0; q < s.gates; ++q) {
    table.kernels<Scalar>().transpose(rows + s.blocks[q] * s.H * s.F, s.F, s.H, s.F, columns + q * s.H, s.gates * s.H);
  }
}

template <class Scalar>
void rows_from_columns(const KernelTable& table, const GateRows& s, const Scalar* columns, Scalar* rows) {
  if (s.F == 0) return;
  for (Index q = 0; q < s.gates; ++q) {
    table.kernels<Scalar>().transpose(columns + q * s.H, s.gates * s.H, s.F, s.H, rows + s.blocks[q] * s.H * s.F, s.F);
  }
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                           \
  template void columns_from_rows(const KernelTable&, const GateRows&, const Scalar*, Scalar*); \
  template void rows_from_columns(const KernelTable&, const GateRows&, const Scalar*, Scalar*);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
