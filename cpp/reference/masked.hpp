// Sequences of which a mask keeps some steps, or whose states are reset at some, in plain loops: the twin of
// dispatch/run_masked.hpp.
//
// A row's valid steps from one reset to the next, one after the other, are a sequence for the plain twins.
#pragma once

#include <vector>

#include "reference/gru.hpp"
#include "reference/lstm.hpp"

namespace gatedcore::reference {

inline bool is_set(StepMask mask, Index t, Index b, bool without) {
  return mask.data == nullptr ? without : mask.data[t * mask.t_stride + b * mask.b_stride] != 0;
}

// Steps [begin, end) of a row, from one reset to the next, and the times of the valid ones among them.
struct Stretch {
  Index begin = 0, end = 0;
  std::vector<Index> times;
  bool from_initial = false, to_last = false;  // whether it begins with the row's initial states, ends in its last
};
inline std::vector<Stretch> stretches(StepMask mask, StepMask reset, Index T, Index b) {
  std::vector<Stretch> all(1);
  all[0].from_initial = T == 0 || !is_set(reset, 0, b, false);
  for (Index t = 0; t < T; ++t) {
    if (t > 0 && is_set(reset, t, b, false)) all.push_back({t, t, {}, false, false});
    all.back().end = t + 1;
    if (is_set(mask, t, b, true)) all.back().times.push_back(t);
  }
  all.back().to_last = true;
  return all;
}

// The state of row b of a (B, H) array, or null, also where it does not concern the call.
template <class Scalar>
Scalar* row_of(Scalar* states, Index b, Index H, bool concerned) {
  return states == nullptr || !concerned ? nullptr : states + b * H;
}

// The given steps of row b, one after the other; nothing for an absent sequence.
template <class Scalar>
std::vector<Scalar> rows_at(Sequence<const Scalar> from, const std::vector<Index>& times, Index b, Index F) {
  std::vector<Scalar> rows;
  if (from.data == nullptr) return rows;
  for (const Index t : times) {
    for (Index i = 0; i < F; ++i) rows.push_back(element(from, t, b, i));
  }
  return rows;
}

template <class Scalar>
RowFactors<Scalar> factors_of(const RowFactors<Scalar>& factors, Index I, Index P, Index b) {
  return {row_of(factors.m_x, b, I, true), row_of(factors.m_h, b, P, true)};
}

// Zoneout at the given steps of row b.
template <class Scalar>
struct ZoneoutAt {
  std::vector<Scalar> z_h, z_c;
  ZoneoutAt(const Zoneout<Scalar>& zoneout, const std::vector<Index>& times, Index b, Index H)
      : z_h(rows_at(zoneout.z_h, times, b, H)), z_c(rows_at(zoneout.z_c, times, b, H)) {}
  Zoneout<Scalar> rows(Index H) const {
    const auto row = [&](const std::vector<Scalar>& z) {
      return z.empty() ? Sequence<const Scalar>{} : Sequence<const Scalar>{z.data(), H, 0};
    };
    return {row(z_h), row(z_c)};
  }
};

// A call for a stretch of row b alone.
template <class Scalar>
LstmForward<Scalar> alone(LstmForward<Scalar> call, Index b, const Stretch& s) {
  const Index H = call.dims.H, P = h_width(call);
  call.h0 = row_of(call.h0, b, P, s.from_initial);
  call.c0 = row_of(call.c0, b, H, s.from_initial);
  call.h_last = row_of(call.h_last, b, P, s.to_last);
  call.c_last = row_of(call.c_last, b, H, s.to_last);
  call.factors = factors_of(call.factors, call.dims.I, h_width(call), b);
  return call;
}
template <class Scalar>
GruForward<Scalar> alone(GruForward<Scalar> call, Index b, const Stretch& s) {
  call.h0 = row_of(call.h0, b, call.dims.H, s.from_initial);
  call.h_last = row_of(call.h_last, b, call.dims.H, s.to_last);
  call.factors = factors_of(call.factors, call.dims.I, h_width(call), b);
  return call;
}
template <class Scalar>
LstmBackward<Scalar> alone(LstmBackward<Scalar> call, Index b, const Stretch& s) {
  const Index H = call.dims.H, P = h_width(call);
  call.h0 = row_of(call.h0, b, P, s.from_initial);
  call.c0 = row_of(call.c0, b, H, s.from_initial);
  call.d_h_last = row_of(call.d_h_last, b, P, s.to_last);
  call.d_c_last = row_of(call.d_c_last, b, H, s.to_last);
  call.d_h0 = row_of(call.d_h0, b, P, s.from_initial);
  call.d_c0 = row_of(call.d_c0, b, H, s.from_initial);
  call.factors = factors_of(call.factors, call.dims.I, h_width(call), b);
  return call;
}
template <class Scalar>
GruBackward<Scalar> alone(GruBackward<Scalar> call, Index b, const Stretch& s) {
  const Index P = h_width(call);
  call.h0 = row_of(call.h0, b, P, s.from_initial);
  call.d_h_last = row_of(call.d_h_last, b, P, s.to_last);
  call.d_h0 = row_of(call.d_h0, b, P, s.from_initial);
  call.factors = factors_of(call.factors, call.dims.I, h_width(call), b);
  return call;
}

inline void plain_forward(const LstmForward<double>& call) { lstm_forward(call); }
inline void plain_forward(const GruForward<double>& call) { gru_forward(call); }
inline void plain_backward(const LstmBackward<double>& call) { lstm_backward(call); }
inline void plain_backward(const GruBackward<double>& call) { gru_backward(call); }

// Calls body(t, s, valid) for every step of a stretch, s the valid steps up to and with it.
template <class Body>
void for_stretch(const Stretch& stretch, const Body& body) {
  std::size_t s = 0;
  for (Index t = stretch.begin; t < stretch.end; ++t) {
    const bool valid = s < stretch.times.size() && stretch.times[s] == t;
    s += valid;
    body(t, static_cast<Index>(s), valid);
  }
}

// call.cache stays unused: backward computes what it needs anew.
template <class Forward>
void masked_forward(const Forward& call, StepMask mask, StepMask reset, MaskedOutput output) {
  const auto [T, B, I, H] = call.dims;
  const Index P = h_width(call);
  for (Index b = 0; b < B; ++b) {
    for (const Stretch& stretch : stretches(mask, reset, T, b)) {
      const Index n = static_cast<Index>(stretch.times.size());
      const std::vector<double> x = rows_at(call.x, stretch.times, b, I);
      std::vector<double> h(static_cast<std::size_t>(n * P));
      const ZoneoutAt<double> zoneout(call.zoneout, stretch.times, b, H);
      Forward row = alone(call, b, stretch);
      row.zoneout = zoneout.rows(H);
      row.dims = {n, 1, I, H};
      row.x = {x.data(), I, 0};
      row.h = {h.data(), P, 0};
      row.cache = {};
      plain_forward(row);
      if (call.h.data == nullptr) continue;
      for_stretch(stretch, [&](Index t, Index s, bool valid) {
        const bool empty = s == 0 || (!valid && output == MaskedOutput::kZero);
        for (Index u = 0; u < P; ++u) {
          element(call.h, t, b, u) = empty ? 0.0 : h[static_cast<std::size_t>((s - 1) * P + u)];
        }
      });
    }
  }
}

// One stretch of masked_backward.
template <class Forward, class Backward>
void stretch_backward(const Backward& call, Index b, const Stretch& stretch, MaskedOutput output) {
  const Index I = call.dims.I, H = call.dims.H, P = h_width(call), n = static_cast<Index>(stretch.times.size());
  const std::vector<double> x = rows_at(call.x, stretch.times, b, I);
  std::vector<double> h(static_cast<std::size_t>(n * P)), d_h(h.size()), d_x(x.size());
  std::vector<double> c(static_cast<std::size_t>(n * H)), gates(4 * c.size());
  const ZoneoutAt<double> zoneout(call.zoneout, stretch.times, b, H);
  Backward row = alone(call, b, stretch);
  Forward again;
  again.dims = row.dims = {n, 1, I, H};
  again.activation = call.activation;
  again.recurrent_activation = call.recurrent_activation;
  again.clip = call.clip;
  again.weights = call.weights;
  again.x = row.x = {x.data(), I, 0};
  again.h = {h.data(), P, 0};
  again.factors = row.factors;
  again.zoneout = row.zoneout = zoneout.rows(H);
  again.h0 = row.h0;
  again.cache.gates = row.cache.gates = gates.data();
  if constexpr (requires { again.c0; }) {
    again.c0 = row.c0;
    again.variant = call.variant;
    again.projection = call.projection;
    again.cache.c = row.cache.c = c.data();
  } else {
    again.form = call.form;
  }
  plain_forward(again);
  row.h = {h.data(), P, 0};
  if (call.d_h.data != nullptr) {
    for_stretch(stretch, [&](Index t, Index s, bool valid) {
      if (s == 0 || (!valid && output == MaskedOutput::kZero)) return;
      for (Index u = 0; u < P; ++u) d_h[static_cast<std::size_t>((s - 1) * P + u)] += element(call.d_h, t, b, u);
    });
    row.d_h = {d_h.data(), P, 0};
  }
  if (call.d_x.data != nullptr) row.d_x = {d_x.data(), I, 0};
  plain_backward(row);
  if (call.d_x.data == nullptr) return;
  for_stretch(stretch, [&](Index t, Index s, bool valid) {
    for (Index k = 0; k < I; ++k) {
      element(call.d_x, t, b, k) = valid ? d_x[static_cast<std::size_t>((s - 1) * I + k)] : 0;
    }
  });
}

template <class Forward, class Backward>
void masked_backward(const Backward& call, StepMask mask, StepMask reset, MaskedOutput output) {
  const auto zero = [&](double* states, Index width) {
    for (Index i = 0; states != nullptr && i < call.dims.B * width; ++i) states[i] = 0;
  };
  zero(call.d_h0, h_width(call));
  if constexpr (requires { call.d_c0; }) zero(call.d_c0, call.dims.H);
  for (Index b = 0; b < call.dims.B; ++b) {
    for (const Stretch& stretch : stretches(mask, reset, call.dims.T, b)) {
      stretch_backward<Forward>(call, b, stretch, output);
    }
  }
}

}  // namespace gatedcore::reference
