// adam_step and sgd_step over flat parameter vectors.
#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run.hpp"

namespace gatedcore::bindings {
namespace {

template <class Scalar>
void adam_step(const py::array& parameters, const py::array& gradients, const py::array& m, const py::array& v,
               double rate, double beta_1, double beta_2, double epsilon) {
  constexpr const char* kWhere = "adam_step";
  const Shape shape{parameters.size()};
  AdamStep<Scalar> call;
  call.count = parameters.size();
  call.parameters = writable<Scalar>({kWhere, "parameters", parameters}, shape, "(count,)");
  call.gradients = contiguous<Scalar>({kWhere, "gradients", gradients}, shape, "(count,)");
  call.m = writable<Scalar>({kWhere, "m", m}, shape, "(count,)");
  call.v = writable<Scalar>({kWhere, "v", v}, shape, "(count,)");
  call.rate = rate;
  call.beta_1 = beta_1;
  call.beta_2 = beta_2;
  call.epsilon = epsilon;
  const py::gil_scoped_release unlocked;
  run_adam_step(active_kernels(), call, num_threads());
}

template <class Scalar>
void sgd_step(const py::array& parameters, const py::array& gradients, const OptionalArray& velocity, double rate,
              double momentum, bool nesterov) {
  constexpr const char* kWhere = "sgd_step";
  const Shape shape{parameters.size()};
  SgdStep<Scalar> call;
  call.count = parameters.size();
  call.parameters = writable<Scalar>({kWhere, "parameters", parameters}, shape, "(count,)");
  call.gradients = contiguous<Scalar>({kWhere, "gradients", gradients}, shape, "(count,)");
  if (velocity) call.velocity = writable<Scalar>({kWhere, "velocity", *velocity}, shape, "(count,)");
  call.rate = rate;
  call.momentum = momentum;
  call.nesterov = nesterov;
  const py::gil_scoped_release unlocked;
  run_sgd_step(active_kernels(), call, num_threads());
}

}  // namespace

void bind_optimizers(py::module_& module) {
  module.def(
      "adam_step",
      [](const py::array& parameters, const py::array& gradients, const py::array& m, const py::array& v, double rate,
         double beta_1, double beta_2, double epsilon) {
        const auto step = is_double({"adam_step", "parameters", parameters}) ? adam_step<double> : adam_step<float>;
        step(parameters, gradients, m, v, rate, beta_1, beta_2, epsilon);
      },
      py::arg("parameters").noconvert(), py::arg("gradients").noconvert(), py::arg("m").noconvert(),
      py::arg("v").noconvert(), py::arg("rate"), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"));

  module.def(
      "sgd_step",
      [](const py::array& parameters, const py::array& gradients, const OptionalArray& velocity, double rate,
         double momentum, bool nesterov) {
        const auto step = is_double({"sgd_step", "parameters", parameters}) ? sgd_step<double> : sgd_step<float>;
        step(parameters, gradients, velocity, rate, momentum, nesterov);
      },
      py::arg("parameters").noconvert(), py::arg("gradients").noconvert(), py::arg("velocity").noconvert().none(true),
      py::arg("rate"), py::arg("momentum"), py::arg("nesterov"));
}

}  // namespace gatedcore::bindings
