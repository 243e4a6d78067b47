// ResultMemory, what the memory of a large result belongs to, and zeros in such memory.
#include <algorithm>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"

namespace gatedcore::bindings {
namespace {

template <class Scalar>
py::object zeros(const Shape& shape) {
  py::array_t<Scalar> array = new_array<Scalar>(shape);
  std::fill_n(array.mutable_data(), array.size(), Scalar(0));
  return array;
}

}  // namespace

void bind_memory(py::module_& module) {
  py::class_<ResultMemory>(module, "ResultMemory", py::buffer_protocol(),
                           "Memory of a large result, given back with the last array over it.")
      .def_buffer([](ResultMemory& memory) {
        return py::buffer_info(memory.bytes.data(), static_cast<py::ssize_t>(memory.bytes.size()));
      });
  module.def(
      "zeros",
      [](Index rows, Index columns, bool is_double) {
        const Shape shape{rows, columns};
        if (rows < 0 || columns < 0)
          throw py::value_error("zeros: shape is " + describe(shape) + ", expected sizes of at least 0; pass sizes");
        checked_product("zeros", {rows, columns}, sizeof(double));
        return is_double ? zeros<double>(shape) : zeros<float>(shape);
      },
      py::arg("rows"), py::arg("columns"), py::arg("is_double"));
}

}  // namespace gatedcore::bindings
