// What this build and this process are, and how many threads a call may use.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.hpp"
#include "build_info.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"

namespace gatedcore::bindings {

namespace py = pybind11;

namespace {

py::dict info() {
  py::dict about;
  about["version"] = kVersion;
  about["isa"] = active_kernels().name;
  about["isas_built"] = built_isas();
  about["isas_available"] = available_isas();
  about["threads"] = num_threads();
  about["compiler"] = kCompiler;
  about["build_flags"] = kBuildFlags;
  return about;
}

}  // namespace

// pybind11 turns the std::invalid_argument of a bad environment variable or number into a ValueError.
void bind_info(py::module_& module) {
  module.def("set_num_threads", &set_num_threads, py::arg("threads"));
  module.def("get_num_threads", &num_threads);
  module.def("limit_this_thread", &limit_this_thread, py::arg("threads"));
  module.def("info", &info);
}

}  // namespace gatedcore::bindings
