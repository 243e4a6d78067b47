// One step of each optimizer over flat parameter vectors, and what stands around it.
#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run_step.hpp"

namespace gatedcore::bindings {
namespace {

constexpr const char* kCount = "(count,)";

Clip parse_clip(const std::string& clip) {
  constexpr std::pair<const char*, Clip> kNames[] = {{"", Clip::kNone},
                                                     {"clipvalue", Clip::kValue},
                                                     {"clipnorm", Clip::kNorm},
                                                     {"global_clipnorm", Clip::kGlobalNorm}};
  for (const auto& [name, kind] : kNames) {
    if (clip == name) return kind;
  }
  throw py::value_error("UpdateFrame: clip is '" + clip +
                        "', expected '', 'clipvalue', 'clipnorm' or 'global_clipnorm'; choose one");
}

// An UpdateFrame whose vectors are still NumPy's.
struct FrameObject {
  OptionalArray accumulated;
  Index summed;
  Clip clip;
  double limit;
  std::vector<Index> ends;
  double decay;
  OptionalArray average;
  double average_share;
};

template <class Scalar>
UpdateFrame<Scalar> checked_frame(const char* where, const FrameObject* given, Index count) {
  UpdateFrame<Scalar> frame;
  if (given == nullptr) return frame;
  const Shape shape{count};
  if (given->accumulated)
    frame.accumulated = writable<Scalar>({where, "accumulated", *given->accumulated}, shape, kCount);
  if (given->average) frame.average = writable<Scalar>({where, "average", *given->average}, shape, kCount);
  if (given->summed < 1)
    throw py::value_error(std::string(where) + ": summed is " + std::to_string(given->summed) +
                          ", expected 1 or more; count this call too");
  frame.summed = given->summed;
  frame.clip = given->clip;
  frame.limit = given->limit;
  frame.decay = given->decay;
  frame.average_share = given->average_share;
  if (frame.clip != Clip::kNorm) return frame;
  Index last = 0;
  for (const Index end : given->ends) {
    if (end < last) last = count + 1;  // never the end of the last variable
    last = std::max(last, end);
  }
  if (last != count)
    throw py::value_error(std::string(where) + ": ends do not rise from 0 to " + std::to_string(count) +
                          ", expected where each variable ends; take ParameterVector.ends");
  frame.ends = given->ends.data();
  frame.variables = static_cast<Index>(given->ends.size());
  return frame;
}

// What every step begins with: its count, and the two vectors that all have.
template <class Step, class Scalar>
Step new_step(const char* where, const py::array& parameters, const py::array& gradients) {
  Step step;
  step.count = parameters.size();
  step.parameters = writable<Scalar>({where, "parameters", parameters}, {step.count}, kCount);
  step.gradients = contiguous<Scalar>({where, "gradients", gradients}, {step.count}, kCount);
  return step;
}

template <class Scalar>
Scalar* slot(const char* where, const char* name, const py::array& vector, Index count) {
  return writable<Scalar>({where, name, vector}, {count}, kCount);
}
template <class Scalar>
Scalar* slot(const char* where, const char* name, const OptionalArray& vector, Index count) {
  return vector ? slot<Scalar>(where, name, *vector, count) : nullptr;
}

template <class Step, class Scalar>
void run(const char* where, const Step& step, const FrameObject* given, Scalar) {
  const UpdateFrame<Scalar> frame = checked_frame<Scalar>(where, given, step.count);
  const Unlocked unlocked;
  run_step(active_kernels(), step, num_threads(), frame);
}

// Calls body with a zero of the parameters' scalar type.
template <class Body>
void with_scalar(const char* where, const py::array& parameters, const Body& body) {
  if (is_double({where, "parameters", parameters})) {
    body(double{});
  } else {
    body(float{});
  }
}

void adam_step(const py::array& parameters, const py::array& gradients, const py::array& m, const py::array& v,
               const OptionalArray& v_hat, double rate, double beta_1, double beta_2, double epsilon,
               const FrameObject* frame) {
  constexpr const char* kWhere = "adam_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    auto step = new_step<AdamStep<Scalar>, Scalar>(kWhere, parameters, gradients);
    step.m = slot<Scalar>(kWhere, "m", m, step.count);
    step.v = slot<Scalar>(kWhere, "v", v, step.count);
    step.v_hat = slot<Scalar>(kWhere, "v_hat", v_hat, step.count);
    step.rate = rate;
    step.beta_1 = beta_1;
    step.beta_2 = beta_2;
    step.epsilon = epsilon;
    run(kWhere, step, frame, zero);
  });
}

void sgd_step(const py::array& parameters, const py::array& gradients, const OptionalArray& velocity, double rate,
              double momentum, bool nesterov, const FrameObject* frame) {
  constexpr const char* kWhere = "sgd_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    auto step = new_step<SgdStep<Scalar>, Scalar>(kWhere, parameters, gradients);
    step.velocity = slot<Scalar>(kWhere, "velocity", velocity, step.count);
    step.rate = rate;
    step.momentum = momentum;
    step.nesterov = nesterov;
    run(kWhere, step, frame, zero);
  });
}

