#include "cells/lstm_variant_gates.hpp"

#include "cells/lstm_lanes.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_variant(LstmProblem<Scalar> p) {
  using V = Vec<Scalar>;
  const Limits<Scalar> limits = limits_of(p.activation, p.clip),
                       recurrent_limits = limits_of(p.recurrent_activation, p.clip);
  Any<Scalar> gate{p.activation, p.recurrent_activation};
  if (p.clip != 0) {
    gate.activation_limits = &limits;
    gate.recurrent_limits = &recurrent_limits;
  }
  const Variant<Scalar> variant{gate, p.p.empty() ? nullptr : p.p.data(), p.dims.H, p.input_forget};
  const LstmGates<Scalar> d_a = check_gates(at_units(variant, 0, V::kLanes), p);

  // Gradients of the peepholes, on top of what stands there; of three rows the second.
  if (p.p.empty()) return;
  const V c_prev = V::load(p.c0.data()), c = V::load(p.h0.data());  // any numbers
  std::vector<Scalar> d_p(static_cast<std::size_t>(3 * 3 * p.dims.H), 1);
  add_peephole_gradients(variant, d_a, c_prev, c, d_p.data(), 1, 0, V::kLanes);
  for (Index row = 0; row < 3; ++row) {
    for (Index u = 0; u < p.dims.H; ++u) {
      const auto at = [&](Index q) { return d_p[static_cast<std::size_t>((row * 3 + q) * p.dims.H + u)]; };
      const auto product = [&](V d, V state) { return row == 1 ? lanes_of(d)[u] * lanes_of(state)[u] : Scalar(0); };
      CHECK_NEAR(at(0), 1 + product(d_a.i, c_prev), 1e-6);
      CHECK_NEAR(at(1), 1 + product(d_a.f, c_prev), 1e-6);
      CHECK_NEAR(at(2), 1 + product(d_a.o, c), 1e-6);
    }
  }
}

template <class Scalar>
void check_combinations() {
  check::Random random(1);
  for (const Activation activation : kActivations) {
    for (int which = 0; which < 8; ++which) {
      CONTEXT("activation " << check::show(activation) << " which " << which << " bytes " << sizeof(Scalar));
      LstmProblem<Scalar> p = lane_problem<Scalar>(random, activation, Activation::kSigmoid);
      if ((which & 1) != 0) p.p = random_array<Scalar>(random, 3 * p.dims.H, 1);
      p.input_forget = (which & 2) != 0;
      p.clip = (which & 4) != 0 ? Scalar(0.5) : Scalar(0);
      check_variant(p);
    }
  }
}

TEST_CASE("peepholes, coupled gates and limits agree with the twin both ways, in every combination") {
  check_combinations<float>();
  check_combinations<double>();
}

TEST_CASE("a variant without any of them gives the plain cell's bits") {
  using V = Vec<float>;
  check::Random random(2);
  const LstmProblem<float> p = lane_problem<float>(random, Activation::kTanh, Activation::kSigmoid);
  const Variant<float> variant{{Activation::kTanh, Activation::kSigmoid}, nullptr, p.dims.H, false};
  LstmGates<float> plain, gates;
  V plain_c = V::load(p.c0.data()), c = plain_c;
  const V plain_h = lstm_gates_forward(Standard{}, gates_at(p.b), plain, plain_c);
  CHECK(same_bits(lanes_of(lstm_gates_forward(at_units(variant, 0, V::kLanes), gates_at(p.b), gates, c)),
                  lanes_of(plain_h)));
  CHECK(same_bits(values_of(gates), values_of(plain)));
  CHECK(same_bits(lanes_of(c), lanes_of(plain_c)));
}

TEST_CASE("an infinite state reaches no gate where there are no peepholes") {
  using V = Vec<float>;
  const Variant<float> variant{{Activation::kLinear, Activation::kSigmoid}, nullptr, V::kLanes, true};
  LstmGates<float> gates;
  V c = V::set(INFINITY);
  lstm_gates_forward(at_units(variant, 0, V::kLanes), {V::zero(), V::zero(), V::zero(), V::zero()}, gates, c);
  for (const float value : values_of(gates)) CHECK((value == 0.5f || value == 0.0f));
}

}  // namespace
}  // namespace gatedcore::test
