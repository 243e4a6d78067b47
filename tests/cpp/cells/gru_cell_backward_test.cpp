#include "cells/gru_cell_backward.hpp"

#include "activations/activation.hpp"
#include "check.hpp"
#include "guarded.hpp"

// Against the twin, with what the step before it saved: gru_cell_test.cpp. Here what can be said without a twin.
namespace gatedcore::test {
namespace {

// A cache row of a unit block is z and r block by block, then n_h or s, then n.
template <class Scalar>
struct Step {
  static constexpr Index kUnits = Vec<Scalar>::kLanes + 1;
  Guarded<Scalar> gates{4 * kUnits, Scalar(0), 0}, h_prev{kUnits, Scalar(0.5), 0}, d_h{kUnits, Scalar(2), 0};
  Guarded<Scalar> d_state{2 * Vec<Scalar>::kLanes, Scalar(1), 0}, d_s{2 * Vec<Scalar>::kLanes, Scalar(0), 0};
  GruStepBackward<Scalar> step;

  Step(Scalar z, Scalar r, Scalar n) {
    const Index lanes = Vec<Scalar>::kLanes;
    for (Index u = 0; u < kUnits; ++u) {
      const Index width = u < lanes ? lanes : Index(1), block = u < lanes ? u : 2 * lanes;
      gates.data()[block] = z;
      gates.data()[block + width] = r;
      gates.data()[3 * kUnits + u] = n;
    }
    step.dims = {1, 1, 1, kUnits};
    step.units = {0, kUnits};
    step.gates = gates.data();
    step.h_prev = h_prev.data();
    step.h_prev_stride = kUnits;
    step.d_h = d_h.data();
    step.d_h_stride = kUnits;
    step.d_state = d_state.data();
    step.d_s = d_s.data();
    step.state_stride = 2 * lanes;
  }
};

template <class Scalar>
void check_kept() {
  Step<Scalar> kept(1, Scalar(0.5), Scalar(-0.25));
  gru_after_cell_backward(Standard{}, kept.step);
  for (Index u = 0; u < Step<Scalar>::kUnits; ++u) {
    CHECK(kept.d_state.data()[u] == 3);                           // d_h and what came from the step after, whole
    CHECK(kept.gates.data()[3 * Step<Scalar>::kUnits + u] == 0);  // nothing for the candidate
  }
  CHECK(kept.gates.intact());
  CHECK(kept.d_state.intact());
}
TEST_CASE("a unit that keeps its state hands its gradient on whole, and its candidate gets none") {
  check_kept<float>();
  check_kept<double>();
}

template <class Scalar>
void check_replaced() {
  Step<Scalar> replaced(0, 1, 0);
  gru_before_cell_backward(Standard{}, replaced.step);
  for (Index u = 0; u < Step<Scalar>::kUnits; ++u) {
    CHECK(replaced.d_state.data()[u] == 0);                           // nothing passes beside the candidate
    CHECK(replaced.gates.data()[3 * Step<Scalar>::kUnits + u] == 3);  // tanh has slope 1 at 0
  }
}
TEST_CASE("a unit that takes its candidate over hands its gradient to that alone") {
  check_replaced<float>();
  check_replaced<double>();
}

}  // namespace
}  // namespace gatedcore::test
