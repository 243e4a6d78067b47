// Stream: a chain of layers that runs one time step after the other.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "bindings/weights.hpp"
#include "bindings/zoneout.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/stream.hpp"

namespace gatedcore::bindings {
namespace {

// From this many operations on (some 2 us) a call lets other Python threads run; for less, handing over the GIL and
// taking it again would be a tenth of the call.
constexpr double kOperationsToUnlock = 1e5;

// Kept while a call uses a stream; the second of two threads gets an error instead of the other's states.
class Use {
 public:
  Use(std::atomic<bool>& used, const char* where) : used_(used) {
    if (used_.exchange(true, std::memory_order_acquire)) {
      throw std::runtime_error(std::string(where) +
                               ": stream is used by another thread, expected one at a time; "
                               "give each thread a stream of its own");
    }
  }
  ~Use() { used_.store(false, std::memory_order_release); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  std::atomic<bool>& used_;
};

// The bytes from the first to behind the last element that a sequence of T steps reaches.
struct Extent {
  std::uintptr_t begin, end;
};
template <class Scalar>
Extent extent(Sequence<const Scalar> s, Index T, Index B, Index F) {
  const Index t = (T - 1) * s.t_stride, b = (B - 1) * s.b_stride;
  const Index low = std::min<Index>(t, 0) + std::min<Index>(b, 0);
  const Index high = std::max<Index>(t, 0) + std::max<Index>(b, 0) + F;
  return {reinterpret_cast<std::uintptr_t>(s.data + low), reinterpret_cast<std::uintptr_t>(s.data + high)};
}

class StreamObject {
 public:
  StreamObject(Index batch, Index features, bool is_double) : stream_(make(batch, features, is_double)) {}

  void add_lstm(const py::array& kernel, const py::array& recurrent_kernel, const OptionalArray& bias,
                const std::string& activation, const std::string& recurrent_activation, const OptionalArray& z_h,
                const OptionalArray& z_c) {
    constexpr const char* kWhere = "Stream.add_lstm";
    change(kWhere, [&](auto& stream, auto zero) {
      using Scalar = decltype(zero);
      LstmForward<Scalar> call;
      const Index H = call.dims.H = gate_units({kWhere, "kernel", kernel}, kLstmGates);
      check_size(kWhere, stream.batch(), stream.outputs() + H, kLstmGates * H);
      call.activation = parse_activation(kWhere, "activation", activation);
      call.recurrent_activation = parse_activation(kWhere, "recurrent_activation", recurrent_activation);
      call.weights.w_x = contiguous<Scalar>({kWhere, "kernel", kernel}, {stream.outputs(), kLstmGates * H}, "(I, 4*H)");
      call.weights.w_h =
          contiguous<Scalar>({kWhere, "recurrent_kernel", recurrent_kernel}, {H, kLstmGates * H}, "(H, 4*H)");
      call.weights.b = contiguous<Scalar>(kWhere, "bias", bias, {kLstmGates * H}, "(4*H,)");
      call.zoneout.z_h = zoneout_rates<Scalar>(kWhere, "z_h", z_h, H);
      call.zoneout.z_c = zoneout_rates<Scalar>(kWhere, "z_c", z_c, H);
      stream.add(call);
    });
  }

  void add_gru(const py::array& kernel, const py::array& recurrent_kernel, const OptionalArray& bias,
               const std::string& activation, const std::string& recurrent_activation, bool reset_after,
               const OptionalArray& z_h) {
    constexpr const char* kWhere = "Stream.add_gru";
    change(kWhere, [&](auto& stream, auto zero) {
      using Scalar = decltype(zero);
      GruForward<Scalar> call;
      call.form = reset_after ? GruForm::kResetAfter : GruForm::kResetBefore;
      const Index H = call.dims.H = gate_units({kWhere, "kernel", kernel}, kGruGates);
      check_size(kWhere, stream.batch(), stream.outputs() + H, kLstmGates * H);
      call.activation = parse_activation(kWhere, "activation", activation);
      call.recurrent_activation = parse_activation(kWhere, "recurrent_activation", recurrent_activation);
      call.weights = gru_weights<Scalar>({kWhere, kernel, recurrent_kernel, bias}, call.form, stream.outputs(), H);
      call.zoneout.z_h = zoneout_rates<Scalar>(kWhere, "z_h", z_h, H);
      stream.add(call);
    });
  }

