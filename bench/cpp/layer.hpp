// A recurrent layer to time: its arrays, its calls through a kernel table, and its agreement with the twin.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "agreement.hpp"
#include "dispatch/run.hpp"
#include "numbers.hpp"
#include "reference/gru.hpp"
#include "reference/lstm.hpp"

namespace gatedcore::bench {

struct Cell {
  const char* name;
  Index gates;
  bool is_lstm;
  GruForm form;
};
inline constexpr Cell kLstm = {"lstm", 4, true, GruForm::kResetAfter};
inline constexpr Cell kGru = {"gru", 3, false, GruForm::kResetAfter};
inline constexpr Cell kGruBefore = {"gru_before", 3, false, GruForm::kResetBefore};

// Of a forward pass, without the gates' own arithmetic; a backward pass has twice as many.
inline double forward_operations(const Cell& cell, const Dims& dims) {
  return 2.0 * static_cast<double>(dims.T * dims.B) * static_cast<double>((dims.I + dims.H) * dims.H) *
         static_cast<double>(cell.gates);
}

// Both layers' caches have four runs of H; the LSTM's has cell states too. Gradients of weights are added to what is
// there, at first zeros.
template <class Scalar>
struct Layer {
  Cell cell;
  Dims dims;
  Buffer<Scalar> x, w_x, w_h, b_x, b_h, d_h;
  Buffer<Scalar> h, gates, c, d_x, d_w_x, d_w_h, d_b_x, d_b_h, d_h0, d_c0;

  Layer(const Cell& cell_, const Dims& dims_) : cell(cell_), dims(dims_) {
    const Index steps = dims.T * dims.B, columns = cell.gates * dims.H;
    const double bound = 1 / std::sqrt(static_cast<double>(dims.I + dims.H));
    x = numbers<Scalar>(steps * dims.I, 1, 1);
    w_x = numbers<Scalar>(dims.I * columns, bound, 2);
    w_h = numbers<Scalar>(dims.H * columns, bound, 3);
    b_x = numbers<Scalar>(columns, 0.1, 4);
    b_h = numbers<Scalar>(columns, 0.1, 5);
    d_h = numbers<Scalar>(steps * dims.H, 1, 6);
    for (Buffer<Scalar>* array : {&h, &c}) *array = zeros<Scalar>(d_h.size());
    gates = zeros<Scalar>(4 * d_h.size());
    d_x = zeros<Scalar>(x.size());
    d_w_x = zeros<Scalar>(w_x.size());
    d_w_h = zeros<Scalar>(w_h.size());
    for (Buffer<Scalar>* array : {&d_b_x, &d_b_h}) *array = zeros<Scalar>(b_x.size());
    for (Buffer<Scalar>* array : {&d_h0, &d_c0}) *array = zeros<Scalar>(dims.B * dims.H);
  }

  template <class Other>
  Sequence<Other> sequence(Other* data, Index features) const {
    return {data, dims.B * features, features};
  }
  LstmForward<Scalar> lstm_forward(bool save) {
    LstmForward<Scalar> call;
    call.dims = dims;
    call.weights = {w_x.data(), w_h.data(), b_x.data()};
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence(h.data(), dims.H);
    if (save) call.cache = {gates.data(), c.data()};
    return call;
  }
  LstmBackward<Scalar> lstm_backward() {
    LstmBackward<Scalar> call;
    call.dims = dims;
    call.weights = {w_x.data(), w_h.data(), b_x.data()};
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence<const Scalar>(h.data(), dims.H);
    call.cache = {gates.data(), c.data()};
    call.d_h = sequence<const Scalar>(d_h.data(), dims.H);
    call.d_x = sequence(d_x.data(), dims.I);
    call.d_h0 = d_h0.data();
    call.d_c0 = d_c0.data();
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    call.d_b = d_b_x.data();
    return call;
  }
  GruForward<Scalar> gru_forward(bool save) {
    GruForward<Scalar> call;
    call.dims = dims;
    call.form = cell.form;
    call.weights = gru_weights();
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence(h.data(), dims.H);
    if (save) call.cache = {gates.data()};
    return call;
  }
  GruBackward<Scalar> gru_backward() {
    GruBackward<Scalar> call;
    call.dims = dims;
    call.form = cell.form;
    call.weights = gru_weights();
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence<const Scalar>(h.data(), dims.H);
    call.cache = {gates.data()};
    call.d_h = sequence<const Scalar>(d_h.data(), dims.H);
    call.d_x = sequence(d_x.data(), dims.I);
    call.d_h0 = d_h0.data();
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    call.d_b_x = d_b_x.data();
    if (cell.form == GruForm::kResetAfter) call.d_b_h = d_b_h.data();
    return call;
  }
  GruWeights<Scalar> gru_weights() const {
    return {w_x.data(), w_h.data(), b_x.data(), cell.form == GruForm::kResetAfter ? b_h.data() : nullptr};
  }

  // Saved: what backward needs, which consumes it.
  void forward(const KernelTable& table, bool save, int threads) {
    if (cell.is_lstm) {
      run_lstm_forward(table, lstm_forward(save), threads);
    } else {
      run_gru_forward(table, gru_forward(save), threads);
    }
  }
  void backward(const KernelTable& table, int threads) {
    if (cell.is_lstm) {
      run_lstm_backward(table, lstm_backward(), threads);
    } else {
      run_gru_backward(table, gru_backward(), threads);
    }
  }
  void twin() {
    if (cell.is_lstm) {
      reference::lstm_forward(lstm_forward(true));
      reference::lstm_backward(lstm_backward());
    } else {
      reference::gru_forward(gru_forward(true));
      reference::gru_backward(gru_backward());
    }
  }
};

// Both ways. The twin would take minutes for the whole of a large shape: a few steps of a few rows, with the inputs and
// units asked for; of a lone row more steps, as kernels do its input products ahead for 48 of them.
template <class Scalar>
void require_twin(const KernelTable& table, const Cell& cell, const Dims& dims, int threads) {
  const Dims few{std::min(dims.T, Index(dims.B == 1 ? 50 : 2)), std::min(dims.B, Index(7)), dims.I, dims.H};
  Layer<Scalar> kernel(cell, few), twin(cell, few);
  twin.twin();
  const std::string name = std::string(table.name) + " " + cell.name + " ";
  kernel.forward(table, false, threads);
  require_all_near(name + "h of inference", kernel.h, twin.h);
  kernel.forward(table, true, threads);
  require_all_near(name + "h", kernel.h, twin.h);
  kernel.backward(table, threads);
  require_all_near(name + "d_x", kernel.d_x, twin.d_x);
  require_all_near(name + "d_w_x", kernel.d_w_x, twin.d_w_x);
  require_all_near(name + "d_w_h", kernel.d_w_h, twin.d_w_h);
  require_all_near(name + "d_b_x", kernel.d_b_x, twin.d_b_x);
  if (!cell.is_lstm && cell.form == GruForm::kResetAfter) {
    require_all_near(name + "d_b_h", kernel.d_b_h, twin.d_b_h);
  }
  require_all_near(name + "d_h0", kernel.d_h0, twin.d_h0);
  if (cell.is_lstm) require_all_near(name + "d_c0", kernel.d_c0, twin.d_c0);
}

}  // namespace gatedcore::bench
