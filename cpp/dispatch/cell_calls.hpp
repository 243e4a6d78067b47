// What differs between the two layers for whoever cuts their calls in time: how many states a row carries, where a call
// has them and its cache.
#pragma once

#include <array>

#include "dispatch/kernel_table.hpp"

namespace gatedcore {

// An LSTM's states are h and c.
template <class Scalar>
struct LstmCall {
  using Forward = LstmForward<Scalar>;
  using Backward = LstmBackward<Scalar>;
  static constexpr int kStates = 2;
  static constexpr Index kGates = 4;
  static constexpr Index kSaved = 4;  // runs of H in a row of cache.gates
  static const auto& kernels(const KernelTable& table) { return table.kernels<Scalar>().lstm; }

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
  static void carry(Backward& call, const std::array<Scalar*, kStates>& gradients) {
    call.d_h_last = call.d_h0 = gradients[0];
    call.d_c_last = call.d_c0 = gradients[1];
  }
  template <class Call>
  static void move_cache(Call& call, Index sample_steps) {
    if (call.cache.gates != nullptr) call.cache.gates += sample_steps * kSaved * call.dims.H;
    if (call.cache.c != nullptr) call.cache.c += sample_steps * call.dims.H;
  }
};

template <class Scalar>
struct GruCall {
  using Forward = GruForward<Scalar>;
  using Backward = GruBackward<Scalar>;
  static constexpr int kStates = 1;
  static constexpr Index kGates = 3;
  static constexpr Index kSaved = 4;
  static const auto& kernels(const KernelTable& table) { return table.kernels<Scalar>().gru; }

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
  static void carry(Backward& call, const std::array<Scalar*, kStates>& gradients) {
    call.d_h_last = call.d_h0 = gradients[0];
  }
  template <class Call>
  static void move_cache(Call& call, Index sample_steps) {
    if (call.cache.gates != nullptr) call.cache.gates += sample_steps * kSaved * call.dims.H;
  }
};

}  // namespace gatedcore