  void add_dense(const py::array& kernel, const OptionalArray& bias, const std::string& activation) {
    constexpr const char* kWhere = "Stream.add_dense";
    change(kWhere, [&](auto& stream, auto zero) {
      using Scalar = decltype(zero);
      DenseForward<Scalar> call;
      call.I = stream.outputs();
      call.O = gate_units({kWhere, "kernel", kernel}, 1);
      check_size(kWhere, stream.batch(), call.I, call.O);
      call.w = contiguous<Scalar>({kWhere, "kernel", kernel}, {call.I, call.O}, "(I, O)");
      call.b = contiguous<Scalar>(kWhere, "bias", bias, {call.O}, "(O,)");
      stream.add(call, parse_activation(kWhere, "activation", activation));
    });
  }

  // (B, I) to (B, O), or (B, T, I) to (B, T, O).
  py::object run(const py::array& x, const OptionalArray& out) {
    return std::visit([&](auto& stream) { return run_on(stream, x, out); }, stream_);
  }

  void reset() {
    const Use use(used_, "Stream.reset");
    std::visit([](auto& stream) { stream.reset(); }, stream_);
  }

  py::list get_states() {
    const Use use(used_, "Stream.get_states");
    return std::visit(
        [](auto& stream) {
          py::list layers;
          for (const auto& states : stream.states()) {
            py::list arrays;
            for (const auto* state : states.arrays) {
              using Scalar = std::decay_t<decltype(*state)>;
              py::array_t<Scalar> array = new_array<Scalar>({stream.batch(), states.units});
              std::memcpy(array.mutable_data(), state, static_cast<std::size_t>(array.nbytes()));
              arrays.append(std::move(array));
            }
            layers.append(std::move(arrays));
          }
          return layers;
        },
        stream_);
  }

  // As get_states returned them; all or none are taken.
  void set_states(const std::vector<std::vector<py::array>>& layers) {
    change("Stream.set_states", [&](auto& stream, auto zero) {
      using Scalar = decltype(zero);
      const auto& all = stream.states();
      std::vector<const Scalar*> from;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (layers.size() != all.size() || layers[i].size() != all[i].arrays.size()) {
          throw py::value_error(
              "Stream.set_states: states are not those of this stream; pass what get_states returned");
        }
        for (const py::array& state : layers[i]) {
          from.push_back(
              contiguous<Scalar>({"Stream.set_states", "state", state}, {stream.batch(), all[i].units}, "(B, units)"));
        }
      }
      std::size_t next = 0;
      for (const auto& states : all) {
        const std::size_t bytes = static_cast<std::size_t>(stream.batch() * states.units) * sizeof(Scalar);
        for (Scalar* state : states.arrays) std::memmove(state, from[next++], bytes);
      }
    });
  }

 private:
  template <class Body>
  void change(const char* where, const Body& body) {
    const Use use(used_, where);
    if (Stream<double>* doubles = std::get_if<Stream<double>>(&stream_)) {
      body(*doubles, double());
    } else {
      body(std::get<Stream<float>>(stream_), float());
    }
  }

  // Throws where the memory of a layer could not be addressed; a block of steps and padding stay far below 2^10.
  static void check_size(const char* where, Index batch, Index inputs, Index outputs) {
    checked_product(where, {batch + inputs, outputs, Index(1) << 10}, sizeof(double));
  }

