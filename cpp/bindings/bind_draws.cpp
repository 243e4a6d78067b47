// dropout_factors and zoneout_draws: what dropout multiplies by, and which units zoneout keeps; for all rows of a batch
// or for some of them.
#include <optional>
#include <string>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/draws.hpp"

namespace gatedcore::bindings {
namespace {

// Some rows of a batch: `own` of them from number `first` on, of `all` that there are.
struct Rows {
  Index first = 0;
  Index own = 0;
  Index all = 0;
};

template <class Scalar>
py::object drawn(const Shape& shape, const Choice<Scalar>& choice, RandomStream random, const Rows& rows) {
  py::array_t<Scalar> array = new_array<Scalar>(shape);
  Scalar* const draws = array.mutable_data();
  const Index steps = shape.size() == 3 ? shape[0] : 1;
  const Index columns = shape.back();
  if (array.size() == 0) return array;  // however many steps
  {
    const Unlocked unlocked;
    if (rows.own == rows.all) {
      draw(random, choice, draws, static_cast<Index>(array.size()), num_threads());
    } else {
      for (Index t = 0; t < steps; ++t) {
        random.first = (t * rows.all + rows.first) * columns;
        draw(random, choice, draws + t * rows.own * columns, rows.own * columns, num_threads());
      }
    }
  }
  return array;
}

// Returns the rows; throws ValueError for a rate, a shape or rows of which there are no draws.
Rows check_draws(const char* where, double rate, const Shape& shape, Index first, std::optional<Index> all) {
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
  const Index own = shape[shape.size() - 2];
  const Rows rows{first, own, all.value_or(own)};
  if (first < 0 || rows.all < own || first > rows.all - own) {
    throw py::value_error(std::string(where) + ": rows are " + std::to_string(own) + " from " + std::to_string(first) +
                          " on, expected some of all_rows=" + std::to_string(rows.all) + "; pass where they stand");
  }
  checked_product(where, {shape.size() == 3 ? shape[0] : 1, rows.all, shape.back()}, sizeof(double));
  return rows;
}

}  // namespace

void bind_draws(py::module_& module) {
  module.def(
      "dropout_factors",
      [](Index rows, Index columns, double rate, std::uint64_t seed, std::uint64_t stream, bool is_double,
         Index first_row, std::optional<Index> all_rows) {
        const Shape shape{rows, columns};
        const Rows own = check_draws("dropout_factors", rate, shape, first_row, all_rows);
        const RandomStream random{seed, stream};
        return is_double ? drawn(shape, dropout_choice<double>(rate), random, own)
                         : drawn(shape, dropout_choice<float>(rate), random, own);
      },
      py::arg("rows"), py::arg("columns"), py::arg("rate"), py::arg("seed"), py::arg("stream"), py::arg("is_double"),
      py::arg("first_row") = 0, py::arg("all_rows") = py::none());

  module.def(
      "zoneout_draws",
      [](Index steps, Index rows, Index columns, double rate, std::uint64_t seed, std::uint64_t stream, bool is_double,
         Index first_row, std::optional<Index> all_rows) {
        const Shape shape{steps, rows, columns};
        const Rows own = check_draws("zoneout_draws", rate, shape, first_row, all_rows);
        const RandomStream random{seed, stream};
        return is_double ? drawn(shape, zoneout_choice<double>(rate), random, own)
                         : drawn(shape, zoneout_choice<float>(rate), random, own);
      },
      py::arg("steps"), py::arg("rows"), py::arg("columns"), py::arg("rate"), py::arg("seed"), py::arg("stream"),
      py::arg("is_double"), py::arg("first_row") = 0, py::arg("all_rows") = py::none());
}

}  // namespace gatedcore::bindings
