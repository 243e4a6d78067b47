// What run.hpp offers beside the layers: activations on arrays.
#include "dispatch/run.hpp"
#include "problem.hpp"
#include "reference/activation.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_activations(const KernelTable& table) {
  check::Random random(1);
  for (const Activation activation : kActivations) {
    for (const Index count : sizes_around(table.kernels<Scalar>().lanes)) {
      CONTEXT("activation " << check::show(activation) << " count " << count << " bytes " << sizeof(Scalar));
      const Guarded<Scalar> x(random_array<Scalar>(random, count, 5)), d_y(random_array<Scalar>(random, count, 1));
      Guarded<Scalar> y(count), d_x(count);
      run_activation(table, activation, x.data(), y.data(), count);
      run_activation_gradient(table, activation, y.data(), d_y.data(), d_x.data(), count);
      std::vector<double> expected, gradient;
      for (Index i = 0; i < count; ++i) {
        expected.push_back(reference::activate(activation, static_cast<double>(x.data()[i])));
        gradient.push_back(d_y.data()[i] * reference::slope(activation, static_cast<double>(y.data()[i])));
      }
      check_close("y", y.values(), expected, Tolerances<Scalar>::kForward);
      check_close("d_x", d_x.values(), gradient, Tolerances<Scalar>::kBackward);
      CHECK(y.intact());
      CHECK(d_x.intact());
    }
  }
}

TEST_CASE("activations on arrays agree with the twin") {
  for_each_isa([](const KernelTable& table) {
    check_activations<float>(table);
    check_activations<double>(table);
  });
}

}  // namespace
}  // namespace gatedcore::test
