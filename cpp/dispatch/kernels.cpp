// The kernel table of one instruction set; compiled once for each, with its flags, its GATEDCORE_VEC_HEADER and its
// name in GATEDCORE_ISA. The table is all that leaves this object.
#include "activations/activation.hpp"
#include "dispatch/kernel_table.hpp"
#include "optimizers/adagrad.hpp"
#include "optimizers/adam.hpp"
#include "optimizers/frame.hpp"
#include "optimizers/nadam.hpp"
#include "optimizers/rmsprop.hpp"
#include "optimizers/sgd.hpp"
#include "sequence/dense.hpp"
#include "sequence/gru_sequence.hpp"
#include "sequence/lstm_sequence.hpp"
#include "sequence/row_step.hpp"
#include "simd/ceilings.hpp"

GATEDCORE_BEGIN_ISA

// body(policy) of a call. The usual pair is compiled into the kernels; any other is looked up inside them, once for
// each vector, and so are limits of gates. Variants of the LSTM have kernels of their own.
template <class Call, class Body>
void with_policy(const Call& call, const Body& body) {
  using Scalar = decltype(call.clip);
  const bool standard = call.activation == Activation::kTanh && call.recurrent_activation == Activation::kSigmoid;
  Any<Scalar> any{call.activation, call.recurrent_activation};
  Limits<Scalar> limits, recurrent_limits;
  if (call.clip != 0) {
    limits = limits_of(call.activation, call.clip);
    recurrent_limits = limits_of(call.recurrent_activation, call.clip);
    any.activation_limits = &limits;
    any.recurrent_limits = &recurrent_limits;
  }
  if constexpr (requires { call.variant; }) {
    if (call.variant.p != nullptr || call.variant.input_forget) {
      return body(Variant<Scalar>{any, call.variant.p, call.dims.H, call.variant.input_forget});
    }
  }
  if (standard && call.clip == 0) return body(Standard{});
  body(any);
}

template <class Sequence, class Scalar>
struct Rows {
  static void forward(const typename Sequence::Forward& call, const Scalar* packed, Range rows, UnitShare share,
                      Scalar* scratch) {
    with_policy(call, [&](const auto& policy) { Sequence::forward_rows(policy, call, packed, rows, share, scratch); });
  }
  static void backward(const typename Sequence::Backward& call, const Scalar* packed, Range rows, Range steps,
                       UnitShare share, Scalar* scratch) {
    with_policy(
        call, [&](const auto& policy) { Sequence::backward_rows(policy, call, packed, rows, steps, share, scratch); });
  }
};

template <class S, class Scalar>
void weight_gradients(const typename S::Backward& call, Range panels, Scalar* scratch) {
  S::sum_weights(call, panels, {0, call.dims.T * call.dims.B}, true, scratch);
  S::add_weight_sums(call, panels, scratch);
}
template <class S, class Scalar>
void sum_weights(const typename S::Backward& call, Range panels, Range samples, Scalar* scratch) {
  S::sum_weights(call, panels, samples, false, scratch);
}

template <class S, class Scalar>
constexpr SequenceKernels<typename S::Forward, typename S::Backward, Scalar> sequence_kernels() {
  return {S::forward_packed_size,  S::pack_forward,        S::forward_scratch_size,     Rows<S, Scalar>::forward,
          S::backward_packed_size, S::pack_backward,       S::backward_scratch_size,    Rows<S, Scalar>::backward,
          S::input_packed_size,    S::pack_input,          S::input_gradients,          S::weight_panels,
          S::weight_panel_work,    S::weight_scratch_size, weight_gradients<S, Scalar>, S::clear_weight_sums,
          sum_weights<S, Scalar>,  S::add_weight_sums};
}

template <class Scalar>
constexpr DenseKernels<Scalar> dense_kernels() {
  using D = Dense<Scalar>;
  return {D::forward_packed_size, D::pack_forward,  D::forward_rows,      D::input_packed_size,   D::pack_input,
          D::input_gradients,     D::weight_panels, D::weight_panel_work, D::weight_scratch_size, D::weight_gradients};
}

template <class Scalar>
constexpr UpdateKernels<Scalar> update_kernels() {
  return {adam_step<Scalar>,       sgd_step<Scalar>,         rmsprop_step<Scalar>,
          nadam_step<Scalar>,      adagrad_step<Scalar>,     square_sum<Scalar>,
          shape_gradients<Scalar>, decay_parameters<Scalar>, move_average<Scalar>};
}

template <class Scalar>
constexpr Kernels<Scalar> make_kernels() {
  return {Vec<Scalar>::kLanes,
          kNarrowRows,
          kChunk<Scalar>,
          sequence_kernels<LstmSequence<Scalar>, Scalar>(),
          sequence_kernels<GruSequence<Scalar>, Scalar>(),
          {row_step_forward<LstmRowStep, Scalar>, LstmRowStep::backward<Scalar>},
          {row_step_forward<GruRowStep, Scalar>, GruRowStep::backward<Scalar>},
          dense_kernels<Scalar>(),
          transpose_matrix<Scalar>,
          apply<Scalar>,
          Dense<Scalar>::activation_gradient,
          update_kernels<Scalar>(),
          {kRoundOperations<Scalar>, multiply_add<Scalar>, read_all<Scalar>}};
}

GATEDCORE_END_ISA

#define GATEDCORE_JOIN(a, b) a##b
#define GATEDCORE_TABLE(isa) GATEDCORE_JOIN(kernels_, isa)
#define GATEDCORE_QUOTE(text) #text
#define GATEDCORE_NAME(isa) GATEDCORE_QUOTE(isa)

namespace gatedcore {

extern const KernelTable GATEDCORE_TABLE(GATEDCORE_ISA);
const KernelTable GATEDCORE_TABLE(GATEDCORE_ISA) = {GATEDCORE_NAME(GATEDCORE_ISA), make_kernels<float>(),
                                                    make_kernels<double>()};

}  // namespace gatedcore
