// Times one step of the LSTM and of the GRU: forward with its tiles and gates, saving what backward needs; backward the
// gates' way back alone, as the products belong to the time loop.
//
//   cell_bench.avx2 --shapes=32,64,64/1,64,64 --benchmark_filter=float32     (B,I,H)
#include <memory>

#include "agreement.hpp"
#include "bench.hpp"
#include "cells/gru_cell.hpp"
#include "cells/gru_cell_backward.hpp"
#include "cells/lstm_cell.hpp"
#include "numbers.hpp"
#include "reference/gru.hpp"
#include "reference/lstm.hpp"
#include "shapes.hpp"

namespace gatedcore::bench {
namespace {

// Where gate q of a unit stands in a cache row whose gates stand in blocks of units, as the kernels have it.
template <class Scalar>
Index in_blocks(Index H, Index gates, Index q, Index unit) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index block = unit / kLanes * kLanes;
  return gates * block + q * std::min(kLanes, H - block) + unit - block;
}

// What both cells have: the arrays of one step, with states in rows of whole vectors. A cache row is four runs of H,
// the first `blocked` of them in blocks of units.
template <class Scalar>
struct Step {
  Dims dims;
  Index gates, blocked;
  Index stride = block_count<Scalar>(dims.H) * Vec<Scalar>::kLanes;
  Buffer<Scalar> x = numbers<Scalar>(dims.B * dims.I, 1, 1);
  Buffer<Scalar> w_x = numbers<Scalar>(dims.I * gates * dims.H, bound(), 2);
  Buffer<Scalar> w_h = numbers<Scalar>(dims.H * gates * dims.H, bound(), 3);
  Buffer<Scalar> b_x = numbers<Scalar>(gates * dims.H, 0.1, 4), b_h = numbers<Scalar>(gates * dims.H, 0.1, 5);
  Buffer<Scalar> h0 = numbers<Scalar>(dims.B * dims.H, 1, 6), c0 = numbers<Scalar>(dims.B * dims.H, 1, 7);
  Buffer<Scalar> d_h = numbers<Scalar>(dims.B * dims.H, 1, 8);
  Buffer<Scalar> h = zeros<Scalar>(dims.B * dims.H), c = zeros<Scalar>(dims.B * dims.H);
  Buffer<Scalar> cache = zeros<Scalar>(dims.B * 4 * dims.H);
  Buffer<Scalar> h_prev = state(h0), h_next = zeros<Scalar>(dims.B * stride), c_state = state(c0);
  Buffer<Scalar> d_state = zeros<Scalar>(dims.B * stride), d_c = zeros<Scalar>(dims.B * stride);
  Buffer<Scalar> packed = {};
  Buffer<Scalar> consumed = {};  // the cache that backward starts from

  double bound() const { return 1 / std::sqrt(static_cast<double>(dims.I + dims.H)); }
  Buffer<Scalar> state(const Buffer<Scalar>& rows) const {
    Buffer<Scalar> padded = zeros<Scalar>(dims.B * stride);
    for (Index i = 0; i < rows.size(); ++i) padded.data()[i / dims.H * stride + i % dims.H] = rows.data()[i];
    return padded;
  }
  // A kernel's cache in the order of the twin's: run after run.
  Buffer<Scalar> cache_in_runs() const {
    Buffer<Scalar> runs = zeros<Scalar>(cache.size());
    for (Index i = 0; i < runs.size(); ++i) {
      const Index row = i / (4 * dims.H), q = i / dims.H % 4, unit = i % dims.H;
      const Index at = q < blocked ? in_blocks<Scalar>(dims.H, blocked, q, unit) : q * dims.H + unit;
      runs.data()[i] = cache.data()[row * 4 * dims.H + at];
    }
    return runs;
  }
  void save() {
    consumed = zeros<Scalar>(cache.size());
    std::memcpy(consumed.data(), cache.data(), static_cast<std::size_t>(cache.size()) * sizeof(Scalar));
  }
  void restore() {
    std::memcpy(cache.data(), consumed.data(), static_cast<std::size_t>(cache.size()) * sizeof(Scalar));
    for (Index i = 0; i < d_state.size(); ++i) d_state.data()[i] = d_c.data()[i] = 0;
  }
  Sequence<const Scalar> rows(const Buffer<Scalar>& array, Index features) const { return {array.data(), 0, features}; }
};

template <class Scalar>
struct LstmProblem : Step<Scalar> {
  static constexpr const char* kName = "lstm";
  // Runs of H that backward reads and writes for a row: four gates twice, c c_prev d_h d_h_next, d_c twice.
  static constexpr Index kRunsMoved = 14;

