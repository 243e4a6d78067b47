// The directions of a stack's layers: what Python hands in for each, checked and as the core takes it.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/array_check.hpp"
#include "bindings/masked.hpp"
#include "bindings/weights.hpp"
#include "bindings/zoneout.hpp"
#include "core/buffer.hpp"
#include "dispatch/run_stack.hpp"

namespace gatedcore::bindings {

// The options of a direction that may be left out: flags, factors of dropout, and what zoneout keeps.
struct DirectionOptions {
  bool zero_output_for_mask = false;
  bool recompute = false;  // gates in backward, instead of saving them
  OptionalArray m_x, m_h, z_h, z_c;
};

// One direction of a layer.
struct LstmDirection {
  py::array kernel, recurrent_kernel;
  OptionalArray bias, h0, c0;
  std::string activation, recurrent_activation;
  DirectionOptions options;
};
struct GruDirection {
  py::array kernel, recurrent_kernel;
  OptionalArray bias, h0;
  std::string activation, recurrent_activation;
  bool reset_after;
  DirectionOptions options;  // without z_c
};
using Direction = std::variant<LstmDirection, GruDirection>;

// What a forward call saves for backward, with the calls that it made.
template <class Scalar>
struct SavedStack {
  Stack<RecurrentForward<Scalar>> calls;
  std::vector<std::unique_ptr<MaskedSteps<Scalar>>> masked;
  std::vector<Buffer<Scalar>> memory;  // gates, cell states, and what passes from layer to layer
  Index bytes = 0;

  Scalar* take(std::initializer_list<Index> sizes) {
    Buffer<Scalar>& taken = memory.emplace_back(sizes);
    bytes += taken.size() * static_cast<Index>(sizeof(Scalar));
    return taken.data();
  }
};

// A sequence of inputs as a direction reads it.
struct DirectionInput {
  const char* where;  // the function called
  Dims dims;          // without H
  bool time_major;
  bool backwards;  // the steps run from the last to the first
  bool save;
};

// What both kinds have, beside the saved memory that only they know.
template <class Forward, class Scalar, class Arguments>
void point_operands(Forward& call, const Arguments& a, const DirectionInput& in, Scalar) {
  const Dims& dims = call.dims;
  const DirectionOptions& o = a.options;
  call.activation = parse_activation(in.where, "activation", a.activation);
  call.recurrent_activation = parse_activation(in.where, "recurrent_activation", a.recurrent_activation);
  call.h0 = contiguous<Scalar>(in.where, "h0", a.h0, {dims.B, dims.H}, "(B, H)");
  call.factors.m_x = contiguous<Scalar>(in.where, "m_x", o.m_x, {dims.B, dims.I}, "(B, I)");
  call.factors.m_h = contiguous<Scalar>(in.where, "m_h", o.m_h, {dims.B, dims.H}, "(B, H)");
  call.zoneout.z_h = zoneout<Scalar>(in.where, "z_h", o.z_h, dims, in.time_major);
}

// The call of a direction without its sequences and last states. `rows` are the sample-steps that it saves.
template <class Scalar>
LstmForward<Scalar> call_of(const LstmDirection& a, const DirectionInput& in, Index rows, SavedStack<Scalar>& saved) {
  LstmForward<Scalar> call;
  Dims& dims = call.dims = in.dims;
  dims.H = gate_units(Argument{in.where, "kernel", a.kernel}, kLstmGates);
  checked_product(in.where, {dims.T, dims.B, std::max(dims.I, kLstmGates * dims.H)}, sizeof(Scalar));
  call.weights = lstm_weights<Scalar>({in.where, a.kernel, a.recurrent_kernel, a.bias}, dims.I, dims.H);
  point_operands(call, a, in, Scalar());
  call.zoneout.z_c = zoneout<Scalar>(in.where, "z_c", a.options.z_c, dims, in.time_major);
  call.c0 = contiguous<Scalar>(in.where, "c0", a.c0, {dims.B, dims.H}, "(B, H)");
  if (in.save) {
    if (!a.options.recompute) call.cache.gates = saved.take({rows, kLstmGates, dims.H});
    call.cache.c = saved.take({rows, dims.H});
  }
  return call;
}
template <class Scalar>
GruForward<Scalar> call_of(const GruDirection& a, const DirectionInput& in, Index rows, SavedStack<Scalar>& saved) {
  constexpr Index kSaved = 4;  // z r n and the product or state that the reset gate acts on
  GruForward<Scalar> call;
  Dims& dims = call.dims = in.dims;
  call.form = a.reset_after ? GruForm::kResetAfter : GruForm::kResetBefore;
  dims.H = gate_units(Argument{in.where, "kernel", a.kernel}, kGruGates);
  checked_product(in.where, {dims.T, dims.B, std::max(dims.I, kSaved * dims.H)}, sizeof(Scalar));
  call.weights = gru_weights<Scalar>({in.where, a.kernel, a.recurrent_kernel, a.bias}, call.form, dims.I, dims.H);
  point_operands(call, a, in, Scalar());
  if (in.save && !a.options.recompute) call.cache.gates = saved.take({rows, kSaved, dims.H});
  return call;
}

// The same of either kind, with the steps of it that a mask keeps.
template <class Scalar>
RecurrentForward<Scalar> call_of(const Direction& direction, const DirectionInput& in, const OptionalArray& mask,
                                 SavedStack<Scalar>& saved) {
  return std::visit(
      [&](const auto& a) {
        RecurrentForward<Scalar> result;
        Index rows = in.dims.T * in.dims.B;
        const MaskArguments masking{mask, a.options.zero_output_for_mask, std::nullopt};
        if (auto masked = masked_steps<Scalar>(in.where, masking, in.dims, in.time_major, in.backwards)) {
          rows = masked->valid.count;
          result.masked = saved.masked.emplace_back(std::make_unique<MaskedSteps<Scalar>>(std::move(*masked))).get();
        }
        result.call = call_of<Scalar>(a, in, rows, saved);
        return result;
      },
      direction);
}

}  // namespace gatedcore::bindings