void rmsprop_step(const py::array& parameters, const py::array& gradients, const py::array& v, const OptionalArray& m,
                  const OptionalArray& velocity, double rate, double rho, double momentum, double epsilon,
                  const FrameObject* frame) {
  constexpr const char* kWhere = "rmsprop_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    auto step = new_step<RmspropStep<Scalar>, Scalar>(kWhere, parameters, gradients);
    step.v = slot<Scalar>(kWhere, "v", v, step.count);
    step.m = slot<Scalar>(kWhere, "m", m, step.count);
    step.velocity = slot<Scalar>(kWhere, "velocity", velocity, step.count);
    step.rate = rate;
    step.rho = rho;
    step.momentum = momentum;
    step.epsilon = epsilon;
    run(kWhere, step, frame, zero);
  });
}

void nadam_step(const py::array& parameters, const py::array& gradients, const py::array& m, const py::array& v,
                double m_rate, double g_rate, double v_factor, double beta_1, double beta_2, double epsilon,
                const FrameObject* frame) {
  constexpr const char* kWhere = "nadam_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    auto step = new_step<NadamStep<Scalar>, Scalar>(kWhere, parameters, gradients);
    step.m = slot<Scalar>(kWhere, "m", m, step.count);
    step.v = slot<Scalar>(kWhere, "v", v, step.count);
    step.m_rate = m_rate;
    step.g_rate = g_rate;
    step.v_factor = v_factor;
    step.beta_1 = beta_1;
    step.beta_2 = beta_2;
    step.epsilon = epsilon;
    run(kWhere, step, frame, zero);
  });
}

void adagrad_step(const py::array& parameters, const py::array& gradients, const py::array& squares, double rate,
                  double epsilon, const FrameObject* frame) {
  constexpr const char* kWhere = "adagrad_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    auto step = new_step<AdagradStep<Scalar>, Scalar>(kWhere, parameters, gradients);
    step.squares = slot<Scalar>(kWhere, "squares", squares, step.count);
    step.rate = rate;
    step.epsilon = epsilon;
    run(kWhere, step, frame, zero);
  });
}

void average_step(const py::array& parameters, const py::array& average, double share) {
  constexpr const char* kWhere = "average_step";
  with_scalar(kWhere, parameters, [&](auto zero) {
    using Scalar = decltype(zero);
    const Index count = parameters.size();
    const Scalar* from = contiguous<Scalar>({kWhere, "parameters", parameters}, {count}, kCount);
    Scalar* to = slot<Scalar>(kWhere, "average", average, count);
    const Unlocked unlocked;
    run_average(active_kernels(), from, to, count, share, num_threads());
  });
}

}  // namespace

void bind_optimizers(py::module_& module) {
  using py::arg;
  const auto vector = [](const char* name) { return arg(name).noconvert(); };
  const auto optional = [](const char* name) { return arg(name).noconvert().none(true); };

  py::class_<FrameObject>(module, "UpdateFrame", "What stands around an optimizer's update.")
      .def(py::init([](OptionalArray accumulated, Index summed, const std::string& clip, double limit,
                       std::vector<Index> ends, double decay, OptionalArray average, double average_share) {
             return FrameObject{std::move(accumulated), summed, parse_clip(clip),   limit,
                                std::move(ends),        decay,  std::move(average), average_share};
           }),
           py::kw_only(), optional("accumulated") = py::none(), arg("summed") = 1, arg("clip") = "", arg("limit") = 0.0,
           arg("ends") = std::vector<Index>(), arg("decay") = 0.0, optional("average") = py::none(),
           arg("average_share") = 0.0);

  const auto frame = (arg("frame").none(true) = py::none());
  module.def("adam_step", adam_step, vector("parameters"), vector("gradients"), vector("m"), vector("v"),
             optional("v_hat"), arg("rate"), arg("beta_1"), arg("beta_2"), arg("epsilon"), frame);
  module.def("sgd_step", sgd_step, vector("parameters"), vector("gradients"), optional("velocity"), arg("rate"),
             arg("momentum"), arg("nesterov"), frame);
  module.def("rmsprop_step", rmsprop_step, vector("parameters"), vector("gradients"), vector("v"), optional("m"),
             optional("velocity"), arg("rate"), arg("rho"), arg("momentum"), arg("epsilon"), frame);
  module.def("nadam_step", nadam_step, vector("parameters"), vector("gradients"), vector("m"), vector("v"),
             arg("m_rate"), arg("g_rate"), arg("v_factor"), arg("beta_1"), arg("beta_2"), arg("epsilon"), frame);
  module.def("adagrad_step", adagrad_step, vector("parameters"), vector("gradients"), vector("squares"), arg("rate"),
             arg("epsilon"), frame);
  module.def("average_step", average_step, vector("parameters"), vector("average"), arg("share"));
}

}  // namespace gatedcore::bindings
