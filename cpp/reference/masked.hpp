// Sequences of which a mask keeps some steps, row by row in plain loops: the twin of dispatch/run_masked.hpp.
//
// A row's valid steps, one after the other, are a sequence without a mask, for the plain twins.
#pragma once

#include <vector>

#include "reference/gru.hpp"
#include "reference/lstm.hpp"

namespace gatedcore::reference {

// The times of a row's valid steps.
inline std::vector<Index> valid_times(StepMask mask, Index T, Index b) {
  std::vector<Index> times;
  for (Index t = 0; t < T; ++t) {
    if (mask.data[t * mask.t_stride + b * mask.b_stride] != 0) times.push_back(t);
  }
  return times;
}

// The state of row b of a (B, H) array, or null.
template <class Scalar>
Scalar* row_of(Scalar* states, Index b, Index H) {
  return states == nullptr ? nullptr : states + b * H;
}

// The given steps of row b, one after the other.
template <class Scalar>
std::vector<Scalar> rows_at(Sequence<const Scalar> from, const std::vector<Index>& times, Index b, Index F) {
  std::vector<Scalar> rows;
  for (const Index t : times) {
    for (Index i = 0; i < F; ++i) rows.push_back(element(from, t, b, i));
  }
  return rows;
}

// A call for row b alone.
template <class Scalar>
LstmForward<Scalar> alone(LstmForward<Scalar> call, Index b) {
  const Index H = call.dims.H;
  call.h0 = row_of(call.h0, b, H);
  call.c0 = row_of(call.c0, b, H);
  call.h_last = row_of(call.h_last, b, H);
  call.c_last = row_of(call.c_last, b, H);
  return call;
}
template <class Scalar>
GruForward<Scalar> alone(GruForward<Scalar> call, Index b) {
  call.h0 = row_of(call.h0, b, call.dims.H);
  call.h_last = row_of(call.h_last, b, call.dims.H);
  return call;
}
template <class Scalar>
LstmBackward<Scalar> alone(LstmBackward<Scalar> call, Index b) {
  const Index H = call.dims.H;
  call.h0 = row_of(call.h0, b, H);
  call.c0 = row_of(call.c0, b, H);
  call.d_h_last = row_of(call.d_h_last, b, H);
  call.d_c_last = row_of(call.d_c_last, b, H);
  call.d_h0 = row_of(call.d_h0, b, H);
  call.d_c0 = row_of(call.d_c0, b, H);
  return call;
}
template <class Scalar>
GruBackward<Scalar> alone(GruBackward<Scalar> call, Index b) {
  const Index H = call.dims.H;
  call.h0 = row_of(call.h0, b, H);
  call.d_h_last = row_of(call.d_h_last, b, H);
  call.d_h0 = row_of(call.d_h0, b, H);
  return call;
}

inline void plain_forward(const LstmForward<double>& call) { lstm_forward(call); }
inline void plain_forward(const GruForward<double>& call) { gru_forward(call); }
inline void plain_backward(const LstmBackward<double>& call) { lstm_backward(call); }
inline void plain_backward(const GruBackward<double>& call) { gru_backward(call); }

// call.cache stays unused: backward computes what it needs anew.
template <class Forward>
void masked_forward(const Forward& call, StepMask mask, MaskedOutput output) {
  const auto [T, B, I, H] = call.dims;
  for (Index b = 0; b < B; ++b) {
    const std::vector<Index> times = valid_times(mask, T, b);
    const Index n = static_cast<Index>(times.size());
    const std::vector<double> x = rows_at(call.x, times, b, I);
    std::vector<double> h(static_cast<std::size_t>(n * H));
    Forward row = alone(call, b);
    row.dims = {n, 1, I, H};
    row.x = {x.data(), I, 0};
    row.h = {h.data(), H, 0};
    row.cache = {};
    plain_forward(row);
    if (call.h.data == nullptr) continue;
    Index s = 0;  // valid steps before t + 1
    for (Index t = 0; t < T; ++t) {
      const bool valid = s < n && times[static_cast<std::size_t>(s)] == t;
      s += valid;
      const bool empty = s == 0 || (!valid && output == MaskedOutput::kZero);
      for (Index u = 0; u < H; ++u) {
        element(call.h, t, b, u) = empty ? 0.0 : h[static_cast<std::size_t>((s - 1) * H + u)];
      }
    }
  }
}

template <class Forward, class Backward>
void masked_backward(const Backward& call, StepMask mask, MaskedOutput output) {
  const auto [T, B, I, H] = call.dims;
  for (Index b = 0; b < B; ++b) {
    const std::vector<Index> times = valid_times(mask, T, b);
    const Index n = static_cast<Index>(times.size());
    const std::vector<double> x = rows_at(call.x, times, b, I);
    std::vector<double> h(static_cast<std::size_t>(n * H)), d_h(h.size()), d_x(x.size()), gates(4 * h.size()),
        c(h.size());
    Backward row = alone(call, b);
    Forward again;
    again.dims = row.dims = {n, 1, I, H};
    again.activation = call.activation;
    again.recurrent_activation = call.recurrent_activation;
    again.weights = call.weights;
    again.x = row.x = {x.data(), I, 0};
    again.h = {h.data(), H, 0};
    again.h0 = row.h0;
    again.cache.gates = row.cache.gates = gates.data();
    if constexpr (requires { again.c0; }) {
      again.c0 = row.c0;
      again.cache.c = row.cache.c = c.data();
    } else {
      again.form = call.form;
    }
    plain_forward(again);
    row.h = {h.data(), H, 0};
    if (call.d_h.data != nullptr) {
      Index s = 0;
      for (Index t = 0; t < T; ++t) {
        const bool valid = s < n && times[static_cast<std::size_t>(s)] == t;
        s += valid;
        if (s == 0 || (!valid && output == MaskedOutput::kZero)) continue;
        for (Index u = 0; u < H; ++u) d_h[static_cast<std::size_t>((s - 1) * H + u)] += element(call.d_h, t, b, u);
      }
      row.d_h = {d_h.data(), H, 0};
    }
    if (call.d_x.data != nullptr) row.d_x = {d_x.data(), I, 0};
    plain_backward(row);
    if (call.d_x.data == nullptr) continue;
    for (Index t = 0; t < T; ++t) {
      for (Index k = 0; k < I; ++k) element(call.d_x, t, b, k) = 0;
    }
    for (Index s = 0; s < n; ++s) {
      for (Index k = 0; k < I; ++k)
        element(call.d_x, times[static_cast<std::size_t>(s)], b, k) = d_x[static_cast<std::size_t>(s * I + k)];
    }
  }
}

}  // namespace gatedcore::reference
