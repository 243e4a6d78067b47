#include "dispatch/run_stack.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "core/progress.hpp"
#include "dispatch/cell_calls.hpp"
#include "dispatch/packed_steps.hpp"
#include "dispatch/parts.hpp"
#include "dispatch/run.hpp"
#include "dispatch/run_recompute.hpp"

namespace gatedcore {
namespace {

// Steps of a wave's layer between two looks at the one before it. A layer begins that much behind: few steps keep more
// threads busy. But each time states are copied, and a lone row's input product, done ahead for 24 steps where it can
// be, reads its weights again. Two threads over one (AMD EPYC Zen 4, AVX2, B = 1, T = 100, two layers, quickest 5 %):
// LSTM H = 128 24 steps 1.50, 12 1.62, 8 1.65, 6 1.69, 4 1.69, 3 1.65; H = 64 1.35, 1.42, 1.47, 1.49, 1.48, 1.43; at
// T = 1000 and H = 16, and at H = 32, 12 and 6 are alike, and 5 never better.
constexpr Index kChunkSteps = 6;

// --- what differs between the two kinds of layers ---

template <class Scalar>
constexpr int gates_of(const LstmForward<Scalar>&) {
  return 4;
}
template <class Scalar>
constexpr int gates_of(const LstmBackward<Scalar>&) {
  return 4;
}
template <class Scalar>
constexpr int gates_of(const GruForward<Scalar>&) {
  return 3;
}
template <class Scalar>
constexpr int gates_of(const GruBackward<Scalar>&) {
  return 3;
}

template <class Scalar>
const auto& kernels_of(const KernelTable& table, const LstmForward<Scalar>&) {
  return table.kernels<Scalar>().lstm;
}
template <class Scalar>
const auto& kernels_of(const KernelTable& table, const GruForward<Scalar>&) {
  return table.kernels<Scalar>().gru;
}

// Whether backward has to compute the gates anew.
template <class Call>
bool lacks_gates(const Call& call) {
  return call.cache.gates == nullptr && call.dims.T > 0;
}

// A call without masked steps.
template <class Scalar>
void run_dense(const KernelTable& table, const LstmForward<Scalar>& call, int threads) {
  run_lstm_forward(table, call, threads);
}
template <class Scalar>
void run_dense(const KernelTable& table, const GruForward<Scalar>& call, int threads) {
  run_gru_forward(table, call, threads);
}
template <class Scalar>
void run_dense(const KernelTable& table, const LstmBackward<Scalar>& call, int threads) {
  if (lacks_gates(call)) {
    run_lstm_recompute(table, call, threads);
  } else {
    run_lstm_backward(table, call, threads);
  }
}
template <class Scalar>
void run_dense(const KernelTable& table, const GruBackward<Scalar>& call, int threads) {
  if (lacks_gates(call)) {
    run_gru_recompute(table, call, threads);
  } else {
    run_gru_backward(table, call, threads);
  }
}

template <class Scalar>
void run_masked(const KernelTable& table, const LstmForward<Scalar>& call, MaskedSteps<Scalar>& masked, int threads) {
  run_lstm_forward(table, call, masked, threads);
}
template <class Scalar>
void run_masked(const KernelTable& table, const GruForward<Scalar>& call, MaskedSteps<Scalar>& masked, int threads) {
  run_gru_forward(table, call, masked, threads);
}
template <class Scalar>
void run_masked(const KernelTable& table, const LstmBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                int threads) {
  run_lstm_backward(table, call, masked, threads);
}
template <class Scalar>
void run_masked(const KernelTable& table, const GruBackward<Scalar>& call, const MaskedSteps<Scalar>& masked,
                int threads) {
  run_gru_backward(table, call, masked, threads);
}

void run_alone(const KernelTable& table, const auto& any, int threads) {
  std::visit(
      [&](const auto& call) {
        if (any.masked != nullptr) {
          run_masked(table, call, *any.masked, threads);
        } else {
          run_dense(table, call, threads);
        }
      },
      any.call);
}

// --- what a call deserves ---

const Dims& dims_of(const auto& any) {
  return std::visit([](const auto& call) -> const Dims& { return call.dims; }, any.call);
}
double operations_of(const auto& any) {
  return std::visit(
      [&](const auto& call) {
        const int gates = gates_of(call);
        return any.masked == nullptr ? operations(call.dims, gates) : operations(any.masked->valid, call.dims, gates);
      },
      any.call);
}
double operations_of_all(const auto& begin, const auto& end) {
  return std::accumulate(begin, end, 0.0, [](double sum, const auto& call) { return sum + operations_of(call); });
}

// Threads that a call has use for when it runs alone.
template <class Call>
int threads_alone(const Call& call, Index lanes, int threads) {
  const double work = operations_of(call);
  if (call.masked != nullptr)
    return useful_threads(work, static_cast<Index>(call.masked->valid.pieces.size()), threads);
  const int team = useful_team(work, dims_of(call), lanes, threads);
  return team > 1 ? team : useful_threads(work, dims_of(call).B, threads);
}

// --- the directions of a layer ---

// At the same time where that keeps no fewer threads busy than each alone with all of them.
template <class Call>
void run_layer(const KernelTable& table, const std::vector<Call>& layer, Index lanes, int threads) {
  const int calls = static_cast<int>(layer.size());
  const bool alone = std::any_of(layer.begin(), layer.end(),
                                 [&](const Call& call) { return threads_alone(call, lanes, threads) > calls; });
  if (alone || useful_threads(operations_of_all(layer.begin(), layer.end()), calls, threads) < calls) {
    for (const Call& call : layer) run_alone(table, call, threads);
  } else {
    run_parts(calls, [&](int part) { run_alone(table, layer[static_cast<std::size_t>(part)], 1); });
  }
}

// --- a wave over layers of one direction ---

// A layer with the memory of its call, some steps at a time.
template <class Scalar>
class WaveLayer {
 public:
  virtual ~WaveLayer() = default;
  virtual void pack() = 0;
  virtual void run(Range steps) = 0;

