// What each file of bindings adds to the extension module.
#pragma once

#include <pybind11/pybind11.h>

namespace gatedcore::bindings {

void bind_info(pybind11::module_& module);
void bind_lstm(pybind11::module_& module);
void bind_gru(pybind11::module_& module);
void bind_dense(pybind11::module_& module);
void bind_embedding(pybind11::module_& module);
void bind_draws(pybind11::module_& module);
void bind_row_step(pybind11::module_& module);
void bind_gate_rows(pybind11::module_& module);
void bind_memory(pybind11::module_& module);
void bind_optimizers(pybind11::module_& module);
void bind_stack(pybind11::module_& module);
void bind_stream(pybind11::module_& module);
void bind_ceilings(pybind11::module_& module);

}  // namespace gatedcore::bindings
