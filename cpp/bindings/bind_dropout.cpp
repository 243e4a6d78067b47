// dropout_factors: what dropout multiplies by.
#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "dispatch/dropout.hpp"

namespace gatedcore::bindings {
namespace {

template <class Scalar>
py::object factors(const Shape& shape, double rate, RandomStream random) {
  py::array_t<Scalar> array = new_array<Scalar>(shape);
  dropout_factors(random, rate, array.mutable_data(), static_cast<Index>(array.size()));
  return array;
}

}  // namespace

void bind_dropout(py::module_& module) {
  module.def(
      "dropout_factors",
      [](Index rows, Index columns, double rate, std::uint64_t seed, std::uint64_t stream, bool is_double) {
        if (rows < 0 || columns < 0) {
          throw py::value_error("dropout_factors: shape is " + describe({rows, columns}) +
                                ", expected sizes of at least 0; pass the shape of what is multiplied");
        }
        if (!(rate >= 0 && rate < 1)) {
          throw py::value_error("dropout_factors: rate is " + std::to_string(rate) +
                                ", expected a number in [0, 1); choose one there");
        }
        checked_product("dropout_factors", {rows, columns}, sizeof(double));
        const Shape shape{rows, columns};
        const RandomStream random{seed, stream};
        return is_double ? factors<double>(shape, rate, random) : factors<float>(shape, rate, random);
      },
      py::arg("rows"), py::arg("columns"), py::arg("rate"), py::arg("seed"), py::arg("stream"), py::arg("is_double"));
}

}  // namespace gatedcore::bindings
