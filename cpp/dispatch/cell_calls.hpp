// What differs between the two layers for whoever cuts their calls in time: how many states a row carries, where a call
// has them and its cache.
#pragma once

#include <algorithm>
#include <array>

#include "core/buffer.hpp"
#include "dispatch/kernel_table.hpp"

namespace gatedcore {

// The same pointers, to read through.
template <class Scalar, std::size_t kCount>
std::array<const Scalar*, kCount> read_only(const std::array<Scalar*, kCount>& pointers) {
  std::array<const Scalar*, kCount> result;
  std::copy(pointers.begin(), pointers.end(), result.begin());
  return result;
}

// Where each state stands in memory for all of them, (states, rows, H).
template <class Scalar, int kStates>
std::array<Scalar*, kStates> split(Buffer<Scalar>& memory) {
  std::array<Scalar*, kStates> states{};
  for (int i = 0; i < kStates; ++i) states[i] = memory.data() + i * (memory.size() / kStates);
  return states;
}

// An LSTM's states are h and c.
template <class ScalarType>
struct LstmCall {
  using Scalar = ScalarType;
  using Forward = LstmForward<Scalar>;
  using Backward = LstmBackward<Scalar>;
  using Kernels = SequenceKernels<Forward, Backward, Scalar>;
  static constexpr int kStates = 2;
  static constexpr Index kGates = 4;
  static constexpr Index kSaved = 4;  // runs of H in a row of cache.gates
  static const Kernels& kernels(const KernelTable& table) { return table.kernels<Scalar>().lstm; }

  // Of a state, h first; and of the widest one.
  template <class Call>
  static Index width(const Call& call, int state) {
    return state == 0 && call.projection.w_r != nullptr ? call.projection.P : call.dims.H;
  }
  template <class Call>
  static Index widest(const Call& call) {
    return std::max(call.dims.H, width(call, 0));
  }

  template <class Call>
  static std::array<const Scalar*, kStates> initial(const Call& call) {
    return {call.h0, call.c0};
  }
  static std::array<Scalar*, kStates> last(const Forward& call) { return {call.h_last, call.c_last}; }
  static std::array<const Scalar*, kStates> arriving(const Backward& call) { return {call.d_h_last, call.d_c_last}; }
  static std::array<Scalar*, kStates> leaving(const Backward& call) { return {call.d_h0, call.d_c0}; }
  // Packed states after every sample-step.
  static std::array<const Scalar*, kStates> after(const Backward& call, const Scalar* h) { return {h, call.cache.c}; }

  template <class Call>
  static void begin_from(Call& call, const std::array<const Scalar*, kStates>& states) {
    call.h0 = states[0];
    call.c0 = states[1];
  }
  static void end_in(Forward& call, const std::array<Scalar*, kStates>& states) {
    call.h_last = states[0];
    call.c_last = states[1];
  }
  static void carry(Backward& call, const std::array<const Scalar*, kStates>& in,
                    const std::array<Scalar*, kStates>& out) {
    call.d_h_last = in[0];
    call.d_c_last = in[1];
    call.d_h0 = out[0];
    call.d_c0 = out[1];
  }
  // What a backward call came after, without operands and results.
  static Forward forward_of(const Backward& call) {
    Forward forward;
    forward.dims = call.dims;
    forward.activation = call.activation;
    forward.recurrent_activation = call.recurrent_activation;
    forward.clip = call.clip;
    forward.variant = call.variant;
    forward.projection = call.projection;
    forward.weights = call.weights;
    return forward;
  }
  template <class Call>
  static void move_cache(Call& call, Index sample_steps) {
    if (call.cache.gates != nullptr) call.cache.gates += sample_steps * kSaved * call.dims.H;
    if (call.cache.c != nullptr) call.cache.c += sample_steps * call.dims.H;
    if (call.cache.m != nullptr) call.cache.m += sample_steps * call.dims.H;
    if constexpr (requires { call.d_h_all; }) {
      if (call.d_h_all != nullptr) call.d_h_all += sample_steps * call.projection.P;
    }
  }
};

template <class ScalarType>
struct GruCall {
  using Scalar = ScalarType;
  using Forward = GruForward<Scalar>;
  using Backward = GruBackward<Scalar>;
  using Kernels = SequenceKernels<Forward, Backward, Scalar>;
  static constexpr int kStates = 1;
  static constexpr Index kGates = 3;
  static constexpr Index kSaved = 4;
  static const Kernels& kernels(const KernelTable& table) { return table.kernels<Scalar>().gru; }

  template <class Call>
  static Index width(const Call& call, int) {
    return call.dims.H;
  }
  template <class Call>
  static Index widest(const Call& call) {
    return call.dims.H;
  }

  template <class Call>
  static std::array<const Scalar*, kStates> initial(const Call& call) {
    return {call.h0};
  }
  static std::array<Scalar*, kStates> last(const Forward& call) { return {call.h_last}; }
  static std::array<const Scalar*, kStates> arriving(const Backward& call) { return {call.d_h_last}; }
  static std::array<Scalar*, kStates> leaving(const Backward& call) { return {call.d_h0}; }
  static std::array<const Scalar*, kStates> after(const Backward&, const Scalar* h) { return {h}; }

  template <class Call>
  static void begin_from(Call& call, const std::array<const Scalar*, kStates>& states) {
    call.h0 = states[0];
  }
  static void end_in(Forward& call, const std::array<Scalar*, kStates>& states) { call.h_last = states[0]; }
  static void carry(Backward& call, const std::array<const Scalar*, kStates>& in,
                    const std::array<Scalar*, kStates>& out) {
    call.d_h_last = in[0];
    call.d_h0 = out[0];
  }
  static Forward forward_of(const Backward& call) {
    Forward forward;
    forward.dims = call.dims;
    forward.form = call.form;
    forward.activation = call.activation;
    forward.recurrent_activation = call.recurrent_activation;
    forward.clip = call.clip;
    forward.weights = call.weights;
    return forward;
  }
  template <class Call>
  static void move_cache(Call& call, Index sample_steps) {
    if (call.cache.gates != nullptr) call.cache.gates += sample_steps * kSaved * call.dims.H;
  }
};

// Of whichever layer a forward call is.
template <class Forward>
struct CellOfForward;
template <class Scalar>
struct CellOfForward<LstmForward<Scalar>> {
  using type = LstmCall<Scalar>;
};
template <class Scalar>
struct CellOfForward<GruForward<Scalar>> {
  using type = GruCall<Scalar>;
};
template <class Forward>
using CellOf = typename CellOfForward<Forward>::type;

}  // namespace gatedcore
