// What a caller hands to the LSTM: weights in Keras's layout, states, and the memory for results.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// Gates side by side in the order i f g o.
template <class Scalar>
struct LstmWeights {
  const Scalar* w_x = nullptr;  // (I, 4H)
  const Scalar* w_h = nullptr;  // (H, 4H), or (P, 4H) with a projection
  const Scalar* b = nullptr;    // (4H); null: zeros
};

// What forward keeps for backward, beside the hidden states that it returns: 20 bytes for each float32 unit and step,
// or 4 where backward computes the gates anew (dispatch/run_recompute.hpp).
//   gates  (T, B, 4H)  i f g o after activation, in step order. A row is a run of blocks of up to kLanes units, and a
//                      block holds its units' i, then their f, g and o: unit u and gate q of H units with L lanes stand
//                      at 4 * L * (u / L) + q * min(L, H - L * (u / L)) + u % L. Backward writes the gradients before
//                      activation over them.
//   c      (T, B, H)   cell state after each step
//   m      (T, B, H)   with a projection: o * act(c) of each step
template <class Scalar>
struct LstmCache {
  Scalar* gates = nullptr;
  Scalar* c = nullptr;
  Scalar* m = nullptr;
};

// What an LSTM may have beside plain gates: peepholes, and a forget gate that is one minus the input gate. math.md
// section 16.
template <class Scalar>
struct LstmVariant {
  const Scalar* p = nullptr;  // (3, H), of i f o; null: none
  bool input_forget = false;
};

// A projection of what leaves a step and comes back in the next: the hidden state h is m w_r, (B, P), where it would be
// m = o * act(c), (B, H). Every h and d_h below is P wide then; zoneout knows c alone. math.md section 17.
template <class Scalar>
struct LstmProjection {
  const Scalar* w_r = nullptr;  // (H, P); null: none
  Index P = 0;
};

template <class Scalar>
struct LstmForward {
  Dims dims;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  Scalar clip = 0;  // of gates before activation, to [-clip, clip]; 0: none
  LstmVariant<Scalar> variant;
  LstmProjection<Scalar> projection;
  LstmWeights<Scalar> weights;
  Sequence<const Scalar> x;  // (T, B, I)
  RowFactors<Scalar> factors;
  Zoneout<Scalar> zoneout;
  const Scalar* h0 = nullptr;  // (B, H); null: zeros
  const Scalar* c0 = nullptr;  // (B, H); null: zeros
  Sequence<Scalar> h;          // (T, B, H) hidden state after each step; null data: not wanted
  Scalar* h_last = nullptr;    // (B, H); null: not wanted
  Scalar* c_last = nullptr;    // (B, H); null: not wanted
  LstmCache<Scalar> cache;     // null: not saved; backward needs h too
};

template <class Scalar>
struct LstmBackward {
  Dims dims;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  Scalar clip = 0;  // of gates before activation, to [-clip, clip]; 0: none
  LstmVariant<Scalar> variant;
  LstmProjection<Scalar> projection;
  LstmWeights<Scalar> weights;  // as in forward
  Sequence<const Scalar> x;
  RowFactors<Scalar> factors;
  Zoneout<Scalar> zoneout;
  const Scalar* h0 = nullptr;
  const Scalar* c0 = nullptr;
  Sequence<const Scalar> h;          // as forward stored it
  LstmCache<Scalar> cache;           // consumed: gates holds the gradients before activation afterwards
  Sequence<const Scalar> d_h;        // (T, B, H) arriving at each step; null data: zeros
  const Scalar* d_h_last = nullptr;  // (B, H); null: zeros
  const Scalar* d_c_last = nullptr;  // (B, H); null: zeros
  Sequence<Scalar> d_x;              // assigned; null data: not wanted
  Scalar* d_h0 = nullptr;            // assigned; null: not wanted
  Scalar* d_c0 = nullptr;            // assigned; null: not wanted
  Scalar* d_w_x = nullptr;           // (I, 4H), added to
  Scalar* d_w_h = nullptr;           // (H, 4H), added to
  Scalar* d_b = nullptr;             // (4H), added to; null: not wanted
  Scalar* d_w_r = nullptr;           // (H, P), added to, with a projection. Kernels leave it to dispatch/ and
  Scalar* d_h_all = nullptr;         // (T, B, P), assign to this what arrives at each h
  Scalar* d_p = nullptr;             // (3, H), added to; null: not wanted. Kernels leave it to dispatch/ and
  Scalar* d_p_rows = nullptr;        // (B, 3H), add to this, in order of time back, so that no sum crosses rows
};

}  // namespace gatedcore
