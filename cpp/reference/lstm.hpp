// The LSTM in plain loops, in the order and letters of math.md: the twin of sequence/lstm_sequence.hpp.
//
// Calls are the kernels' own. A cache row is laid out as with one block of H lanes: i of every unit, then f, g and o.
#pragma once

#include <vector>

#include "reference/activation.hpp"
#include "reference/element.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore::reference {

// Of h: H, or P with a projection, which a GRU has not.
template <class Call>
Index h_width(const Call& call) {
  if constexpr (requires { call.projection; }) {
    if (call.projection.w_r != nullptr) return call.projection.P;
  }
  return call.dims.H;
}

template <class Scalar>
void lstm_forward(const LstmForward<Scalar>& call) {
  const auto [T, B, I, H] = call.dims;
  const Index P = h_width(call);
  const Scalar* w_r = call.projection.w_r;
  for (Index b = 0; b < B; ++b) {
    std::vector<Scalar> h(P), m(H), c(H), a(4 * H), x_in(I), h_in(P);
    for (Index k = 0; k < P; ++k) h[k] = element_or_zero(call.h0, b * P + k);
    for (Index u = 0; u < H; ++u) c[u] = element_or_zero(call.c0, b * H + u);
    for (Index t = 0; t < T; ++t) {
      for (Index k = 0; k < I; ++k)
        x_in[k] = element(call.x, t, b, k) * element_or_one(call.factors.m_x, b * I + k);          // (60)
      for (Index k = 0; k < P; ++k) h_in[k] = h[k] * element_or_one(call.factors.m_h, b * P + k);  // (61)
      for (Index q = 0; q < 4 * H; ++q) {
        a[q] = element_or_zero(call.weights.b, q);
        for (Index k = 0; k < I; ++k) a[q] += x_in[k] * call.weights.w_x[k * 4 * H + q];
        for (Index k = 0; k < P; ++k) a[q] += h_in[k] * call.weights.w_h[k * 4 * H + q];
      }
      for (Index u = 0; u < H; ++u) {
        const Scalar p_i = element_or_zero(call.variant.p, u), p_f = element_or_zero(call.variant.p, H + u);
        const Scalar p_o = element_or_zero(call.variant.p, 2 * H + u);
        const auto gate = [&](Scalar a_q) { return activate_clipped(call.recurrent_activation, call.clip, a_q); };
        const Scalar i = gate(a[u] + p_i * c[u]);                                          // (1), (78)
        const Scalar f = call.variant.input_forget ? 1 - i : gate(a[H + u] + p_f * c[u]);  // (2), (79), (82)
        const Scalar g = activate_clipped(call.activation, call.clip, a[2 * H + u]);       // (3)
        const Scalar c_new = f * c[u] + i * g;                                             // (5)
        const Scalar o = gate(a[3 * H + u] + p_o * c_new);                                 // (4), (80)
        m[u] = o * activate(call.activation, c_new);                                       // (6)
        const Scalar z_c = element_or_zero(call.zoneout.z_c, t, b, u);
        const Scalar z_h = element_or_zero(call.zoneout.z_h, t, b, u);
        c[u] = z_c * c[u] + (1 - z_c) * c_new;                     // (64)
        if (w_r == nullptr) h[u] = z_h * h[u] + (1 - z_h) * m[u];  // (65)
        if (call.cache.m != nullptr) call.cache.m[(t * B + b) * H + u] = m[u];
        if (call.cache.gates != nullptr) {
          Scalar* gates = call.cache.gates + (t * B + b) * 4 * H + u;
          gates[0] = i;
          gates[H] = f;
          gates[2 * H] = g;
          gates[3 * H] = o;
          call.cache.c[(t * B + b) * H + u] = c[u];
        }
      }
      for (Index k = 0; k < P; ++k) {
        if (w_r != nullptr) h[k] = 0;
        for (Index u = 0; w_r != nullptr && u < H; ++u) h[k] += m[u] * w_r[u * P + k];  // (87)
        if (call.h.data != nullptr) element(call.h, t, b, k) = h[k];
      }
    }
    for (Index k = 0; call.h_last != nullptr && k < P; ++k) call.h_last[b * P + k] = h[k];
    for (Index u = 0; call.c_last != nullptr && u < H; ++u) call.c_last[b * H + u] = c[u];
  }
}

// Adds the products of one row of gradients before activation with what the gates were computed from; assigns d_x.
template <class Scalar>
void lstm_products_backward(const LstmBackward<Scalar>& call, Index t, Index b, const Scalar* d_a) {
  const auto [T, B, I, H] = call.dims;
  const Index P = h_width(call);
  for (Index k = 0; k < I; ++k) {
    const Scalar m_x = element_or_one(call.factors.m_x, b * I + k);
    Scalar d_x = 0;
    for (Index q = 0; q < 4 * H; ++q) {
      d_x += d_a[q] * call.weights.w_x[k * 4 * H + q];                       // (35)
      call.d_w_x[k * 4 * H + q] += element(call.x, t, b, k) * m_x * d_a[q];  // (36), (60)
    }
    if (call.d_x.data != nullptr) element(call.d_x, t, b, k) = d_x * m_x;  // (62)
  }
  for (Index q = 0; q < 4 * H; ++q) {
    for (Index k = 0; k < P; ++k) {
      const Scalar h_in = state_before(call.h, call.h0, P, t, b, k) * element_or_one(call.factors.m_h, b * P + k);
      call.d_w_h[k * 4 * H + q] += h_in * d_a[q];  // (37), (61)
    }
    if (call.d_b != nullptr) call.d_b[q] += d_a[q];  // (39)
  }
}

