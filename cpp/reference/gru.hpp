// The GRU in plain loops, both forms, in the order and letters of math.md: the twin of sequence/gru_sequence.hpp.
//
// Calls are the kernels' own. A cache row is laid out as with one block of H lanes: z of every unit, then r, then n_h
// (kResetAfter) or s (kResetBefore), then n.
#pragma once

#include <vector>

#include "reference/activation.hpp"
#include "reference/element.hpp"
#include "sequence/gru_calls.hpp"

namespace gatedcore::reference {

// Columns of gate q of one product: bias + row w for a row of `depth` numbers.
template <class Scalar>
std::vector<Scalar> gru_gate(const std::vector<Scalar>& row, const Scalar* w, const Scalar* bias, Index H, Index q) {
  std::vector<Scalar> a(H);
  for (Index u = 0; u < H; ++u) {
    a[u] = element_or_zero(bias, q * H + u);
    for (Index k = 0; k < Index(row.size()); ++k) a[u] += row[k] * w[k * 3 * H + q * H + u];
  }
  return a;
}

template <class Scalar>
void gru_forward(const GruForward<Scalar>& call) {
  const auto [T, B, I, H] = call.dims;
  const GruWeights<Scalar>& w = call.weights;
  const bool after = call.form == GruForm::kResetAfter;
  const Scalar* b_h = after ? w.b_h : nullptr;
  for (Index b = 0; b < B; ++b) {
    std::vector<Scalar> x(I), h(H), h_in(H), s(H);
    for (Index u = 0; u < H; ++u) h[u] = element_or_zero(call.h0, b * H + u);
    for (Index t = 0; t < T; ++t) {
      for (Index k = 0; k < I; ++k)
        x[k] = element(call.x, t, b, k) * element_or_one(call.factors.m_x, b * I + k);             // (60)
      for (Index k = 0; k < H; ++k) h_in[k] = h[k] * element_or_one(call.factors.m_h, b * H + k);  // (61)
      std::vector<Scalar> z = gru_gate(x, w.w_x, w.b_x, H, 0);
      std::vector<Scalar> r = gru_gate(x, w.w_x, w.b_x, H, 1);
      std::vector<Scalar> n = gru_gate(x, w.w_x, w.b_x, H, 2);
      const std::vector<Scalar> h_to_z = gru_gate(h_in, w.w_h, b_h, H, 0);
      const std::vector<Scalar> h_to_r = gru_gate(h_in, w.w_h, b_h, H, 1);
      for (Index u = 0; u < H; ++u) {
        z[u] = activate_clipped(call.recurrent_activation, call.clip, z[u] + h_to_z[u]);  // (15)
        r[u] = activate_clipped(call.recurrent_activation, call.clip, r[u] + h_to_r[u]);  // (16)
        s[u] = r[u] * h_in[u];                                                            // (27)
      }
      const std::vector<Scalar> n_h = gru_gate(after ? h_in : s, w.w_h, b_h, H, 2);  // (17)
      for (Index u = 0; u < H; ++u) {
        n[u] = activate_clipped(call.activation, call.clip, n[u] + (after ? r[u] * n_h[u] : n_h[u]));  // (18), (27)
        const Scalar h_new = z[u] * h[u] + (1 - z[u]) * n[u];                                          // (19)
        const Scalar z_h = element_or_zero(call.zoneout.z_h, t, b, u);
        h[u] = z_h * h[u] + (1 - z_h) * h_new;  // (65)
        if (call.h.data != nullptr) element(call.h, t, b, u) = h[u];
        if (call.cache.gates != nullptr) {
          Scalar* gates = call.cache.gates + (t * B + b) * 4 * H + u;
          gates[0] = z[u];
          gates[H] = r[u];
          gates[2 * H] = after ? n_h[u] : s[u];
          gates[3 * H] = n[u];
        }
      }
    }
    for (Index u = 0; u < H; ++u) {
      if (call.h_last != nullptr) call.h_last[b * H + u] = h[u];
    }
  }
}

// One row of gradients before activation: what reaches the input's product, and what reaches the recurrent one.
template <class Scalar>
struct GruRowGradients {
  std::vector<Scalar> x, h;  // (3H) each: z r n
};

// Adds the products of one row with what the gates were computed from; assigns d_x.
//   s  what the candidate's recurrent weights were multiplied by: h_prev (kResetAfter) or r * h_prev, with factors
template <class Scalar>
void gru_products_backward(const GruBackward<Scalar>& call, Index t, Index b, const GruRowGradients<Scalar>& d_a,
                           const std::vector<Scalar>& s) {
  const auto [T, B, I, H] = call.dims;
  for (Index k = 0; k < I; ++k) {
    const Scalar m_x = element_or_one(call.factors.m_x, b * I + k);
    Scalar d_x = 0;
    for (Index q = 0; q < 3 * H; ++q) {
      d_x += d_a.x[q] * call.weights.w_x[k * 3 * H + q];                       // (35)
      call.d_w_x[k * 3 * H + q] += element(call.x, t, b, k) * m_x * d_a.x[q];  // (36), (60)
    }
    if (call.d_x.data != nullptr) element(call.d_x, t, b, k) = d_x * m_x;  // (62)
  }
  for (Index q = 0; q < 3 * H; ++q) {
    for (Index k = 0; k < H; ++k) {
      const Scalar h_in = state_before(call.h, call.h0, H, t, b, k) * element_or_one(call.factors.m_h, b * H + k);
      const Scalar row = q < 2 * H ? h_in : s[k];
      call.d_w_h[k * 3 * H + q] += row * d_a.h[q];  // (37)
    }
    if (call.d_b_x != nullptr) call.d_b_x[q] += d_a.x[q];  // (39)
    if (call.d_b_h != nullptr && call.form == GruForm::kResetAfter) call.d_b_h[q] += d_a.h[q];
  }
}

template <class Scalar>
void gru_backward(const GruBackward<Scalar>& call) {
  const auto [T, B, I, H] = call.dims;
  const bool after = call.form == GruForm::kResetAfter;
  const Scalar* w_h = call.weights.w_h;
  for (Index b = 0; b < B; ++b) {
    std::vector<Scalar> d_h(H);
    for (Index u = 0; u < H; ++u) d_h[u] = element_or_zero(call.d_h_last, b * H + u);
    for (Index t = T - 1; t >= 0; --t) {
      Scalar* row = call.cache.gates + (t * B + b) * 4 * H;
      std::vector<Scalar> d_h_prev(H), d_s(H), h_prev(H), s(H);
      GruRowGradients<Scalar> d_a{std::vector<Scalar>(3 * H), std::vector<Scalar>(3 * H)};
      for (Index u = 0; u < H; ++u) {
        const Scalar z = row[u], n = row[3 * H + u];
        h_prev[u] = state_before(call.h, call.h0, H, t, b, u);
        if (call.d_h.data != nullptr) d_h[u] += element(call.d_h, t, b, u);
        const Scalar z_h = element_or_zero(call.zoneout.z_h, t, b, u);
        d_h_prev[u] = z_h * d_h[u];                                                                    // (67)
        d_h[u] *= 1 - z_h;                                                                             // (66)
        d_a.x[u] = d_h[u] * (h_prev[u] - n) * slope_clipped(call.recurrent_activation, call.clip, z);  // (20), (28)
        const Scalar d_n = d_h[u] * (1 - z);                                                           // (21)
        d_a.x[2 * H + u] = d_n * slope_clipped(call.activation, call.clip, n);                         // (22), (29)
        d_h_prev[u] += d_h[u] * z;                                                                     // (26), (30)
      }
      if (!after) {
        for (Index k = 0; k < H; ++k) {
          for (Index u = 0; u < H; ++u) d_s[k] += d_a.x[2 * H + u] * w_h[k * 3 * H + 2 * H + u];  // (31)
          d_s[k] *= element_or_one(call.factors.m_h, b * H + k);                                  // (63)
        }
      }
      for (Index u = 0; u < H; ++u) {
        const Scalar r = row[H + u], saved = row[2 * H + u];
        const Scalar d_r = after ? d_a.x[2 * H + u] * saved : d_s[u] * h_prev[u];     // (23), (33)
        d_a.x[H + u] = d_r * slope_clipped(call.recurrent_activation, call.clip, r);  // (24), (33)
        if (!after) d_h_prev[u] += d_s[u] * r;                                        // (32)
        d_a.h[u] = d_a.x[u];
        d_a.h[H + u] = d_a.x[H + u];
        d_a.h[2 * H + u] = after ? d_a.x[2 * H + u] * r : d_a.x[2 * H + u];  // (25)
        s[u] = after ? h_prev[u] * element_or_one(call.factors.m_h, b * H + u) : saved;
        row[u] = d_a.x[u];
        row[H + u] = d_a.x[H + u];
        if (after) row[2 * H + u] = d_a.h[2 * H + u];
        row[3 * H + u] = d_a.x[2 * H + u];
      }
      gru_products_backward(call, t, b, d_a, s);
      for (Index k = 0; k < H; ++k) {
        d_h[k] = d_h_prev[k];
        const Scalar m_h = element_or_one(call.factors.m_h, b * H + k);
        for (Index q = 0; q < (after ? 3 : 2) * H; ++q)
          d_h[k] += d_a.h[q] * w_h[k * 3 * H + q] * m_h;  // (38), (34), (63)
      }
    }
    for (Index u = 0; u < H; ++u) {
      if (call.d_h0 != nullptr) call.d_h0[b * H + u] = d_h[u];
    }
  }
}

}  // namespace gatedcore::reference
