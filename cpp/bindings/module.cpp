// The extension module gatedcore._core; python/gatedcore/_core.pyi has its types.
#include <pybind11/pybind11.h>

#include "bindings/bindings.hpp"
#include "build_info.hpp"

namespace {

constexpr const char* kSubinterpreter =
    "gatedcore: imported in a subinterpreter, expected the main interpreter; use threads or processes";

bool in_subinterpreter() { return PyInterpreterState_Get() != PyInterpreterState_Main(); }

}  // namespace

// pybind11's entry point under another name, as ours comes before it: in a subinterpreter of Python 3.10 and 3.11 it
// would wait for ever for the GIL, which its own thread has.
#define PyInit__core init_core

// No shared state but the thread pool and the choice of kernels, which take care of themselves: no need of the GIL.
PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  if (in_subinterpreter()) throw pybind11::import_error(kSubinterpreter);  // from 3.12 on only here
  module.doc() = "LSTM and GRU kernels.";
  module.attr("__version__") = gatedcore::kVersion;
  gatedcore::bindings::bind_info(module);
  gatedcore::bindings::bind_memory(module);
  gatedcore::bindings::bind_lstm(module);
  gatedcore::bindings::bind_gru(module);
  gatedcore::bindings::bind_dense(module);
  gatedcore::bindings::bind_embedding(module);
  gatedcore::bindings::bind_draws(module);
  gatedcore::bindings::bind_row_step(module);
  gatedcore::bindings::bind_gate_rows(module);
  gatedcore::bindings::bind_optimizers(module);
  gatedcore::bindings::bind_stack(module);
  gatedcore::bindings::bind_stream(module);
  gatedcore::bindings::bind_ceilings(module);
}

#undef PyInit__core

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that CPython looks for
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (!in_subinterpreter()) return init_core();
  PyErr_SetString(PyExc_ImportError, kSubinterpreter);
  return nullptr;
}
