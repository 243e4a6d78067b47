// columns_from_rows and rows_from_columns: the weights of PyTorch's layout as the core's, and back.
#include <string>
#include <utility>
#include <vector>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "dispatch/gate_rows.hpp"
#include "dispatch/isa.hpp"

namespace gatedcore::bindings {
namespace {

using Blocks = std::vector<Index>;

// Throws ValueError unless blocks name each of as many gates once, and the matrix's axis is of so many blocks.
GateRows shape_of_gates(const char* where, const Blocks& blocks, const py::array& matrix, int axis) {
  const Index gates = static_cast<Index>(blocks.size());
  std::vector<bool> seen(blocks.size());
  for (const Index block : blocks) {
    if (block < 0 || block >= gates || seen[static_cast<std::size_t>(block)]) {
      throw py::value_error(std::string(where) + ": blocks is no order of " + std::to_string(gates) +
                            " gates, expected each from 0 on once; pass where each stands");
    }
    seen[static_cast<std::size_t>(block)] = true;
  }
  if (matrix.ndim() != 2 || gates == 0 || matrix.shape(axis) % gates != 0) {
    throw py::value_error(std::string(where) + ": matrix has shape " + describe(shape_of(matrix)) + ", expected " +
                          (axis == 0 ? "(G*H, F)" : "(F, G*H)") + " with G = " + std::to_string(gates) +
                          "; pass one block for each gate");
  }
  return {blocks.data(), gates, matrix.shape(axis) / gates, matrix.shape(1 - axis)};
}

template <class Scalar>
py::object to_columns(const Blocks& blocks, const py::array& rows) {
  constexpr const char* kWhere = "columns_from_rows";
  const GateRows shape = shape_of_gates(kWhere, blocks, rows, 0);
  const Scalar* from = contiguous<Scalar>({kWhere, "matrix", rows}, {shape.gates * shape.H, shape.F}, "(G*H, F)");
  py::array_t<Scalar> columns = new_array<Scalar>({shape.F, shape.gates * shape.H});
  Scalar* const to = columns.mutable_data();
  {
    const Unlocked unlocked;
    columns_from_rows(active_kernels(), shape, from, to);
  }
  return columns;
}

template <class Scalar>
py::object to_rows(const Blocks& blocks, const py::array& columns) {
  constexpr const char* kWhere = "rows_from_columns";
  const GateRows shape = shape_of_gates(kWhere, blocks, columns, 1);
  const Scalar* from = contiguous<Scalar>({kWhere, "matrix", columns}, {shape.F, shape.gates * shape.H}, "(F, G*H)");
  py::array_t<Scalar> rows = new_array<Scalar>({shape.gates * shape.H, shape.F});
  Scalar* const to = rows.mutable_data();
  {
    const Unlocked unlocked;
    rows_from_columns(active_kernels(), shape, from, to);
  }
  return rows;
}

}  // namespace

void bind_gate_rows(py::module_& module) {
  module.def(
      "columns_from_rows",
      [](const Blocks& blocks, const py::array& matrix) {
        return is_double({"columns_from_rows", "matrix", matrix}) ? to_columns<double>(blocks, matrix)
                                                                  : to_columns<float>(blocks, matrix);
      },
      py::arg("blocks"), py::arg("matrix").noconvert());
  module.def(
      "rows_from_columns",
      [](const Blocks& blocks, const py::array& matrix) {
        return is_double({"rows_from_columns", "matrix", matrix}) ? to_rows<double>(blocks, matrix)
                                                                  : to_rows<float>(blocks, matrix);
      },
      py::arg("blocks"), py::arg("matrix").noconvert());
}

}  // namespace gatedcore::bindings
