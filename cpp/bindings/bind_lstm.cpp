// lstm_forward, lstm_backward, lstm_gates and the cache between them.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/masked.hpp"
#include "bindings/saved_gates.hpp"
#include "bindings/unlocked.hpp"
#include "bindings/weights.hpp"
#include "bindings/zoneout.hpp"
#include "core/buffer.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run.hpp"
#include "dispatch/run_recompute.hpp"

namespace gatedcore::bindings {
namespace {

constexpr Index kGates = kLstmGates;

// What forward saved, with the call that it was.
template <class Scalar>
struct Saved {
  LstmForward<Scalar> call;
  std::optional<MaskedSteps<Scalar>>
      masked;  // where steps were masked or reset; saved rows are then those of its steps
  Buffer<Scalar> gates;
  Buffer<Scalar> c;
  Buffer<Scalar> m;        // with a projection
  bool recompute = false;  // gates are not saved
};

// Of h: H, or P with a projection.
template <class Scalar>
Index h_width(const LstmForward<Scalar>& call) {
  return call.projection.w_r == nullptr ? call.dims.H : call.projection.P;
}

// The arrays stay alive with the cache: backward reads them again.
struct LstmCacheObject {
  std::variant<Saved<float>, Saved<double>> saved;
  std::vector<py::object> arrays;
  bool time_major = false;
  bool go_backwards = false;
  Consumed consumed;