  explicit LstmProblem(const Dims& of) : Step<Scalar>{of, kLstmGates, kLstmGates} {
    this->packed = zeros<Scalar>(block_count<Scalar>(of.H) * lstm_panel_size<Scalar>(of, of.H));
    lstm_pack(of, of.H, this->w_x.data(), this->w_h.data(), this->b_x.data(), this->packed.data());
    forward();
    this->save();
  }
  void forward() {
    LstmStep<Scalar> step;
    step.dims = this->dims;
    step.units = {0, this->dims.H};
    step.packed = this->packed.data();
    step.x = this->x.data();
    step.x_stride = this->dims.I;
    step.R = this->dims.H;
    step.h_prev = this->h_prev.data();
    step.h_prev_stride = this->stride;
    step.h_next = this->h_next.data();
    step.c = this->c_state.data();
    step.state_stride = this->stride;
    step.h = this->h.data();
    step.h_stride = this->dims.H;
    step.gates = this->cache.data();
    step.c_saved = this->c.data();
    lstm_cell_forward(Standard{}, step);
  }
  void backward() {
    LstmStepBackward<Scalar> step;
    step.dims = this->dims;
    step.units = {0, this->dims.H};
    step.gates = this->cache.data();
    step.c = this->c.data();
    step.c_prev = this->c0.data();
    step.d_h = this->d_h.data();
    step.d_h_stride = this->dims.H;
    step.d_h_next = this->d_state.data();
    step.d_c = this->d_c.data();
    step.state_stride = this->stride;
    lstm_cell_backward(Standard{}, step);
  }
  // The twin's one step, on this problem's arrays.
  void twin_forward() {
    LstmForward<Scalar> call;
    call.dims = this->dims;
    call.weights = {this->w_x.data(), this->w_h.data(), this->b_x.data()};
    call.x = this->rows(this->x, this->dims.I);
    call.h0 = this->h0.data();
    call.c0 = this->c0.data();
    call.h = {this->h.data(), 0, this->dims.H};
    call.cache = {this->cache.data(), this->c.data()};
    reference::lstm_forward(call);
  }
  void twin_backward() {
    LstmBackward<Scalar> call;
    call.dims = this->dims;
    call.weights = {this->w_x.data(), this->w_h.data(), this->b_x.data()};
    call.x = this->rows(this->x, this->dims.I);
    call.h0 = this->h0.data();
    call.c0 = this->c0.data();
    call.h = this->rows(this->h, this->dims.H);
    call.cache = {this->cache.data(), this->c.data()};
    call.d_h = this->rows(this->d_h, this->dims.H);
    Buffer<Scalar> d_w_x = zeros<Scalar>(this->w_x.size()), d_w_h = zeros<Scalar>(this->w_h.size());
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    reference::lstm_backward(call);
  }
};

template <class Scalar>
struct GruProblem : Step<Scalar> {
  static constexpr const char* kName = "gru";
  static constexpr Index kRunsMoved = 12;  // z r n_h n twice, h_prev d_h, d_state twice

