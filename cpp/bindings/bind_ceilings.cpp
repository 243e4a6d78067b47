// multiply_add and read_all, whose speeds bound those of all kernels.
#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "dispatch/isa.hpp"

namespace gatedcore::bindings {
namespace {

py::tuple multiply_add(Index rounds, float factor, float addend) {
  const CeilingKernels<float>& ceilings = active_kernels().floats.ceilings;
  float sum = 0;
  {
    const Unlocked unlocked;
    sum = ceilings.multiply_add(rounds, factor, addend);
  }
  return py::make_tuple(rounds > 0 ? rounds * ceilings.round_operations : 0, sum);
}

template <class Scalar>
double read_all(const Argument& data, Index times) {
  const Scalar* from = contiguous<Scalar>(data, shape_of(data.array), "any shape");
  const Index count = data.array.size();
  const Unlocked unlocked;
  return static_cast<double>(active_kernels().kernels<Scalar>().ceilings.read_all(from, count, times));
}

}  // namespace

void bind_ceilings(py::module_& module) {
  module.def("multiply_add", &multiply_add, py::arg("rounds"), py::arg("factor"), py::arg("addend"));
  module.def(
      "read_all",
      [](const py::array& data, Index times) {
        const Argument argument{"read_all", "data", data};
        return is_double(argument) ? read_all<double>(argument, times) : read_all<float>(argument, times);
      },
      py::arg("data").noconvert(), py::arg("times"));
}

}  // namespace gatedcore::bindings
