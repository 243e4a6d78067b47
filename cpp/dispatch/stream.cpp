#include "dispatch/stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/fp_mode.hpp"
#include "dispatch/cell_calls.hpp"

namespace gatedcore {
namespace {

// Steps that go through all layers before the next ones begin. Twice what the kernels project ahead at once for a lone
// row, and few enough that what passes between two layers stays in the L2 cache.
constexpr Index kBlockSteps = 48;

template <class Scalar>
using States = typename Stream<Scalar>::States;

// An LSTM or a GRU.
template <class Scalar, class Kernels, class Forward>
class RecurrentLayer final : public StreamLayer<Scalar> {
  using Cell = CellOf<Forward>;

 public:
  RecurrentLayer(const Kernels& kernels, const Forward& call, Index batch, Index features)
      : kernels_(kernels), call_(call) {
    Dims& dims = call_.dims;
    dims = {kBlockSteps, batch, features, call.dims.H};
    memory_ = Buffer<Scalar>({Cell::kStates, batch, dims.H});
    const auto states = split<Scalar, Cell::kStates>(memory_);
    Cell::begin_from(call_, read_only(states));
    Cell::end_in(call_, states);
    states_ = {dims.H, {states.begin(), states.end()}};
    std::fill_n(memory_.data(), memory_.size(), Scalar(0));
    packed_ = Buffer<Scalar>(kernels_.forward_packed_size(call_));
    scratch_ = Buffer<Scalar>(kernels_.forward_scratch_size(call_, batch));
    const ScopedFlushDenormals flush;
    kernels_.pack_forward(call_, packed_.data());
    call_.weights = {};
    rates_ = Buffer<Scalar>(2 * dims.H);
    keep_rates(call_.zoneout.z_h, rates_.data());
    keep_rates(call_.zoneout.z_c, rates_.data() + dims.H);
  }

  void run(Index steps, const Scalar* x, Scalar* y) override {
    Dims& dims = call_.dims;
    dims.T = steps;
    call_.x = {x, dims.B * dims.I, dims.I};
    call_.h = {y, dims.B * dims.H, dims.H};
    kernels_.forward_rows(call_, packed_.data(), {0, dims.B}, {}, scratch_.data());
  }

  const States<Scalar>& states() const { return states_; }
  double operations(Index gates) const {
    const Dims& dims = call_.dims;
    return 2.0 * static_cast<double>(dims.B * gates * dims.H) * static_cast<double>(dims.I + dims.H);
  }

 private:
  // Makes a call read its row of rates, if it has one, from the given memory.
  void keep_rates(Sequence<const Scalar>& z, Scalar* memory) const {
    if (z.data == nullptr) return;
    std::copy_n(z.data, call_.dims.H, memory);
    z = {memory, 0, 0};
  }

  const Kernels& kernels_;
  Forward call_;
  States<Scalar> states_;
  Buffer<Scalar> memory_, packed_, scratch_, rates_;
};

template <class Scalar>
class DenseLayer final : public StreamLayer<Scalar> {
 public:
  DenseLayer(const Kernels<Scalar>& kernels, const DenseForward<Scalar>& call, Activation activation, Index batch)
      : kernels_(kernels), call_(call), activation_(activation), batch_(batch) {
    packed_ = Buffer<Scalar>(kernels_.dense.forward_packed_size(call_));
    bias_ = Buffer<Scalar>(call.b == nullptr ? 0 : call.O);
    kernels_.dense.pack_forward(call_, packed_.data());
    if (call.b != nullptr) std::copy_n(call.b, call.O, bias_.data());
    call_.w = nullptr;
    call_.b = bias_.data();
  }

  void run(Index steps, const Scalar* x, Scalar* y) override {
    call_.M = steps * batch_;
    call_.x = x;
    call_.x_stride = call_.I;
    call_.y = y;
    kernels_.dense.forward_rows(call_, packed_.data(), {0, call_.M});
    if (activation_ != Activation::kLinear) kernels_.activate(activation_, y, y, call_.M * call_.O);
  }