template <class Scalar>
void lstm_backward(const LstmBackward<Scalar>& call) {
  const auto [T, B, I, H] = call.dims;
  const Index P = h_width(call);
  const Scalar* w_r = call.projection.w_r;
  for (Index b = 0; b < B; ++b) {
    std::vector<Scalar> d_h(P), d_m(H), d_h_old(H), d_c(H);
    for (Index k = 0; k < P; ++k) d_h[k] = element_or_zero(call.d_h_last, b * P + k);
    for (Index u = 0; u < H; ++u) d_c[u] = element_or_zero(call.d_c_last, b * H + u);
    for (Index t = T - 1; t >= 0; --t) {
      Scalar* row = call.cache.gates + (t * B + b) * 4 * H;
      for (Index k = 0; call.d_h.data != nullptr && k < P; ++k) d_h[k] += element(call.d_h, t, b, k);
      for (Index u = 0; u < H; ++u) {
        d_m[u] = w_r == nullptr ? d_h[u] : 0;
        for (Index k = 0; w_r != nullptr && k < P; ++k) d_m[u] += d_h[k] * w_r[u * P + k];  // (88)
        const Scalar i = row[u], f = row[H + u], g = row[2 * H + u], o = row[3 * H + u];
        const Scalar c_prev = t > 0 ? call.cache.c[((t - 1) * B + b) * H + u] : element_or_zero(call.c0, b * H + u);
        const bool zoned = call.zoneout.z_c.data != nullptr;  // else c is what (5) gave
        const Scalar c_new = zoned ? f * c_prev + i * g : call.cache.c[(t * B + b) * H + u];
        const Scalar c_out = activate(call.activation, c_new);
        const Scalar z_h = element_or_zero(call.zoneout.z_h, t, b, u);
        const Scalar z_c = element_or_zero(call.zoneout.z_c, t, b, u);
        d_h_old[u] = z_h * d_m[u];  // (67)
        d_m[u] *= 1 - z_h;          // (66)
        const Scalar p_i = element_or_zero(call.variant.p, u), p_f = element_or_zero(call.variant.p, H + u);
        const Scalar p_o = element_or_zero(call.variant.p, 2 * H + u);
        const bool coupled = call.variant.input_forget;
        const auto gate_slope = [&](Scalar y) { return slope_clipped(call.recurrent_activation, call.clip, y); };
        const Scalar d_o = d_m[u] * c_out;                                         // (7)
        const Scalar d_a_o = d_o * gate_slope(o);                                  // (13)
        const Scalar d_c_old = z_c * d_c[u];                                       // (69)
        d_c[u] = (1 - z_c) * d_c[u] + d_m[u] * o * slope(call.activation, c_out);  // (8), (68)
        d_c[u] += d_a_o * p_o;                                                     // (83)
        const Scalar d_f = d_c[u] * c_prev;                                        // (10)
        const Scalar d_i = d_c[u] * g - (coupled ? d_f : 0);                       // (9), (86)
        const Scalar d_g = d_c[u] * i;                                             // (11)
        row[u] = d_i * gate_slope(i);                                              // (13)
        row[H + u] = coupled ? 0 : d_f * gate_slope(f);                            // (13), (86)
        row[2 * H + u] = d_g * slope_clipped(call.activation, call.clip, g);       // (14)
        row[3 * H + u] = d_a_o;                                                    // (13)
        d_c[u] = d_c[u] * f + row[u] * p_i + row[H + u] * p_f + d_c_old;           // (12), (69), (84)
        if (call.d_p != nullptr) {
          call.d_p[u] += row[u] * c_prev;          // (85)
          call.d_p[H + u] += row[H + u] * c_prev;  // (85)
          call.d_p[2 * H + u] += d_a_o * c_new;    // (85)
        }
        for (Index k = 0; w_r != nullptr && k < P; ++k) call.d_w_r[u * P + k] += o * c_out * d_h[k];  // (89)
      }
      lstm_products_backward(call, t, b, row);
      for (Index k = 0; k < P; ++k) {
        d_h[k] = 0;
        for (Index q = 0; q < 4 * H; ++q) d_h[k] += row[q] * call.weights.w_h[k * 4 * H + q];  // (38)
        d_h[k] *= element_or_one(call.factors.m_h, b * P + k);                                 // (63)
        if (w_r == nullptr) d_h[k] += d_h_old[k];                                              // (67)
      }
    }
    for (Index k = 0; call.d_h0 != nullptr && k < P; ++k) call.d_h0[b * P + k] = d_h[k];
    for (Index u = 0; call.d_c0 != nullptr && u < H; ++u) call.d_c0[b * H + u] = d_c[u];
  }
}

}  // namespace gatedcore::reference
