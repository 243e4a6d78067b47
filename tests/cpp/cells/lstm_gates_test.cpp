#include "cells/lstm_gates.hpp"

#include "cells/lstm_lanes.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_pairs() {
  check::Random random(1);
  for (const Activation activation : kActivations) {
    for (const Activation recurrent : kActivations) {
      CONTEXT("activation " << check::show(activation) << " recurrent_activation " << check::show(recurrent));
      check_gates(Any<Scalar>{activation, recurrent}, lane_problem<Scalar>(random, activation, recurrent));
    }
  }
  check_gates(Standard{}, lane_problem<Scalar>(random, Activation::kTanh, Activation::kSigmoid));
}

TEST_CASE("the LSTM's gates agree with the twin both ways, for every pair of activations") {
  check_pairs<float>();
  check_pairs<double>();
}

TEST_CASE("saturated gates neither overflow nor leave the range of h") {
  using V = Vec<float>;
  for (const float a : {-1e30f, -200.0f, 200.0f, 1e30f}) {
    LstmGates<float> gates;
    V c = V::set(1e30f);
    const V h = lstm_gates_forward(Standard{}, {V::set(a), V::set(a), V::set(a), V::set(a)}, gates, c);
    for (const float value : lanes_of(h)) CHECK(std::abs(value) <= 1.0f);
  }
}

}  // namespace
}  // namespace gatedcore::test
