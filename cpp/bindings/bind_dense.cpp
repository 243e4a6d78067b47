// dense_forward, dense_backward, activate and activation_gradient.
#include <algorithm>
#include <string>
#include <utility>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "core/buffer.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run.hpp"

namespace gatedcore::bindings {
namespace {

// A matrix with contiguous rows, a stride apart.
template <class Scalar>
struct Matrix {
  Sequence<const Scalar> rows;
  Index M = 0;
  Index columns = 0;
};
template <class Scalar>
Matrix<Scalar> matrix(const Argument& a) {
  if (a.array.ndim() != 2 || a.array.shape(1) < 1) {
    throw py::value_error(std::string(a.where) + ": " + a.name + " has shape " + describe(shape_of(a.array)) +
                          ", expected (rows, features) with at least one feature");
  }
  return {matrix_rows<Scalar>(a), a.array.shape(0), a.array.shape(1)};
}

// O of an (I, O) kernel.
Index outputs_of(const Argument& kernel) { return gate_units(kernel, 1); }

template <class Scalar>
py::array forward(const py::array& x, const py::array& kernel, const OptionalArray& bias,
                  const std::string& activation) {
  constexpr const char* kWhere = "dense_forward";
  const Matrix<Scalar> input = matrix<Scalar>({kWhere, "x", x});
  DenseForward<Scalar> call;
  call.M = input.M;
  call.I = input.columns;
  call.O = outputs_of({kWhere, "kernel", kernel});
  call.x = input.rows.data;
  call.x_stride = input.rows.b_stride;
  call.w = contiguous<Scalar>({kWhere, "kernel", kernel}, {call.I, call.O}, "(I, O)");
  call.b = contiguous<Scalar>(kWhere, "bias", bias, {call.O}, "(O,)");
  const Activation kind = parse_activation(kWhere, "activation", activation);
  checked_product(kWhere, {call.M, std::max(call.I, call.O)}, sizeof(Scalar));
  py::array_t<Scalar> y = new_array<Scalar>({call.M, call.O});
  call.y = y.mutable_data();
  {
    const Unlocked unlocked;
    run_dense_forward(active_kernels(), call, num_threads());
    if (kind != Activation::kLinear) run_activation(active_kernels(), kind, call.y, call.y, call.M * call.O);
  }
  return y;
}

struct BackwardArguments {
  py::array x, kernel, y, d_y;
  std::string activation;
  bool need_d_x;
  py::array d_kernel;
  OptionalArray d_bias;
};

template <class Scalar>
py::object backward(const BackwardArguments& a) {
  constexpr const char* kWhere = "dense_backward";
  const Matrix<Scalar> input = matrix<Scalar>({kWhere, "x", a.x});
  DenseBackward<Scalar> call;
  call.M = input.M;
  call.I = input.columns;
  call.O = outputs_of({kWhere, "kernel", a.kernel});
  call.x = input.rows.data;
  call.x_stride = input.rows.b_stride;
  call.w = contiguous<Scalar>({kWhere, "kernel", a.kernel}, {call.I, call.O}, "(I, O)");
  const Scalar* y = contiguous<Scalar>({kWhere, "y", a.y}, {call.M, call.O}, "(rows, O)");
  const Scalar* d_y = contiguous<Scalar>({kWhere, "d_y", a.d_y}, {call.M, call.O}, "(rows, O)");
  call.d_y = d_y;
  call.d_w = writable<Scalar>({kWhere, "d_kernel", a.d_kernel}, {call.I, call.O}, "(I, O)");
  if (a.d_bias) call.d_b = writable<Scalar>({kWhere, "d_bias", *a.d_bias}, {call.O}, "(O,)");
  const Activation kind = parse_activation(kWhere, "activation", a.activation);
  Buffer<Scalar> d_a({kind == Activation::kLinear ? 0 : call.M, call.O});
  if (kind != Activation::kLinear) call.d_y = d_a.data();
  py::object d_x = py::none();
  if (a.need_d_x) {
    py::array_t<Scalar> array = new_array<Scalar>({call.M, call.I});
    call.d_x = array.mutable_data();
    d_x = array;
  }
  {
    const Unlocked unlocked;
    if (kind != Activation::kLinear) {
      run_activation_gradient(active_kernels(), kind, y, d_y, d_a.data(), call.M * call.O);
    }
    run_dense_backward(active_kernels(), call, num_threads());
  }
  return d_x;
}

template <class Scalar>
py::array activate(const py::array& x, const std::string& activation) {
  const Activation kind = parse_activation("activate", "activation", activation);
  const Scalar* from = contiguous<Scalar>({"activate", "x", x}, shape_of(x), "any shape");
  py::array_t<Scalar> y = new_array<Scalar>(shape_of(x));
  Scalar* to = y.mutable_data();
  const Index count = x.size();
  {
    const Unlocked unlocked;
    run_activation(active_kernels(), kind, from, to, count);
  }
  return y;
}

template <class Scalar>
py::array activation_gradient(const py::array& y, const py::array& d_y, const std::string& activation) {
  constexpr const char* kWhere = "activation_gradient";
  const Activation kind = parse_activation(kWhere, "activation", activation);
  const Shape shape = shape_of(y);
  const Scalar* after = contiguous<Scalar>({kWhere, "y", y}, shape, "any shape");
  const Scalar* arriving = contiguous<Scalar>({kWhere, "d_y", d_y}, shape, "that of y");
  py::array_t<Scalar> d_x = new_array<Scalar>(shape);
  Scalar* to = d_x.mutable_data();
  const Index count = y.size();
  {
    const Unlocked unlocked;
    run_activation_gradient(active_kernels(), kind, after, arriving, to, count);
  }
  return d_x;
}

}  // namespace

void bind_dense(py::module_& module) {
  module.def(
      "dense_forward",
      [](const py::array& x, const py::array& kernel, const OptionalArray& bias, const std::string& activation) {
        return is_double({"dense_forward", "x", x}) ? forward<double>(x, kernel, bias, activation)
                                                    : forward<float>(x, kernel, bias, activation);
      },
      py::arg("x").noconvert(), py::arg("kernel").noconvert(), py::arg("bias").noconvert().none(true),
      py::arg("activation"));

  module.def(
      "dense_backward",
      [](py::array x, py::array kernel, py::array y, py::array d_y, std::string activation, bool need_d_x,
         py::array d_kernel, OptionalArray d_bias) {
        const BackwardArguments a{std::move(x),          std::move(kernel), std::move(y),        std::move(d_y),
                                  std::move(activation), need_d_x,          std::move(d_kernel), std::move(d_bias)};
        return is_double({"dense_backward", "x", a.x}) ? backward<double>(a) : backward<float>(a);
      },
      py::arg("x").noconvert(), py::arg("kernel").noconvert(), py::arg("y").noconvert(), py::arg("d_y").noconvert(),
      py::arg("activation"), py::arg("need_d_x"), py::arg("d_kernel").noconvert(),
      py::arg("d_bias").noconvert().none(true));

  module.def(
      "activate",
      [](const py::array& x, const std::string& activation) {
        return is_double({"activate", "x", x}) ? activate<double>(x, activation) : activate<float>(x, activation);
      },
      py::arg("x").noconvert(), py::arg("activation"));

  module.def(
      "activation_gradient",
      [](const py::array& y, const py::array& d_y, const std::string& activation) {
        return is_double({"activation_gradient", "y", y}) ? activation_gradient<double>(y, d_y, activation)
                                                          : activation_gradient<float>(y, d_y, activation);
      },
      py::arg("y").noconvert(), py::arg("d_y").noconvert(), py::arg("activation"));
}

}  // namespace gatedcore::bindings