  Progress steps_done;
};

template <class Scalar, class Kernels, class Forward>
class WaveLayerOf final : public WaveLayer<Scalar> {
  using Cell = CellOf<Forward>;

 public:
  WaveLayerOf(const Kernels& kernels, const Forward& call)
      : kernels_(kernels),
        call_(call),
        packed_(kernels.forward_packed_size(call)),
        scratch_(kernels.forward_scratch_size(call, call.dims.B)),
        states_(Cell::kStates * call.dims.B * call.dims.H) {}

  void pack() override { kernels_.pack_forward(call_, packed_.data()); }

  void run(Range steps) override {
    Forward part = call_;
    part.dims.T = steps.end - steps.begin;
    part.x.data += steps.begin * part.x.t_stride;
    if (part.h.data != nullptr) part.h.data += steps.begin * part.h.t_stride;
    for (auto* z : {&part.zoneout.z_h, &part.zoneout.z_c}) {
      if (z->data != nullptr) z->data += steps.begin * z->t_stride;
    }
    Cell::move_cache(part, steps.begin * call_.dims.B);
    // Between the call's own states, what a chunk leaves is what the next one begins from.
    const auto states = split<Scalar, Cell::kStates>(states_);
    if (steps.begin > 0) Cell::begin_from(part, read_only(states));
    if (steps.end < call_.dims.T) Cell::end_in(part, states);
    kernels_.forward_rows(part, packed_.data(), {0, call_.dims.B}, {}, scratch_.data());
  }

