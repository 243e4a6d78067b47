// What a caller hands to the GRU: weights in Keras's layout, states, and the memory for results.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// Gates side by side in the order z r n.
template <class Scalar>
struct GruWeights {
  const Scalar* w_x = nullptr;  // (I, 3H)
  const Scalar* w_h = nullptr;  // (H, 3H)
  const Scalar* b_x = nullptr;  // (3H); null: zeros
  const Scalar* b_h = nullptr;  // (3H), kResetAfter only; null: zeros
};

// What forward keeps for backward, beside the hidden states that it returns: 16 bytes for each float32 unit and step,
// or nothing where backward computes the gates anew (dispatch/run_recompute.hpp). gates is (T, B, 4H) in step order. A
// row is three runs:
//   2H  z r in blocks of up to kLanes units, as the LSTM's gates are
//   H   kResetAfter: n_h, the recurrent half of the candidate with its bias; kResetBefore: s = r * h_prev
//   H   n
// with z r n after activation. Backward writes gradients before activation over them: d_z d_r, then d_n_h (kResetAfter;
// s is kept), then d_n.
template <class Scalar>
struct GruCache {
  Scalar* gates = nullptr;
};

template <class Scalar>
struct GruForward {
  Dims dims;
  GruForm form = GruForm::kResetAfter;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  Scalar clip = 0;  // of gates before activation, to [-clip, clip]; 0: none
  GruWeights<Scalar> weights;
  Sequence<const Scalar> x;  // (T, B, I)
  RowFactors<Scalar> factors;
  Zoneout<Scalar> zoneout;     // z_h alone
  const Scalar* h0 = nullptr;  // (B, H); null: zeros
  Sequence<Scalar> h;          // (T, B, H) hidden state after each step; null data: not wanted
  Scalar* h_last = nullptr;    // (B, H); null: not wanted
  GruCache<Scalar> cache;      // null: not saved; backward needs h too
};

template <class Scalar>
struct GruBackward {
  Dims dims;
  GruForm form = GruForm::kResetAfter;
  Activation activation = Activation::kTanh;
  Activation recurrent_activation = Activation::kSigmoid;
  Scalar clip = 0;             // of gates before activation, to [-clip, clip]; 0: none
  GruWeights<Scalar> weights;  // as in forward
  Sequence<const Scalar> x;
  RowFactors<Scalar> factors;
  Zoneout<Scalar> zoneout;  // z_h alone
  const Scalar* h0 = nullptr;
  Sequence<const Scalar> h;          // as forward stored it
  GruCache<Scalar> cache;            // consumed
  Sequence<const Scalar> d_h;        // (T, B, H) arriving at each step; null data: zeros
  const Scalar* d_h_last = nullptr;  // (B, H); null: zeros
  Sequence<Scalar> d_x;              // assigned; null data: not wanted
  Scalar* d_h0 = nullptr;            // assigned; null: not wanted
  Scalar* d_w_x = nullptr;           // (I, 3H), added to
  Scalar* d_w_h = nullptr;           // (H, 3H), added to
  Scalar* d_b_x = nullptr;           // (3H), added to; null: not wanted
  Scalar* d_b_h = nullptr;           // (3H), added to, kResetAfter only; null: not wanted
};

}  // namespace gatedcore
