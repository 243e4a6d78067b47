// libFuzzer's entry points: the module _core as part of this program, called by tests/fuzz/core_calls.py.
//
// scripts/check_fuzz.sh builds and runs it. PYTHONPATH has to lead to NumPy and to core_calls.py.
#include <pybind11/embed.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace py = pybind11;

extern "C" PyObject* PyInit__core();

// Those of the sanitizers end the program where memory runs out; ours have to throw, as the core counts on it. The
// memory is still the sanitizer's, with guards around it.
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

py::handle one_input;

[[noreturn]] void stop(py::error_already_set& error) {
  error.restore();
  PyErr_Print();
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  PyImport_AppendInittab("_core", PyInit__core);
  py::initialize_interpreter(false);
  try {
    one_input = py::object(py::module_::import("core_calls").attr("one_input")).release();
  } catch (py::error_already_set& error) {
    stop(error);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    one_input(py::bytes(reinterpret_cast<const char*>(data), size));
  } catch (py::error_already_set& error) {
    stop(error);
  }
  return 0;
}
