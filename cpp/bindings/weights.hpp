// The weights of a recurrent layer in Keras's layout, checked and as the core takes them.
#pragma once

#include "bindings/array_check.hpp"
#include "sequence/gru_calls.hpp"
#include "sequence/lstm_calls.hpp"

namespace gatedcore::bindings {

inline constexpr Index kLstmGates = 4;
inline constexpr Index kGruGates = 3;

// The weights of one layer, named in messages after the function called.
struct WeightArguments {
  const char* where;
  const py::array& kernel;
  const py::array& recurrent_kernel;
  const OptionalArray& bias;
};

// The projection (H, P) of an LSTM, or none for None.
template <class Scalar>
LstmProjection<Scalar> lstm_projection(const char* where, const OptionalArray& w_r, Index H) {
  if (!w_r) return {};
  const Index P = w_r->ndim() == 2 ? w_r->shape(1) : 1;
  if (P == 0) {
    throw py::value_error(std::string(where) + ": projection has shape " + describe(shape_of(*w_r)) +
                          ", expected at least one column");
  }
  return {contiguous<Scalar>({where, "projection", *w_r}, {H, P}, "(H, P)"), P};
}

// kernel (I, 4*H), recurrent_kernel (H, 4*H) or behind a projection (P, 4*H), bias (4*H,) or None. Throws TypeError or
// ValueError for anything else.
template <class Scalar>
LstmWeights<Scalar> lstm_weights(const WeightArguments& a, Index I, Index H,
                                 const LstmProjection<Scalar>& projection = {}) {
  const Index columns = kLstmGates * H;
  const bool projects = projection.w_r != nullptr;
  return {contiguous<Scalar>({a.where, "kernel", a.kernel}, {I, columns}, "(I, 4*H)"),
          contiguous<Scalar>({a.where, "recurrent_kernel", a.recurrent_kernel}, {projects ? projection.P : H, columns},
                             projects ? "(P, 4*H)" : "(H, 4*H)"),
          contiguous<Scalar>(a.where, "bias", a.bias, {columns}, "(4*H,)")};
}

// Keras's bias: (2, 3H), input row first, where the reset acts after the product, else (3H).
inline Shape gru_bias_shape(GruForm form, Index H) {
  return form == GruForm::kResetAfter ? Shape{2, kGruGates * H} : Shape{kGruGates * H};
}
inline const char* gru_bias_meaning(GruForm form) { return form == GruForm::kResetAfter ? "(2, 3*H)" : "(3*H,)"; }

// kernel (I, 3*H), recurrent_kernel (H, 3*H), bias of gru_bias_shape or None.
template <class Scalar>
GruWeights<Scalar> gru_weights(const WeightArguments& a, GruForm form, Index I, Index H) {
  const Index columns = kGruGates * H;
  GruWeights<Scalar> w;
  w.w_x = contiguous<Scalar>({a.where, "kernel", a.kernel}, {I, columns}, "(I, 3*H)");
  w.w_h = contiguous<Scalar>({a.where, "recurrent_kernel", a.recurrent_kernel}, {H, columns}, "(H, 3*H)");
  w.b_x = contiguous<Scalar>(a.where, "bias", a.bias, gru_bias_shape(form, H), gru_bias_meaning(form));
  if (form == GruForm::kResetAfter && w.b_x != nullptr) w.b_h = w.b_x + columns;
  return w;
}

}  // namespace gatedcore::bindings
