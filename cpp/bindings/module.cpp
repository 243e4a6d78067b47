// The extension module gatedcore._core; python/gatedcore/_core.pyi has its types.
#include <pybind11/pybind11.h>

#include "bindings/bindings.hpp"
#include "build_info.hpp"

// No shared state but the thread pool and the choice of kernels, which take care of themselves: no need of the GIL.
PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
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