  // With the hidden states, which backward reads too.
  Index nbytes() const {
    return std::visit(
        [](const auto& s) {
          const Index h = s.call.dims.T * s.call.dims.B * h_width(s.call);
          const Index states = s.masked ? s.masked->x.size() + s.masked->h.size() : h;
          return (s.gates.size() + s.c.size() + s.m.size() + states) * static_cast<Index>(sizeof(*s.gates.data()));
        },
        saved);
  }
};

struct ForwardArguments {
  py::array x, kernel, recurrent_kernel;
  OptionalArray bias, h0, c0;
  std::string activation, recurrent_activation;
  bool time_major, go_backwards, return_sequences, save;
  MaskArguments masking;
  OptionalArray m_x, m_h;
  OptionalArray z_h, z_c;
  bool recompute;  // gates in backward, instead of saving them
  OptionalArray peephole;
  double clip;
  bool input_forget;
  OptionalArray projection;
};

template <class Scalar>
LstmForward<Scalar> forward_call(const ForwardArguments& a) {
  constexpr const char* kWhere = "lstm_forward";
  LstmForward<Scalar> call;
  call.dims = sequence_dims({kWhere, "x", a.x}, a.time_major);
  Dims& dims = call.dims;
  dims.H = gate_units(Argument{kWhere, "kernel", a.kernel}, kGates);
  checked_product(kWhere, {dims.T, dims.B, std::max(dims.I, kGates * dims.H)}, sizeof(Scalar));
  call.activation = parse_activation(kWhere, "activation", a.activation);
  call.recurrent_activation = parse_activation(kWhere, "recurrent_activation", a.recurrent_activation);
  call.clip = static_cast<Scalar>(a.clip);
  call.variant = {contiguous<Scalar>(kWhere, "peephole", a.peephole, {3, dims.H}, "(3, H)"), a.input_forget};
  call.projection = lstm_projection<Scalar>(kWhere, a.projection, dims.H);
  const Index P = h_width(call);
  checked_product(kWhere, {dims.T, dims.B, P}, sizeof(Scalar));
  if (a.projection && (a.recompute || a.z_h)) {
    throw py::value_error(std::string(kWhere) + ": projection came with " + (a.recompute ? "recompute" : "z_h") +
                          ", expected one of them");
  }
  call.weights = lstm_weights<Scalar>({kWhere, a.kernel, a.recurrent_kernel, a.bias}, dims.I, dims.H, call.projection);
  call.x = sequence<Scalar>({kWhere, "x", a.x}, a.time_major);
  if (a.go_backwards) call.x = reversed(call.x, dims.T);
  call.factors.m_x = contiguous<Scalar>(kWhere, "m_x", a.m_x, {dims.B, dims.I}, "(B, I)");
  call.factors.m_h = contiguous<Scalar>(kWhere, "m_h", a.m_h, {dims.B, P}, a.projection ? "(B, P)" : "(B, H)");
  call.zoneout.z_h = zoneout<Scalar>(kWhere, "z_h", a.z_h, dims, a.time_major);
  call.zoneout.z_c = zoneout<Scalar>(kWhere, "z_c", a.z_c, dims, a.time_major);
  call.h0 = contiguous<Scalar>(kWhere, "h0", a.h0, {dims.B, P}, a.projection ? "(B, P)" : "(B, H)");
  call.c0 = contiguous<Scalar>(kWhere, "c0", a.c0, {dims.B, dims.H}, "(B, H)");
  return call;
}

template <class Scalar>
py::tuple forward(const ForwardArguments& a) {
  LstmForward<Scalar> call = forward_call<Scalar>(a);
  const Dims& dims = call.dims;
  Saved<Scalar> saved;
  saved.masked = masked_steps<Scalar>("lstm_forward", a.masking, dims, a.time_major, a.go_backwards);
  const Index rows = saved.masked ? saved.masked->valid.count : dims.T * dims.B;  // of the cache
  const Index P = h_width(call);
  py::array_t<Scalar> h_last = new_array<Scalar>({dims.B, P});
  py::array_t<Scalar> c_last = new_array<Scalar>({dims.B, dims.H});
  call.h_last = h_last.mutable_data();
  call.c_last = c_last.mutable_data();
  py::object h = py::none();
  if (a.return_sequences || (a.save && !saved.masked)) {
    // What only backward reads stands as the time loop writes it: a step's rows side by side.
    const bool time_major = a.time_major || !a.return_sequences;
    py::array_t<Scalar> array = new_array<Scalar>(sequence_shape(dims.T, dims.B, P, time_major));
    call.h = sequence_of(array, time_major);
    h = array;
  }
  py::object cache = py::none();
  if (a.save) {
    if (!a.recompute) saved.gates = Buffer<Scalar>({rows, kGates, dims.H});
    saved.c = Buffer<Scalar>({rows, dims.H});
    if (a.projection) saved.m = Buffer<Scalar>({rows, dims.H});
    call.cache = {saved.gates.data(), saved.c.data(), saved.m.data()};
  }
  {
    const Unlocked unlocked;
    if (saved.masked) {
      run_lstm_forward(active_kernels(), call, *saved.masked, num_threads());
    } else {
      run_lstm_forward(active_kernels(), call, num_threads());
    }
  }
  if (a.save) {
    saved.call = call;
    saved.recompute = a.recompute;
    cache = empty_object<LstmCacheObject>();
    auto* const object = cache.cast<LstmCacheObject*>();
    object->saved = std::move(saved);
    object->arrays = {a.x,
                      a.kernel,
                      a.recurrent_kernel,
                      py::cast(a.bias),
                      py::cast(a.h0),
                      py::cast(a.c0),
                      py::cast(a.m_x),
                      py::cast(a.m_h),
                      py::cast(a.z_h),
                      py::cast(a.z_c),
                      py::cast(a.peephole),
                      py::cast(a.projection),
                      h};
    object->time_major = a.time_major;
    object->go_backwards = a.go_backwards;
  }
  return py::make_tuple(a.return_sequences ? h : py::none(), h_last, c_last, cache);
}

struct BackwardArguments {
  OptionalArray d_h, d_h_last, d_c_last;
  bool need_d_x;
  py::array d_kernel, d_recurrent_kernel;
  OptionalArray d_bias, d_peephole, d_projection;
};

template <class Scalar>
py::tuple backward(LstmCacheObject& cache, Saved<Scalar>& saved, const BackwardArguments& a) {
  constexpr const char* kWhere = "lstm_backward";
  const LstmForward<Scalar>& forward = saved.call;
  const Dims& dims = forward.dims;
  const Index P = h_width(forward);
  const Dims out{dims.T, dims.B, dims.I, P};  // of the hidden states
  LstmBackward<Scalar> call;
  call.dims = dims;
  call.activation = forward.activation;
  call.recurrent_activation = forward.recurrent_activation;
  call.clip = forward.clip;
  call.variant = forward.variant;
  call.projection = forward.projection;
  call.weights = forward.weights;
  call.x = forward.x;
  call.factors = forward.factors;
  call.zoneout = forward.zoneout;
  call.h0 = forward.h0;
  call.c0 = forward.c0;
  call.h = {forward.h.data, forward.h.t_stride, forward.h.b_stride};
  call.cache = forward.cache;
  call.d_h = sequence_gradient<Scalar>(kWhere, "d_h", a.d_h, out, cache.time_major);
  call.d_h_last = contiguous<Scalar>(kWhere, "d_h_last", a.d_h_last, {dims.B, P}, "(B, H)");
  call.d_c_last = contiguous<Scalar>(kWhere, "d_c_last", a.d_c_last, {dims.B, dims.H}, "(B, H)");
  call.d_w_x = writable<Scalar>({kWhere, "d_kernel", a.d_kernel}, {dims.I, kGates * dims.H}, "(I, 4*H)");
  call.d_w_h = writable<Scalar>({kWhere, "d_recurrent_kernel", a.d_recurrent_kernel}, {P, kGates * dims.H}, "(H, 4*H)");
  if (a.d_bias) call.d_b = writable<Scalar>({kWhere, "d_bias", *a.d_bias}, {kGates * dims.H}, "(4*H,)");
  if (a.d_peephole) call.d_p = writable<Scalar>({kWhere, "d_peephole", *a.d_peephole}, {3, dims.H}, "(3, H)");
  if (forward.projection.w_r != nullptr) {
    if (!a.d_projection) {
      throw py::value_error(std::string(kWhere) +
                            ": d_projection is None, expected an array; the call had a projection");
    }
    call.d_w_r = writable<Scalar>({kWhere, "d_projection", *a.d_projection}, {dims.H, P}, "(H, P)");
  }
  py::array_t<Scalar> d_h0 = new_array<Scalar>({dims.B, P});
  py::array_t<Scalar> d_c0 = new_array<Scalar>({dims.B, dims.H});
  call.d_h0 = d_h0.mutable_data();
  call.d_c0 = d_c0.mutable_data();
  py::object d_x = py::none();
  if (a.need_d_x) {
    py::array_t<Scalar> array = new_array<Scalar>(sequence_shape(dims.T, dims.B, dims.I, cache.time_major));
    call.d_x = sequence_of(array, cache.time_major);
    if (cache.go_backwards) call.d_x = reversed(call.d_x, dims.T);
    d_x = array;
  }
  cache.consumed.take(kWhere);
  try {
    const Unlocked unlocked;
    if (saved.masked) {
      run_lstm_backward(active_kernels(), call, *saved.masked, num_threads());
    } else if (saved.recompute) {
      run_lstm_recompute(active_kernels(), call, num_threads());
    } else {
      run_lstm_backward(active_kernels(), call, num_threads());
    }
  } catch (...) {
    cache.consumed.give_back();  // it failed before it began
    throw;
  }
  return py::make_tuple(d_x, d_h0, d_c0);
}

template <class Scalar>
py::tuple gates(LstmCacheObject& cache, const Saved<Scalar>& saved) {
  const Reading reading(cache.consumed, "lstm_gates");
  if (saved.recompute) {
    throw py::value_error(
        "lstm_gates: cache is of a call with recompute=True, expected one without; it saves no gates, so call once "
        "more");
  }
  const ValidSteps* steps = saved.masked ? &saved.masked->valid : nullptr;
  const Dims& dims = saved.call.dims;
  GateCopy<Scalar> copy{dims, active_kernels().kernels<Scalar>().lanes, kGates, kGates, 0, cache.time_major, steps};
  py::tuple result(kGates + 1);
  for (Index q = 0; q < kGates; ++q) result[static_cast<std::size_t>(q)] = copy(saved.gates.data(), q);
  const GateCopy<Scalar> cells{dims, 1, 1, 1, 0, cache.time_major, steps};
  result[kGates] = cells(saved.c.data(), 0);
  return result;
}

}  // namespace

void bind_lstm(py::module_& module) {
  py::class_<LstmCacheObject>(module, "LSTMCache", "What an LSTM's forward pass saved. Backward consumes it.")
      .def_property_readonly("nbytes", &LstmCacheObject::nbytes)
      .def_property_readonly("consumed", [](const LstmCacheObject& c) { return c.consumed.taken(); });

  module.def(
      "lstm_forward",
      [](py::array x, py::array kernel, py::array recurrent_kernel, OptionalArray bias, OptionalArray h0,
         OptionalArray c0, std::string activation, std::string recurrent_activation, bool time_major, bool go_backwards,
         bool return_sequences, bool save, OptionalArray mask, bool zero_output_for_mask, OptionalArray reset,
         OptionalArray m_x, OptionalArray m_h, OptionalArray z_h, OptionalArray z_c, bool recompute,
         OptionalArray peephole, double clip, bool input_forget, OptionalArray projection) {
        const ForwardArguments a{std::move(x),
                                 std::move(kernel),
                                 std::move(recurrent_kernel),
                                 std::move(bias),
                                 std::move(h0),
                                 std::move(c0),
                                 std::move(activation),
                                 std::move(recurrent_activation),
                                 time_major,
                                 go_backwards,
                                 return_sequences,
                                 save,
                                 {std::move(mask), zero_output_for_mask, std::move(reset)},
                                 std::move(m_x),
                                 std::move(m_h),
                                 std::move(z_h),
                                 std::move(z_c),
                                 recompute,
                                 std::move(peephole),
                                 clip,
                                 input_forget,
                                 std::move(projection)};
        return is_double({"lstm_forward", "x", a.x}) ? forward<double>(a) : forward<float>(a);
      },
      py::arg("x").noconvert(), py::arg("kernel").noconvert(), py::arg("recurrent_kernel").noconvert(),
      py::arg("bias").noconvert().none(true), py::arg("h0").noconvert().none(true),
      py::arg("c0").noconvert().none(true), py::arg("activation"), py::arg("recurrent_activation"),
      py::arg("time_major"), py::arg("go_backwards"), py::arg("return_sequences"), py::arg("save"),
      py::arg("mask").noconvert().none(true) = py::none(), py::arg("zero_output_for_mask") = false,
      py::arg("reset").noconvert().none(true) = py::none(), py::arg("m_x").noconvert().none(true) = py::none(),
      py::arg("m_h").noconvert().none(true) = py::none(), py::arg("z_h").noconvert().none(true) = py::none(),
      py::arg("z_c").noconvert().none(true) = py::none(), py::arg("recompute") = false,
      py::arg("peephole").noconvert().none(true) = py::none(), py::arg("clip") = 0.0, py::arg("input_forget") = false,
      py::arg("projection").noconvert().none(true) = py::none());

  module.def(
      "lstm_backward",
      [](LstmCacheObject& cache, OptionalArray d_h, OptionalArray d_h_last, OptionalArray d_c_last, bool need_d_x,
         py::array d_kernel, py::array d_recurrent_kernel, OptionalArray d_bias, OptionalArray d_peephole,
         OptionalArray d_projection) {
        const BackwardArguments a{std::move(d_h),    std::move(d_h_last),   std::move(d_c_last),
                                  need_d_x,          std::move(d_kernel),   std::move(d_recurrent_kernel),
                                  std::move(d_bias), std::move(d_peephole), std::move(d_projection)};
        return std::visit([&](auto& saved) { return backward(cache, saved, a); }, cache.saved);
      },
      py::arg("cache"), py::arg("d_h").noconvert().none(true), py::arg("d_h_last").noconvert().none(true),
      py::arg("d_c_last").noconvert().none(true), py::arg("need_d_x"), py::arg("d_kernel").noconvert(),
      py::arg("d_recurrent_kernel").noconvert(), py::arg("d_bias").noconvert().none(true),
      py::arg("d_peephole").noconvert().none(true) = py::none(),
      py::arg("d_projection").noconvert().none(true) = py::none());

  module.def(
      "lstm_gates",
      [](LstmCacheObject& cache) {
        return std::visit([&](const auto& saved) { return gates(cache, saved); }, cache.saved);
      },
      py::arg("cache"));
}

}  // namespace gatedcore::bindings