  explicit GruProblem(const Dims& of) : Step<Scalar>{of, kGruGates, 2} {
    this->packed = zeros<Scalar>(block_count<Scalar>(of.H) * gru_after_panel_size<Scalar>(of));
    gru_after_pack(of, this->w_x.data(), this->w_h.data(), this->b_x.data(), this->b_h.data(), this->packed.data());
    forward();
    this->save();
  }
  void forward() {
    GruStep<Scalar> step;
    step.dims = this->dims;
    step.units = {0, this->dims.H};
    step.packed = this->packed.data();
    step.x = this->x.data();
    step.x_stride = this->dims.I;
    step.h_prev = step.h_scaled = this->h_prev.data();
    step.h_next = this->h_next.data();
    step.state_stride = this->stride;
    step.h = this->h.data();
    step.h_stride = this->dims.H;
    step.gates = this->cache.data();
    gru_after_cell_forward(Standard{}, step);
  }
  void backward() {
    GruStepBackward<Scalar> step;
    step.dims = this->dims;
    step.units = {0, this->dims.H};
    step.gates = this->cache.data();
    step.h_prev = this->h0.data();
    step.h_prev_stride = this->dims.H;
    step.d_h = this->d_h.data();
    step.d_h_stride = this->dims.H;
    step.d_state = this->d_state.data();
    step.state_stride = this->stride;
    gru_after_cell_backward(Standard{}, step);
  }
  void twin_forward() {
    GruForward<Scalar> call;
    call.dims = this->dims;
    call.weights = {this->w_x.data(), this->w_h.data(), this->b_x.data(), this->b_h.data()};
    call.x = this->rows(this->x, this->dims.I);
    call.h0 = this->h0.data();
    call.h = {this->h.data(), 0, this->dims.H};
    call.cache = {this->cache.data()};
    reference::gru_forward(call);
  }
  void twin_backward() {
    GruBackward<Scalar> call;
    call.dims = this->dims;
    call.weights = {this->w_x.data(), this->w_h.data(), this->b_x.data(), this->b_h.data()};
    call.x = this->rows(this->x, this->dims.I);
    call.h0 = this->h0.data();
    call.h = this->rows(this->h, this->dims.H);
    call.cache = {this->cache.data()};
    call.d_h = this->rows(this->d_h, this->dims.H);
    Buffer<Scalar> d_w_x = zeros<Scalar>(this->w_x.size()), d_w_h = zeros<Scalar>(this->w_h.size());
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    reference::gru_backward(call);
  }
};

template <class Problem>
struct Forward {
  std::shared_ptr<Problem> problem;
  void operator()() const { problem->forward(); }
};
template <class Problem>
struct Backward {
  std::shared_ptr<Problem> problem;
  void set_up() const { problem->restore(); }
  void operator()() const { problem->backward(); }
};

template <template <class> class ProblemOf, class Scalar>
void add_cell(const Dims& dims) {
  using Problem = ProblemOf<Scalar>;
  const std::string name = Problem::kName;
  Row row;
  row.name = name + "_cell";
  row.isa = GATEDCORE_BENCH_ISA;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = "B:" + std::to_string(dims.B) + "/I:" + std::to_string(dims.I) + "/H:" + std::to_string(dims.H);
  const auto check = [=, where = full_name(row)] {
    Problem kernel(dims), twin(dims);
    twin.twin_forward();
    require_all_near(where + " h", kernel.h, twin.h);
    require_all_near(where + " cache", kernel.cache_in_runs(), twin.cache);
    kernel.restore();
    kernel.backward();
    twin.twin_backward();
    require_all_near(where + " gradients before activation", kernel.cache_in_runs(), twin.cache);
  };
  const auto make = [=] { return std::make_shared<Problem>(dims); };
  row.name = name + "_cell_forward";
  row.operations = 2.0 * static_cast<double>(dims.B * (dims.I + dims.H) * dims.H * make()->gates);
  add(row, check, [=] { return Forward<Problem>{make()}; });
  row.name = name + "_cell_backward";
  row.operations = 0;
  row.bytes = static_cast<double>(Problem::kRunsMoved * dims.B * dims.H * Index(sizeof(Scalar)));
  add(row, check, [=] { return Backward<Problem>{make()}; });
}

}  // namespace

void add_rows(Options& options) {
  for (const std::vector<long>& sizes : sizes_of_shapes(options, "B,I,H", "32,1,50/32,64,64/32,256,256/1,64,64")) {
    const Dims dims{1, sizes[0], sizes[1], sizes[2]};
    add_cell<LstmProblem, float>(dims);
    add_cell<LstmProblem, double>(dims);
    add_cell<GruProblem, float>(dims);
    add_cell<GruProblem, double>(dims);
  }
}

}  // namespace gatedcore::bench