 private:
  const Kernels<Scalar>& kernels_;
  DenseForward<Scalar> call_;
  Activation activation_;
  Index batch_;
  Buffer<Scalar> packed_, bias_;
};

}  // namespace

template <class Scalar>
Stream<Scalar>::Stream(const KernelTable& table, Index batch, Index features)
    : table_(table),
      batch_(batch),
      inputs_(features),
      outputs_(features),
      widest_(features),
      from_(kBlockSteps * batch * features),
      to_(kBlockSteps * batch * features) {}

template <class Scalar>
void Stream<Scalar>::append(std::unique_ptr<StreamLayer<Scalar>> layer, Index outputs, double operations,
                            States states) {
  layers_.reserve(layers_.size() + 1);
  states_.reserve(states_.size() + 1);
  if (outputs > widest_) {
    Buffer<Scalar> from({kBlockSteps, batch_, outputs}), to({kBlockSteps, batch_, outputs});
    from_ = std::move(from);
    to_ = std::move(to);
    widest_ = outputs;
  }
  layers_.push_back(std::move(layer));
  if (!states.arrays.empty()) states_.push_back(std::move(states));
  outputs_ = outputs;
  operations_ += operations;
}

template <class Scalar>
void Stream<Scalar>::add(LstmForward<Scalar> call) {
  const auto& kernels = table_.kernels<Scalar>().lstm;
  using Layer = RecurrentLayer<Scalar, std::decay_t<decltype(kernels)>, LstmForward<Scalar>>;
  auto layer = std::make_unique<Layer>(kernels, call, batch_, outputs_);
  const States states = layer->states();
  const double operations = layer->operations(4);
  append(std::move(layer), call.dims.H, operations, states);
}

template <class Scalar>
void Stream<Scalar>::add(GruForward<Scalar> call) {
  const auto& kernels = table_.kernels<Scalar>().gru;
  using Layer = RecurrentLayer<Scalar, std::decay_t<decltype(kernels)>, GruForward<Scalar>>;
  auto layer = std::make_unique<Layer>(kernels, call, batch_, outputs_);
  const States states = layer->states();
  const double operations = layer->operations(3);
  append(std::move(layer), call.dims.H, operations, states);
}

template <class Scalar>
void Stream<Scalar>::add(const DenseForward<Scalar>& call, Activation activation) {
  DenseForward<Scalar> sized = call;
  sized.I = outputs_;
  auto layer = std::make_unique<DenseLayer<Scalar>>(table_.kernels<Scalar>(), sized, activation, batch_);
  append(std::move(layer), call.O, 2.0 * static_cast<double>(batch_ * outputs_) * static_cast<double>(call.O), {});
}

template <class Scalar>
void Stream<Scalar>::run(Index T, Sequence<const Scalar> x, Sequence<Scalar> y) {
  const ScopedFlushDenormals flush;
  const auto bytes = [](Index count) { return static_cast<std::size_t>(count) * sizeof(Scalar); };
  for (Index begin = 0; begin < T; begin += kBlockSteps) {
    const Index steps = std::min(kBlockSteps, T - begin);
    Scalar* row = from_.data();
    for (Index t = begin; t < begin + steps; ++t) {
      for (Index b = 0; b < batch_; ++b, row += inputs_) {
        std::memcpy(row, x.data + t * x.t_stride + b * x.b_stride, bytes(inputs_));
      }
    }
    for (const auto& layer : layers_) {
      layer->run(steps, from_.data(), to_.data());
      std::swap(from_, to_);
    }
    row = from_.data();
    for (Index t = begin; t < begin + steps; ++t) {
      for (Index b = 0; b < batch_; ++b, row += outputs_) {
        std::memcpy(y.data + t * y.t_stride + b * y.b_stride, row, bytes(outputs_));
      }
    }
  }
}

template <class Scalar>
void Stream<Scalar>::reset() {
  for (const States& layer : states_) {
    for (Scalar* state : layer.arrays) std::fill_n(state, batch_ * layer.units, Scalar(0));
  }
}

template class Stream<float>;
template class Stream<double>;

}  // namespace gatedcore