  template <class Scalar>
  py::object run_on(Stream<Scalar>& stream, const py::array& x, const OptionalArray& out) {
    const Use use(used_, "Stream.run");
    const Index B = stream.batch(), I = stream.inputs(), O = stream.outputs();
    const bool step = x.ndim() == 2;
    const Argument argument{"Stream.run", "x", x};
    if ((!step && x.ndim() != 3) || x.shape(0) != B || x.shape(x.ndim() - 1) != I) {
      throw py::value_error("Stream.run: x has shape " + describe(shape_of(x)) + ", expected (B, I) = (" +
                            std::to_string(B) + ", " + std::to_string(I) + ") for a step or (B, T, I) for several; " +
                            "reshape it, or make a stream for this batch");
    }
    const Index T = step ? 1 : x.shape(1);
    const Sequence<const Scalar> from = step ? matrix_rows<Scalar>(argument) : sequence<Scalar>(argument, false);
    const Shape shape = step ? Shape{B, O} : Shape{B, T, O};
    py::object y;
    Sequence<Scalar> to{nullptr, O, T * O};
    if (out) {
      to.data = writable<Scalar>({"Stream.run", "out", *out}, shape, step ? "(B, O)" : "(B, T, O)");
      if (T > 1) check_apart(extent(from, T, B, I), extent<Scalar>({to.data, to.t_stride, to.b_stride}, T, B, O));
      y = *out;
    } else {
      checked_product("Stream.run", {B, T, O}, sizeof(Scalar));
      py::array_t<Scalar> array = new_array<Scalar>(shape);
      to.data = array.mutable_data();
      y = std::move(array);
    }
    if (stream.operations() * static_cast<double>(T) < kOperationsToUnlock) {
      stream.run(T, from, to);
    } else {
      const Unlocked unlocked;
      stream.run(T, from, to);
    }
    return y;
  }

  static void check_apart(Extent x, Extent out) {
    if (x.begin < out.end && out.begin < x.end) {
      throw py::value_error("Stream.run: out shares memory with x, expected an array of its own; pass another one");
    }
  }

  using EitherStream = std::variant<Stream<float>, Stream<double>>;

  static EitherStream make(Index batch, Index features, bool is_double) {
    if (batch < 1 || features < 1) {
      throw py::value_error("Stream: batch is " + std::to_string(batch) + " and features " + std::to_string(features) +
                            ", expected at least 1 each; pass the sizes of a step's input");
    }
    check_size("Stream", batch, 0, features);
    if (is_double) return EitherStream(std::in_place_type<Stream<double>>, active_kernels(), batch, features);
    return EitherStream(std::in_place_type<Stream<float>>, active_kernels(), batch, features);
  }

  EitherStream stream_;
  std::atomic<bool> used_{false};
};

}  // namespace

void bind_stream(py::module_& module) {
  py::class_<StreamObject>(module, "Stream", "A chain of layers that runs one time step after the other.")
      .def(py::init<Index, Index, bool>(), py::arg("batch"), py::arg("features"), py::arg("is_double"))
      .def("add_lstm", &StreamObject::add_lstm, py::arg("kernel").noconvert(), py::arg("recurrent_kernel").noconvert(),
           py::arg("bias").noconvert().none(true), py::arg("activation"), py::arg("recurrent_activation"),
           py::arg("z_h").noconvert().none(true) = py::none(), py::arg("z_c").noconvert().none(true) = py::none())
      .def("add_gru", &StreamObject::add_gru, py::arg("kernel").noconvert(), py::arg("recurrent_kernel").noconvert(),
           py::arg("bias").noconvert().none(true), py::arg("activation"), py::arg("recurrent_activation"),
           py::arg("reset_after"), py::arg("z_h").noconvert().none(true) = py::none())
      .def("add_dense", &StreamObject::add_dense, py::arg("kernel").noconvert(), py::arg("bias").noconvert().none(true),
           py::arg("activation"))
      .def("run", &StreamObject::run, py::arg("x").noconvert(), py::arg("out").noconvert().none(true))
      .def("reset", &StreamObject::reset)
      .def("get_states", &StreamObject::get_states)
      .def("set_states", &StreamObject::set_states, py::arg("states"));
}

}  // namespace gatedcore::bindings
