// What a caller hands to one step of a layer whose weights stand in rows, one for each unit of each gate: the layout of
// PyTorch's cells and of ONNX.
#pragma once

#include "core/types.hpp"

namespace gatedcore {

// G gates, 4 of an LSTM and 3 of a GRU with its reset gate after the product. block[q] says in which block of H rows
// gate q stands, counted in the order i f g o or z r n.
template <class Scalar>
struct RowStepForward {
  Index B = 0;
  Index I = 0;
  Index H = 0;
  Index block[4] = {0, 1, 2, 3};
  const Scalar* x = nullptr;       // (B, I)
  const Scalar* h_prev = nullptr;  // (B, H); null: zeros
  const Scalar* c_prev = nullptr;  // (B, H), of an LSTM; null: zeros
  const Scalar* w_x = nullptr;     // (G H, I)
  const Scalar* w_h = nullptr;     // (G H, H)
  const Scalar* b_x = nullptr;     // (G H); null: zeros
  const Scalar* b_h = nullptr;     // (G H); null: zeros
  const Scalar* a_x = nullptr;     // (B, G H) x w_x^T + b_x and h_prev w_h^T + b_h, where they are there already: x and
  const Scalar* a_h = nullptr;     //          what multiplies it is not read then
  Scalar* h = nullptr;             // (B, H)
  Scalar* c = nullptr;             // (B, H), of an LSTM
  Scalar* gates = nullptr;         // (B, 4H) i f g o, or z r n and the recurrent half of n, after activation; null: not
                                   // wanted
};

// From the gradients by the step's results to those before activation; the products are the caller's.
template <class Scalar>
struct RowStepBackward {
  Index B = 0;
  Index H = 0;
  Index block[4] = {0, 1, 2, 3};
  const Scalar* gates = nullptr;   // (B, 4H) as forward saved them
  const Scalar* h_prev = nullptr;  // (B, H), of a GRU; null: zeros
  const Scalar* c_prev = nullptr;  // (B, H), of an LSTM; null: zeros
  const Scalar* c = nullptr;       // (B, H), of an LSTM
  const Scalar* d_h = nullptr;     // (B, H); null: zeros
  const Scalar* d_c = nullptr;     // (B, H), of an LSTM; null: zeros
  Scalar* d_a_x = nullptr;         // (B, G H) by a_x
  Scalar* d_a_h = nullptr;         // (B, G H) by a_h, of a GRU: an LSTM's is d_a_x
  Scalar* d_h_prev = nullptr;      // (B, H), of a GRU: the part that does not pass the weights
  Scalar* d_c_prev = nullptr;      // (B, H), of an LSTM
};

}  // namespace gatedcore
