// dropout_factors and zoneout_draws: what dropout multiplies by, and which units zoneout keeps.
#include <string>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/draws.hpp"

namespace gatedcore::bindings {
namespace {

template <class Scalar>
py::object drawn(const Shape& shape, const Choice<Scalar>& choice, RandomStream random) {
  py::array_t<Scalar> array = new_array<Scalar>(shape);
  Scalar* const draws = array.mutable_data();
  const Index count = static_cast<Index>(array.size());
  {
    const py::gil_scoped_release unlocked;
    draw(random, choice, draws, count, num_threads());
  }
  return array;
}

// Throws ValueError for a rate or a shape of which there are no draws.
void check_draws(const char* where, double rate, const Shape& shape) {
  for (const Index size : shape) {
    if (size < 0) {
      throw py::value_error(std::string(where) + ": shape is " + describe(shape) +
                            ", expected sizes of at least 0; pass the shape of what is multiplied");
    }
  }
  if (!(rate >= 0 && rate < 1)) {
    throw py::value_error(std::string(where) + ": rate is " + std::to_string(rate) +
                          ", expected a number in [0, 1); choose one there");
  }
  Index count = 1;
  for (const Index size : shape) count = checked_product(where, {count, size}, sizeof(double));
}

}  // namespace

void bind_draws(py::module_& module) {
  module.def(
      "dropout_factors",
      [](Index rows, Index columns, double rate, std::uint64_t seed, std::uint64_t stream, bool is_double) {
        const Shape shape{rows, columns};
        check_draws("dropout_factors", rate, shape);
        const RandomStream random{seed, stream};
        return is_double ? drawn(shape, dropout_choice<double>(rate), random)
                         : drawn(shape, dropout_choice<float>(rate), random);
      },
      py::arg("rows"), py::arg("columns"), py::arg("rate"), py::arg("seed"), py::arg("stream"), py::arg("is_double"));

  module.def(
      "zoneout_draws",
      [](Index steps, Index rows, Index columns, double rate, std::uint64_t seed, std::uint64_t stream,
         bool is_double) {
        const Shape shape{steps, rows, columns};
        check_draws("zoneout_draws", rate, shape);
        const RandomStream random{seed, stream};
        return is_double ? drawn(shape, zoneout_choice<double>(rate), random)
                         : drawn(shape, zoneout_choice<float>(rate), random);
      },
      py::arg("steps"), py::arg("rows"), py::arg("columns"), py::arg("rate"), py::arg("seed"), py::arg("stream"),
      py::arg("is_double"));
}

}  // namespace gatedcore::bindings
