#include "bindings/array_check.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace gatedcore::bindings {
namespace {

template <class Scalar>
constexpr const char* kDtype = sizeof(Scalar) == 4 ? "float32" : "float64";

std::string dtype_name(const py::array& array) { return py::str(array.dtype()); }

std::string subject(const Argument& a) { return std::string(a.where) + ": " + a.name; }

template <class Scalar>
void check_dtype(const Argument& a) {
  if (py::isinstance<py::array_t<Scalar>>(a.array)) return;
  throw py::type_error(subject(a) + " has dtype " + dtype_name(a.array) + ", expected " + kDtype<Scalar> + "; use " +
                       a.name + ".astype(np." + kDtype<Scalar> + ")");
}

void check_shape(const Argument& a, const Shape& shape, const char* meaning) {
  if (shape_of(a.array) == shape) return;
  throw py::value_error(subject(a) + " has shape " + describe(shape_of(a.array)) + ", expected " + meaning + " = " +
                        describe(shape));
}

template <class Scalar>
void check_contiguous(const Argument& a, const Shape& shape, const char* meaning) {
  check_dtype<Scalar>(a);
  check_shape(a, shape, meaning);
  check_alignment<Scalar>(a);
  if ((a.array.flags() & py::array::c_style) == 0) {
    throw py::value_error(subject(a) + " is not contiguous in C order; use np.ascontiguousarray(" + a.name + ")");
  }
}

template <class Scalar>
constexpr py::ssize_t kSize = sizeof(Scalar);

// Elements from one row of an axis to the next, 0 for an axis that is never stepped along.
template <class Scalar>
Index stride_of(const Argument& a, Index axis) {
  return a.array.shape(axis) > 1 && a.array.size() > 0 ? a.array.strides(axis) / kSize<Scalar> : 0;
}

template <class Scalar>
void check_features(const Argument& a) {
  const py::ssize_t last = a.array.ndim() - 1;
  // NumPy gives the axes of an empty array any strides.
  if (a.array.size() == 0 || a.array.shape(last) <= 1 || a.array.strides(last) == kSize<Scalar>) return;
  throw py::value_error(subject(a) + " has a last axis that is not contiguous; use np.ascontiguousarray(" + a.name +
                        ")");
}

constexpr std::array<std::pair<const char*, Activation>, 7> kActivations{{{"linear", Activation::kLinear},
                                                                          {"tanh", Activation::kTanh},
                                                                          {"sigmoid", Activation::kSigmoid},
                                                                          {"hard_sigmoid", Activation::kHardSigmoid},
                                                                          {"relu", Activation::kRelu},
                                                                          {"softsign", Activation::kSoftsign},
                                                                          {"elu", Activation::kElu}}};

}  // namespace

