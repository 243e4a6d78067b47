// embedding_forward and embedding_backward.
#include <string>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/run_embedding.hpp"

namespace gatedcore::bindings {
namespace {

using Tokens = py::array_t<std::int32_t, py::array::c_style>;

// Throws unless the tokens are (count,) and name rows of the table.
void check_tokens(const char* where, const Tokens& tokens, Index rows) {
  if (tokens.ndim() != 1) {
    throw py::value_error(std::string(where) + ": tokens has shape " + describe(shape_of(tokens)) +
                          ", expected (count,)");
  }
  check_alignment<std::int32_t>({where, "tokens", tokens});
  const Index count = tokens.size();
  const Index wrong = first_unknown_token(tokens.data(), count, rows);
  if (wrong == count) return;
  throw py::value_error(std::string(where) + ": token " + std::to_string(tokens.at(wrong)) + " is number " +
                        std::to_string(wrong) + " of the input, expected 0 to " + std::to_string(rows - 1) +
                        "; give the layer a larger input_dim, or put a number of its own in place of rare tokens");
}

// (rows, columns) of a table.
Shape table_shape(const Argument& table) {
  if (table.array.ndim() != 2) {
    throw py::value_error(std::string(table.where) + ": " + table.name + " has shape " +
                          describe(shape_of(table.array)) + ", expected (rows, columns)");
  }
  return shape_of(table.array);
}

template <class Scalar>
py::array forward(const Tokens& tokens, const py::array& table) {
  constexpr const char* kWhere = "embedding";
  const Argument argument{kWhere, "table", table};
  const Shape shape = table_shape(argument);
  const Scalar* rows = contiguous<Scalar>(argument, shape, "(rows, columns)");
  check_tokens(kWhere, tokens, shape[0]);
  const Index count = tokens.size(), columns = shape[1];
  checked_product(kWhere, {count, columns}, sizeof(Scalar));
  py::array_t<Scalar> y = new_array<Scalar>({count, columns});
  Scalar* to = y.mutable_data();
  const std::int32_t* from = tokens.data();
  {
    const Unlocked unlocked;
    run_embedding_forward(from, count, rows, columns, to, num_threads());
  }
  return y;
}

template <class Scalar>
void backward(const Tokens& tokens, const py::array& d_y, const py::array& d_table) {
  constexpr const char* kWhere = "embedding_backward";
  const Argument argument{kWhere, "d_table", d_table};
  const Shape shape = table_shape(argument);
  Scalar* rows = writable<Scalar>(argument, shape, "(rows, columns)");
  check_tokens(kWhere, tokens, shape[0]);
  const Index count = tokens.size();
  const Scalar* arriving = contiguous<Scalar>({kWhere, "d_y", d_y}, {count, shape[1]}, "(count, columns)");
  const std::int32_t* from = tokens.data();
  const Unlocked unlocked;
  run_embedding_backward(from, count, arriving, shape[0], shape[1], rows, num_threads());
}

}  // namespace

void bind_embedding(py::module_& module) {
  module.def(
      "embedding_forward",
      [](const Tokens& tokens, const py::array& table) {
        return is_double({"embedding", "table", table}) ? forward<double>(tokens, table)
                                                        : forward<float>(tokens, table);
      },
      py::arg("tokens").noconvert(), py::arg("table").noconvert());

  module.def(
      "embedding_backward",
      [](const Tokens& tokens, const py::array& d_y, const py::array& d_table) {
        is_double({"embedding_backward", "d_table", d_table}) ? backward<double>(tokens, d_y, d_table)
                                                              : backward<float>(tokens, d_y, d_table);
      },
      py::arg("tokens").noconvert(), py::arg("d_y").noconvert(), py::arg("d_table").noconvert());
}

}  // namespace gatedcore::bindings
