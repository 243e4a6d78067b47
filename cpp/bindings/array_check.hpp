// What a NumPy array must be before its memory is handed to the core, and the messages when it is not.
//
// Only what memory safety rests on is checked here; nothing is converted or copied. Messages read
// "where: what came, what was expected; what to do".
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <pybind11/stl.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/types.hpp"

namespace gatedcore::bindings {

namespace py = pybind11;

using Shape = std::vector<Index>;
using OptionalArray = std::optional<py::array>;

// "(2, 3)".
std::string describe(const Shape& shape);
Shape shape_of(const py::array& array);

// An argument of a call, named in messages.
struct Argument {
  const char* where;  // the function called
  const char* name;
  const py::array& array;
};

// Throws TypeError unless the array is of float32 or float64; true for float64.
bool is_double(const Argument& argument);

// Throws ValueError unless elements stand at multiples of their own size; vectors load at any alignment.
template <class Element>
void check_alignment(const Argument& argument);

// Throw TypeError for another dtype than Scalar, ValueError for another shape, for memory that is not aligned, and
// where it is asked for, not contiguous in C order or not writable. meaning spells the expected shape in letters, such
// as "(I, 4*H)".
template <class Scalar>
const Scalar* contiguous(const Argument& argument, const Shape& shape, const char* meaning);
template <class Scalar>
Scalar* writable(const Argument& argument, const Shape& shape, const char* meaning);

// The same for an argument that may be None: null where there is none.
template <class Scalar>
const Scalar* contiguous(const char* where, const char* name, const OptionalArray& array, const Shape& shape,
                         const char* meaning);

// A (B, T, F) array, or (T, B, F) if time_major, with contiguous features and any other strides.
template <class Scalar>
Sequence<const Scalar> sequence(const Argument& argument, bool time_major);

// The rows of a (M, F) array with contiguous features, b_stride apart.
template <class Scalar>
Sequence<const Scalar> matrix_rows(const Argument& argument);

// Throws ValueError unless the array has three axes, the last at least 1 long; returns B, T, F as in Dims.
Dims sequence_dims(const Argument& argument, bool time_major);

// H of a (I, gates * H) weight matrix. Throws ValueError unless the second axis is a positive multiple of gates.
Index gate_units(const Argument& kernel, Index gates);

// A mask of booleans over the steps of a sequence, (B, T) or (T, B), with any strides. Throws TypeError for another
// dtype and ValueError for another shape.
StepMask step_mask(const Argument& argument, const Dims& dims, bool time_major);

// The shape of a sequence in the caller's layout.
Shape sequence_shape(Index T, Index B, Index F, bool time_major);

// What a large result's memory belongs to: the base of its array. NumPy asks it whether the array may be written to.
struct ResultMemory {
  Buffer<unsigned char> bytes;
};

// A bound object that holds nothing yet. What it is to hold comes after: where memory for the object itself runs out,
// pybind11 frees what it was given twice, or not at all.
template <class Object>
py::object empty_object() {
  return py::cast(Object());
}

// A fresh array of that shape and its memory as a sequence.
template <class Scalar>
py::array_t<Scalar> new_array(const Shape& shape);
template <class Scalar>
Sequence<Scalar> sequence_of(py::array_t<Scalar>& array, bool time_major);

// The same sequence from its last step to its first.
template <class Scalar>
Sequence<Scalar> reversed(Sequence<Scalar> sequence, Index T);
StepMask reversed(StepMask mask, Index T);

// Throws ValueError unless the name is one of Keras's that the kernels know.
Activation parse_activation(const char* where, const char* name, const std::string& activation);

// The product of sizes; see core/memory.hpp. Throws ValueError naming the bytes where they are more than memory holds.
Index checked_product(const char* where, std::initializer_list<Index> sizes, std::size_t element_bytes);

}  // namespace gatedcore::bindings