 private:
  const Kernels& kernels_;
  const Forward& call_;
  Buffer<Scalar> packed_, scratch_, states_;
};

template <class Scalar>
using Layers = Stack<RecurrentForward<Scalar>>;
template <class Scalar>
using LayerIterator = typename Layers<Scalar>::const_iterator;

template <class Scalar>
void run_wave(const KernelTable& table, LayerIterator<Scalar> begin, LayerIterator<Scalar> end, int threads) {
  const Index T = dims_of(begin->front()).T;
  std::vector<std::unique_ptr<WaveLayer<Scalar>>> layers;
  for (auto layer = begin; layer != end; ++layer) {
    std::visit(
        [&](const auto& call) {
          const auto& kernels = kernels_of(table, call);
          using Layer = WaveLayerOf<Scalar, std::decay_t<decltype(kernels)>, std::decay_t<decltype(call)>>;
          layers.push_back(std::make_unique<Layer>(kernels, call));
        },
        layer->front().call);
  }
  const Index count = static_cast<Index>(layers.size());
  // Whoever waits waits for a layer before its own, and each thread takes its layers in order: one of them always goes
  // on.
  run_as_team(threads, [&](UnitShare share) {
    for (Index i = share.part; i < count; i += share.parts) {
      WaveLayer<Scalar>& layer = *layers[static_cast<std::size_t>(i)];
      layer.pack();
      for (Index step = 0; step < T; step += kChunkSteps) {
        const Range steps{step, std::min(step + kChunkSteps, T)};
        if (i > 0) layers[static_cast<std::size_t>(i - 1)]->steps_done.wait_for(steps.end);
        layer.run(steps);
        layer.steps_done.reach(steps.end);
      }
    }
  });
}

// The threads of a wave, or 1 where the layers are better run one after the other: where rows are enough for all
// threads, the layers for too few of them, or steps masked, as the packed steps of a layer are not in order of time.
template <class Scalar>
int useful_wave(LayerIterator<Scalar> begin, LayerIterator<Scalar> end, Index lanes, int threads) {
  const Index count = end - begin;
  const Dims& dims = dims_of(begin->front());
  if (threads < 2 || dims.B == 0 || dims.B >= kRowsAlone * threads || dims.T < 2 * kChunkSteps) return 1;
  double work = 0, alone = 0, largest = 0;  // operations; alone is of the thread that has most of them
  for (auto layer = begin; layer != end; ++layer) {
    if (layer->front().masked != nullptr) return 1;
    const double operations = operations_of(layer->front());
    work += operations;
    largest = std::max(largest, operations);
    alone += operations / threads_alone(layer->front(), lanes, threads);
  }
  const int team = useful_threads(work, count, threads);
  std::vector<double> shares(static_cast<std::size_t>(team));
  for (auto layer = begin; layer != end; ++layer)
    shares[static_cast<std::size_t>((layer - begin) % team)] += operations_of(layer->front());
  const double lag = static_cast<double>((team - 1) * kChunkSteps) / static_cast<double>(dims.T) * largest;
  // A team of two is 1.4 to 1.7 times as fast as one thread (LSTM, I = H = 128 to 512, B = 1, T = 100, AMD EPYC Zen 4).
  constexpr double kTeamLoss = 1.3;
  return *std::max_element(shares.begin(), shares.end()) + lag < kTeamLoss * alone ? team : 1;
}

// --- backward ---

template <class Scalar>
Sequence<Scalar>& d_x_of(RecurrentBackward<Scalar>& any) {
  return std::visit([](auto& call) -> Sequence<Scalar>& { return call.d_x; }, any.call);
}

// What the second direction adds to d_x until it is added: room for the widest layer.
template <class Scalar>
Index second_d_x_size(const Stack<RecurrentBackward<Scalar>>& stack) {
  Index size = 0;
  for (const auto& layer : stack) {
    const Dims& dims = dims_of(layer.front());
    if (layer.size() > 1) size = std::max(size, dims.T * dims.B * dims.I);
  }
  return size;
}

template <class Scalar>
void add(const Scalar* from, const Dims& dims, Sequence<Scalar> to, int threads) {
  const int parts = useful_threads(static_cast<double>(dims.T * dims.B * dims.I), dims.T, threads);
  run_parts(parts, [&](int part) {
    const Range steps = share(dims.T, part, parts);
    for (Index t = steps.begin; t < steps.end; ++t) {
      for (Index b = 0; b < dims.B; ++b) {
        const Scalar* row = from + (t * dims.B + b) * dims.I;
        Scalar* sum = to.data + t * to.t_stride + b * to.b_stride;
        for (Index i = 0; i < dims.I; ++i) sum[i] += row[i];
      }
    }
  });
}

}  // namespace

template <class Scalar>
void run_stack_forward(const KernelTable& table, const Stack<RecurrentForward<Scalar>>& stack, int threads) {
  const Index lanes = table.kernels<Scalar>().lanes;
  for (auto begin = stack.begin(); begin != stack.end();) {
    auto end = std::find_if(begin, stack.end(), [](const auto& layer) { return layer.size() > 1; });
    // Every thread has as many of a wave's layers; what is left over is a wave of fewer threads, or a layer alone.
    if (end - begin > threads) end -= (end - begin) % threads;
    const int team = end - begin > 1 ? useful_wave<Scalar>(begin, end, lanes, threads) : 1;
    if (team > 1) {
      run_wave<Scalar>(table, begin, end, team);
      begin = end;
    } else {
      run_layer(table, *begin++, lanes, threads);
    }
  }
}

template <class Scalar>
void run_stack_backward(const KernelTable& table, const Stack<RecurrentBackward<Scalar>>& stack, int threads) {
  Buffer<Scalar> second(second_d_x_size(stack));
  for (auto layer = stack.rbegin(); layer != stack.rend(); ++layer) {
    std::vector<RecurrentBackward<Scalar>> calls = *layer;
    const Dims& dims = dims_of(calls.front());
    const Sequence<Scalar> shared = d_x_of(calls.back());
    const bool adds = calls.size() > 1 && shared.data != nullptr && d_x_of(calls.front()).data != nullptr;
    if (adds) d_x_of(calls.back()) = {second.data(), dims.B * dims.I, dims.I};
    run_layer(table, calls, table.kernels<Scalar>().lanes, threads);
    if (adds) add(second.data(), dims, shared, threads);
  }
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                       \
  template void run_stack_forward<Scalar>(const KernelTable&, const Stack<RecurrentForward<Scalar>>&, int); \
  template void run_stack_backward<Scalar>(const KernelTable&, const Stack<RecurrentBackward<Scalar>>&, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
