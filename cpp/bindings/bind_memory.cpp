// ResultMemory: what the memory of a large result belongs to.
#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"

namespace gatedcore::bindings {

void bind_memory(py::module_& module) {
  py::class_<ResultMemory>(module, "ResultMemory", py::buffer_protocol(),
                           "Memory of a large result, given back with the last array over it.")
      .def_buffer([](ResultMemory& memory) {
        return py::buffer_info(memory.bytes.data(), static_cast<py::ssize_t>(memory.bytes.size()));
      });
}

}  // namespace gatedcore::bindings