std::string describe(const Shape& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

Shape shape_of(const py::array& array) { return Shape(array.shape(), array.shape() + array.ndim()); }

bool is_double(const Argument& a) {
  if (py::isinstance<py::array_t<double>>(a.array)) return true;
  if (py::isinstance<py::array_t<float>>(a.array)) return false;
  throw py::type_error(subject(a) + " has dtype " + dtype_name(a.array) + ", expected float32 or float64; use " +
                       a.name + ".astype(np.float32)");
}

template <class Element>
void check_alignment(const Argument& a) {
  bool aligned = reinterpret_cast<std::uintptr_t>(a.array.data()) % sizeof(Element) == 0;
  for (py::ssize_t axis = 0; axis < a.array.ndim(); ++axis) {
    // NumPy gives an axis that is never stepped along any stride.
    const bool stepped = a.array.shape(axis) > 1 && a.array.size() > 0;
    aligned = aligned && (!stepped || a.array.strides(axis) % static_cast<py::ssize_t>(sizeof(Element)) == 0);
  }
  if (!aligned) throw py::value_error(subject(a) + " is not aligned to its elements; use " + a.name + ".copy()");
}

template <class Scalar>
const Scalar* contiguous(const Argument& a, const Shape& shape, const char* meaning) {
  check_contiguous<Scalar>(a, shape, meaning);
  return static_cast<const Scalar*>(a.array.data());
}

template <class Scalar>
Scalar* writable(const Argument& a, const Shape& shape, const char* meaning) {
  check_contiguous<Scalar>(a, shape, meaning);
  if (!a.array.writeable()) throw py::value_error(subject(a) + " is read-only, expected a writable array; pass a copy");
  return static_cast<Scalar*>(const_cast<void*>(a.array.data()));
}

template <class Scalar>
const Scalar* contiguous(const char* where, const char* name, const OptionalArray& array, const Shape& shape,
                         const char* meaning) {
  return array ? contiguous<Scalar>(Argument{where, name, *array}, shape, meaning) : nullptr;
}

template <class Scalar>
Sequence<const Scalar> sequence(const Argument& a, bool time_major) {
  check_dtype<Scalar>(a);
  check_alignment<Scalar>(a);
  check_features<Scalar>(a);
  const Index t_axis = time_major ? 0 : 1;
  return {static_cast<const Scalar*>(a.array.data()), stride_of<Scalar>(a, t_axis), stride_of<Scalar>(a, 1 - t_axis)};
}

template <class Scalar>
Sequence<const Scalar> matrix_rows(const Argument& a) {
  check_dtype<Scalar>(a);
  check_alignment<Scalar>(a);
  check_features<Scalar>(a);
  return {static_cast<const Scalar*>(a.array.data()), 0, stride_of<Scalar>(a, 0)};
}

Dims sequence_dims(const Argument& a, bool time_major) {
  const char* meaning = time_major ? "(T, B, features)" : "(B, T, features)";
  if (a.array.ndim() != 3 || a.array.shape(2) < 1) {
    throw py::value_error(subject(a) + " has shape " + describe(shape_of(a.array)) + ", expected " + meaning +
                          " with at least one feature");
  }
  const Index t_axis = time_major ? 0 : 1;
  Dims dims;
  dims.T = a.array.shape(t_axis);
  dims.B = a.array.shape(1 - t_axis);
  dims.I = a.array.shape(2);
  return dims;
}

Index gate_units(const Argument& kernel, Index gates) {
  if (kernel.array.ndim() != 2 || kernel.array.shape(1) < gates || kernel.array.shape(1) % gates != 0) {
    const std::string count = std::to_string(gates);
    throw py::value_error(subject(kernel) + " has shape " + describe(shape_of(kernel.array)) + ", expected (I, " +
                          count + "*H) with H of at least 1: the " + count + " gates side by side");
  }
  return kernel.array.shape(1) / gates;
}

StepMask step_mask(const Argument& a, const Dims& dims, bool time_major) {
  if (!py::isinstance<py::array_t<bool>>(a.array)) {
    throw py::type_error(subject(a) + " has dtype " + dtype_name(a.array) + ", expected bool; use " + a.name +
                         ".astype(bool)");
  }
  const Shape expected = time_major ? Shape{dims.T, dims.B} : Shape{dims.B, dims.T};
  if (shape_of(a.array) != expected) {
    throw py::value_error(subject(a) + " has shape " + describe(shape_of(a.array)) + ", expected " +
                          (time_major ? "(T, B)" : "(B, T)") + " = " + describe(expected) +
                          "; pass one boolean for each step, True where it counts");
  }
  const Index t_axis = time_major ? 0 : 1;
  return {static_cast<const std::uint8_t*>(a.array.data()), a.array.strides(t_axis), a.array.strides(1 - t_axis)};
}

Shape sequence_shape(Index T, Index B, Index F, bool time_major) {
  return time_major ? Shape{T, B, F} : Shape{B, T, F};
}

template <class Scalar>
py::array_t<Scalar> new_array(const Shape& shape) {
  Index count = 1;
  for (const Index size : shape) count = gatedcore::checked_product({count, size}, sizeof(Scalar));
  // Of a size that NumPy's allocator and the system would make the caller pay page faults for on every call.
  constexpr Index kLarge = (Index{16} << 10) / static_cast<Index>(sizeof(Scalar));
  if (count < kLarge) return py::array_t<Scalar>(shape);
  const py::object memory = empty_object<ResultMemory>();
  auto& bytes = memory.cast<ResultMemory&>().bytes;
  bytes = Buffer<unsigned char>(count * static_cast<Index>(sizeof(Scalar)));
  return py::array_t<Scalar>(shape, reinterpret_cast<Scalar*>(bytes.data()), memory);
}

template <class Scalar>
Sequence<Scalar> sequence_of(py::array_t<Scalar>& array, bool time_major) {
  const Index F = array.shape(2);
  const Index inner = array.shape(1) * F;
  return {array.mutable_data(), time_major ? inner : F, time_major ? F : inner};
}

template <class Scalar>
Sequence<Scalar> reversed(Sequence<Scalar> sequence, Index T) {
  if (T == 0 || sequence.data == nullptr) return sequence;
  return {sequence.data + (T - 1) * sequence.t_stride, -sequence.t_stride, sequence.b_stride};
}

StepMask reversed(StepMask mask, Index T) {
  if (T == 0) return mask;
  return {mask.data + (T - 1) * mask.t_stride, -mask.t_stride, mask.b_stride};
}

Activation parse_activation(const char* where, const char* name, const std::string& activation) {
  std::string known;
  for (const auto& [text, kind] : kActivations) {
    if (activation == text) return kind;
    known += std::string(known.empty() ? "" : ", ") + text;
  }
  throw py::value_error(std::string(where) + ": " + name + " is '" + activation + "', expected one of " + known);
}

Index checked_product(const char* where, std::initializer_list<Index> sizes, std::size_t element_bytes) {
  try {
    return gatedcore::checked_product(sizes, element_bytes);
  } catch (const OutOfMemory& error) {
    throw py::value_error(std::string(where) + ": " + error.what());
  }
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                     \
  template const Scalar* contiguous<Scalar>(const Argument&, const Shape&, const char*);                  \
  template Scalar* writable<Scalar>(const Argument&, const Shape&, const char*);                          \
  template const Scalar* contiguous<Scalar>(const char*, const char*, const OptionalArray&, const Shape&, \
                                            const char*);                                                 \
  template Sequence<const Scalar> sequence<Scalar>(const Argument&, bool);                                \
  template Sequence<const Scalar> matrix_rows<Scalar>(const Argument&);                                   \
  template py::array_t<Scalar> new_array<Scalar>(const Shape&);                                           \
  template Sequence<Scalar> sequence_of(py::array_t<Scalar>&, bool);                                      \
  template Sequence<Scalar> reversed(Sequence<Scalar>, Index);                                            \
  template Sequence<const Scalar> reversed(Sequence<const Scalar>, Index);
template void check_alignment<std::int32_t>(const Argument&);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore::bindings
