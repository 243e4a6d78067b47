// stack_forward, stack_backward and the cache between them: several recurrent layers in one call.
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/saved_gates.hpp"
#include "bindings/stack_directions.hpp"
#include "bindings/unlocked.hpp"
#include "core/buffer.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run_stack.hpp"

namespace gatedcore::bindings {
namespace {

constexpr const char* kForward = "stack_forward";
constexpr const char* kBackward = "stack_backward";

// Of each layer and direction, as the layers are.
template <class Item>
using Nested = std::vector<std::vector<Item>>;

// The arrays stay alive with the cache: backward reads them again.
struct StackCacheObject {
  std::variant<SavedStack<float>, SavedStack<double>> saved;
  std::vector<py::object> arrays;
  Nested<Direction> layers;
  Index h_bytes = 0;
  bool time_major = false;
  Consumed consumed;

  Index nbytes() const {
    return h_bytes + std::visit([](const auto& s) { return s.bytes; }, saved);
  }
};

template <class Scalar>
const Dims& dims_of(const RecurrentForward<Scalar>& any) {
  return std::visit([](const auto& call) -> const Dims& { return call.dims; }, any.call);
}

// Fresh arrays for the last states, h and c or h alone.
template <class Scalar>
py::tuple last_states(LstmForward<Scalar>& call) {
  py::array_t<Scalar> h = new_array<Scalar>({call.dims.B, call.dims.H});
  py::array_t<Scalar> c = new_array<Scalar>({call.dims.B, call.dims.H});
  call.h_last = h.mutable_data();
  call.c_last = c.mutable_data();
  return py::make_tuple(h, c);
}
template <class Scalar>
py::tuple last_states(GruForward<Scalar>& call) {
  py::array_t<Scalar> h = new_array<Scalar>({call.dims.B, call.dims.H});
  call.h_last = h.mutable_data();
  return py::make_tuple(h);
}

// One direction's part of a sequence in which both stand side by side: the second runs from the last step to the first.
template <class Scalar>
Sequence<Scalar> part_of(Sequence<Scalar> both, Index first, bool backwards, Index T) {
  if (both.data == nullptr) return both;
  both.data += first;
  return backwards ? reversed(both, T) : both;
}

struct ForwardArguments {
  py::array x;
  Nested<Direction> layers;
  bool time_major, save;
  OptionalArray mask;
  bool return_sequences;
};

// Where the last layer writes its hidden states: into a fresh array where the caller wants them, else into memory that
// lasts as long as backward needs it, or nowhere.
template <class Scalar>
Sequence<Scalar> last_output(const ForwardArguments& a, const Dims& dims, Index width, SavedStack<Scalar>& saved,
                             py::object& result) {
  if (a.return_sequences) {
    py::array_t<Scalar> h = new_array<Scalar>(sequence_shape(dims.T, dims.B, width, a.time_major));
    const Sequence<Scalar> output = sequence_of(h, a.time_major);
    result = std::move(h);
    return output;
  }
  if (!a.save || a.mask) return {};  // what is masked keeps its own
  return {saved.take({dims.T, dims.B, width}), dims.B * width, width};
}

template <class Scalar>
py::tuple forward(const ForwardArguments& a) {
  SavedStack<Scalar> saved;
  Dims dims = sequence_dims({kForward, "x", a.x}, a.time_major);
  Sequence<const Scalar> input = sequence<Scalar>({kForward, "x", a.x}, a.time_major);
  if (a.layers.empty()) throw py::value_error("stack_forward: layers is empty, expected at least one layer");
  py::list states;
  py::object result = py::none();
  for (const std::vector<Direction>& layer : a.layers) {
    if (layer.empty() || layer.size() > 2) {
      throw py::value_error("stack_forward: a layer has " + std::to_string(layer.size()) +
                            " directions, expected 1 or 2");
    }
    std::vector<RecurrentForward<Scalar>>& calls = saved.calls.emplace_back();
    Index width = 0;
    for (const Direction& direction : layer) {
      const DirectionInput in{kForward, dims, a.time_major, !calls.empty(), a.save};
      calls.push_back(call_of<Scalar>(direction, in, a.mask, saved));
      width += dims_of(calls.back()).H;
    }
    checked_product(kForward, {dims.T, dims.B, width}, sizeof(Scalar));
    Sequence<Scalar> output;
    if (saved.calls.size() == a.layers.size()) {
      output = last_output(a, dims, width, saved, result);
    } else {
      output = {saved.take({dims.T, dims.B, width}), dims.B * width, width};
    }
    py::list last;
    Index first = 0;
    for (RecurrentForward<Scalar>& any : calls) {
      std::visit(
          [&](auto& call) {
            call.x = part_of(input, 0, first > 0, dims.T);
            call.h = part_of(output, first, first > 0, dims.T);
            last.append(last_states(call));
            first += call.dims.H;
          },
          any.call);
    }
    states.append(std::move(last));
    input = {output.data, output.t_stride, output.b_stride};
    dims.I = width;
  }
  {
    const Unlocked unlocked;
    run_stack_forward(active_kernels(), saved.calls, num_threads());
  }
  py::object cache = py::none();
  if (a.save) {
    cache = empty_object<StackCacheObject>();
    auto* const object = cache.cast<StackCacheObject*>();
    for (const auto& masked : saved.masked)
      saved.bytes += (masked->x.size() + masked->h.size()) * static_cast<Index>(sizeof(Scalar));
    object->saved = std::move(saved);
    object->arrays = {a.x, result};
    object->layers = a.layers;
    object->h_bytes = result.is_none() ? 0 : py::cast<py::array>(result).nbytes();
    object->time_major = a.time_major;
  }
  return py::make_tuple(result, states, cache);
}

// Of one direction: those of its last states, h and c or h alone; and d_kernel, d_recurrent_kernel, d_bias to add to.
using StateGradients = std::vector<OptionalArray>;
using WeightGradients = std::tuple<py::array, py::array, OptionalArray>;

template <class Item>
void check_layers(const char* name, const Nested<Item>& nested, const Nested<Direction>& layers) {
  bool same = nested.size() == layers.size();
  for (std::size_t i = 0; same && i < layers.size(); ++i) same = nested[i].size() == layers[i].size();
  if (!same) {
    throw py::value_error(std::string(kBackward) + ": " + name +
                          " are not one for each layer and direction of the cache; pass them as forward has them");
  }
}

template <class Scalar>
const Scalar* state_gradient(const StateGradients& d, std::size_t index, std::size_t count, const Dims& dims) {
  if (d.size() != count) {
    throw py::value_error("stack_backward: d_states has " + std::to_string(d.size()) + " states of a direction, " +
                          "expected " + std::to_string(count) + "; pass h and c for an LSTM, h for a GRU");
  }
  return contiguous<Scalar>(kBackward, "d_states", d[index], {dims.B, dims.H}, "(B, H)");
}

template <class Scalar>
LstmBackward<Scalar> backward_of(const LstmForward<Scalar>& forward) {
  LstmBackward<Scalar> call;
  call.c0 = forward.c0;
  return call;
}
template <class Scalar>
GruBackward<Scalar> backward_of(const GruForward<Scalar>& forward) {
  GruBackward<Scalar> call;
  call.form = forward.form;
  return call;
}

template <class Scalar>
void point_states(LstmBackward<Scalar>& call, const StateGradients& d) {
  call.d_h_last = state_gradient<Scalar>(d, 0, 2, call.dims);
  call.d_c_last = state_gradient<Scalar>(d, 1, 2, call.dims);
}
template <class Scalar>
void point_states(GruBackward<Scalar>& call, const StateGradients& d) {
  call.d_h_last = state_gradient<Scalar>(d, 0, 1, call.dims);
}

template <class Scalar>
void point_weights(LstmBackward<Scalar>& call, const WeightGradients& d) {
  const auto& [d_kernel, d_recurrent_kernel, d_bias] = d;
  const Index columns = kLstmGates * call.dims.H;
  call.d_w_x = writable<Scalar>({kBackward, "d_kernel", d_kernel}, {call.dims.I, columns}, "(I, 4*H)");
  call.d_w_h =
      writable<Scalar>({kBackward, "d_recurrent_kernel", d_recurrent_kernel}, {call.dims.H, columns}, "(H, 4*H)");
  if (d_bias) call.d_b = writable<Scalar>({kBackward, "d_bias", *d_bias}, {columns}, "(4*H,)");
}
template <class Scalar>
void point_weights(GruBackward<Scalar>& call, const WeightGradients& d) {
  const auto& [d_kernel, d_recurrent_kernel, d_bias] = d;
  const Index columns = kGruGates * call.dims.H;
  call.d_w_x = writable<Scalar>({kBackward, "d_kernel", d_kernel}, {call.dims.I, columns}, "(I, 3*H)");
  call.d_w_h =
      writable<Scalar>({kBackward, "d_recurrent_kernel", d_recurrent_kernel}, {call.dims.H, columns}, "(H, 3*H)");
  if (!d_bias) return;
  call.d_b_x = writable<Scalar>({kBackward, "d_bias", *d_bias}, gru_bias_shape(call.form, call.dims.H),
                                gru_bias_meaning(call.form));
  if (call.form == GruForm::kResetAfter) call.d_b_h = call.d_b_x + columns;
}

// Fresh arrays for the gradients by the initial states.
template <class Scalar>
py::tuple initial_gradients(LstmBackward<Scalar>& call) {
  py::array_t<Scalar> d_h0 = new_array<Scalar>({call.dims.B, call.dims.H});
  py::array_t<Scalar> d_c0 = new_array<Scalar>({call.dims.B, call.dims.H});
  call.d_h0 = d_h0.mutable_data();
  call.d_c0 = d_c0.mutable_data();
  return py::make_tuple(d_h0, d_c0);
}
template <class Scalar>
py::tuple initial_gradients(GruBackward<Scalar>& call) {
  py::array_t<Scalar> d_h0 = new_array<Scalar>({call.dims.B, call.dims.H});
  call.d_h0 = d_h0.mutable_data();
  return py::make_tuple(d_h0);
}

struct BackwardArguments {
  OptionalArray d_h;
  std::optional<Nested<StateGradients>> d_states;
  bool need_d_x;
  Nested<WeightGradients> weights;
};

template <class Scalar>
py::tuple backward(StackCacheObject& cache, SavedStack<Scalar>& saved, const BackwardArguments& a) {
  check_layers("gradients of weights", a.weights, cache.layers);
  if (a.d_states) check_layers("d_states", *a.d_states, cache.layers);
  const auto layer_dims = [&](std::size_t layer) {  // of both directions together
    Dims dims;
    for (const auto& any : saved.calls[layer]) {
      const Dims& own = dims_of(any);
      dims = {own.T, own.B, own.I, dims.H + own.H};
    }
    return dims;
  };
  const std::size_t count = saved.calls.size();
  Sequence<const Scalar> d_h =
      sequence_gradient<Scalar>(kBackward, "d_h", a.d_h, layer_dims(count - 1), cache.time_major);
  Stack<RecurrentBackward<Scalar>> stack(count);
  std::vector<Buffer<Scalar>> between;
  std::vector<py::list> d_initial(count);
  py::object result = py::none();
  for (std::size_t i = count; i-- > 0;) {
    const Dims dims = layer_dims(i);
    Sequence<Scalar> d_x;
    if (i > 0) {
      d_x = {between.emplace_back(std::initializer_list<Index>{dims.T, dims.B, dims.I}).data(), dims.B * dims.I,
             dims.I};
    } else if (a.need_d_x) {
      py::array_t<Scalar> array = new_array<Scalar>(sequence_shape(dims.T, dims.B, dims.I, cache.time_major));
      d_x = sequence_of(array, cache.time_major);
      result = std::move(array);
    }
    Index first = 0;
    for (std::size_t k = 0; k < saved.calls[i].size(); ++k) {
      std::visit(
          [&](const auto& forward) {
            auto call = backward_of(forward);
            call.dims = forward.dims;
            call.activation = forward.activation;
            call.recurrent_activation = forward.recurrent_activation;
            call.weights = forward.weights;
            call.x = forward.x;
            call.factors = forward.factors;
            call.zoneout = forward.zoneout;
            call.h0 = forward.h0;
            call.h = {forward.h.data, forward.h.t_stride, forward.h.b_stride};
            call.cache = forward.cache;
            call.d_h = part_of(d_h, first, k > 0, dims.T);
            call.d_x = part_of(d_x, 0, k > 0, dims.T);
            if (a.d_states) point_states(call, (*a.d_states)[i][k]);
            point_weights(call, a.weights[i][k]);
            d_initial[i].append(initial_gradients(call));
            first += call.dims.H;
            stack[i].push_back({call, saved.calls[i][k].masked});
          },
          saved.calls[i][k].call);
    }
    d_h = {d_x.data, d_x.t_stride, d_x.b_stride};
  }
  cache.consumed.take(kBackward);  // for good: where memory runs out, it may have been overwritten in part
  {
    const Unlocked unlocked;
    run_stack_backward(active_kernels(), stack, num_threads());
  }
  return py::make_tuple(result, d_initial);
}

}  // namespace

void bind_stack(py::module_& module) {
  py::class_<LstmDirection>(module, "LSTMDirection", "One direction of an LSTM in a stack.")
      .def(py::init([](py::array kernel, py::array recurrent_kernel, OptionalArray bias, OptionalArray h0,
                       OptionalArray c0, std::string activation, std::string recurrent_activation,
                       bool zero_output_for_mask, bool recompute, OptionalArray m_x, OptionalArray m_h,
                       OptionalArray z_h, OptionalArray z_c) {
             return LstmDirection{
                 std::move(kernel),
                 std::move(recurrent_kernel),
                 std::move(bias),
                 std::move(h0),
                 std::move(c0),
                 std::move(activation),
                 std::move(recurrent_activation),
                 {zero_output_for_mask, recompute, std::move(m_x), std::move(m_h), std::move(z_h), std::move(z_c)}};
           }),
           py::arg("kernel").noconvert(), py::arg("recurrent_kernel").noconvert(),
           py::arg("bias").noconvert().none(true), py::arg("h0").noconvert().none(true),
           py::arg("c0").noconvert().none(true), py::arg("activation"), py::arg("recurrent_activation"),
           py::arg("zero_output_for_mask") = false, py::arg("recompute") = false,
           py::arg("m_x").noconvert().none(true) = py::none(), py::arg("m_h").noconvert().none(true) = py::none(),
           py::arg("z_h").noconvert().none(true) = py::none(), py::arg("z_c").noconvert().none(true) = py::none());
  py::class_<GruDirection>(module, "GRUDirection", "One direction of a GRU in a stack.")
      .def(py::init([](py::array kernel, py::array recurrent_kernel, OptionalArray bias, OptionalArray h0,
                       std::string activation, std::string recurrent_activation, bool reset_after,
                       bool zero_output_for_mask, bool recompute, OptionalArray m_x, OptionalArray m_h,
                       OptionalArray z_h) {
             return GruDirection{
                 std::move(kernel),
                 std::move(recurrent_kernel),
                 std::move(bias),
                 std::move(h0),
                 std::move(activation),
                 std::move(recurrent_activation),
                 reset_after,
                 {zero_output_for_mask, recompute, std::move(m_x), std::move(m_h), std::move(z_h), std::nullopt}};
           }),
           py::arg("kernel").noconvert(), py::arg("recurrent_kernel").noconvert(),
           py::arg("bias").noconvert().none(true), py::arg("h0").noconvert().none(true), py::arg("activation"),
           py::arg("recurrent_activation"), py::arg("reset_after"), py::arg("zero_output_for_mask") = false,
           py::arg("recompute") = false, py::arg("m_x").noconvert().none(true) = py::none(),
           py::arg("m_h").noconvert().none(true) = py::none(), py::arg("z_h").noconvert().none(true) = py::none());
  py::class_<StackCacheObject>(module, "StackCache", "What a stack's forward pass saved. Backward consumes it.")
      .def_property_readonly("nbytes", &StackCacheObject::nbytes)
      .def_property_readonly("consumed", [](const StackCacheObject& c) { return c.consumed.taken(); });

  module.def(
      kForward,
      [](py::array x, Nested<Direction> layers, bool time_major, bool save, OptionalArray mask, bool return_sequences) {
        const ForwardArguments a{std::move(x), std::move(layers), time_major, save, std::move(mask), return_sequences};
        return is_double({kForward, "x", a.x}) ? forward<double>(a) : forward<float>(a);
      },
      py::arg("x").noconvert(), py::arg("layers"), py::arg("time_major"), py::arg("save"),
      py::arg("mask").noconvert().none(true) = py::none(), py::arg("return_sequences") = true);

  module.def(
      kBackward,
      [](StackCacheObject& cache, OptionalArray d_h, std::optional<Nested<StateGradients>> d_states, bool need_d_x,
         Nested<WeightGradients> weights) {
        const BackwardArguments a{std::move(d_h), std::move(d_states), need_d_x, std::move(weights)};
        return std::visit([&](auto& saved) { return backward(cache, saved, a); }, cache.saved);
      },
      py::arg("cache"), py::arg("d_h").noconvert().none(true), py::arg("d_states").none(true), py::arg("need_d_x"),
      py::arg("weights"));
}

}  // namespace gatedcore::bindings
