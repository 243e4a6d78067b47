// What run.hpp offers beside the layers: activations on arrays, and optimizer steps that may be shared out over
// threads.
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

// 3 million operations for Adam, 2 million for SGD: enough to deserve several threads.
constexpr Index kParameters = 500'003;

TEST_CASE("an Adam step gives the same bits for any number of threads") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    const std::vector<float> p = random_array<float>(random, kParameters, 1),
                             g = random_array<float>(random, kParameters, 1);
    std::vector<float> expected;
    for (const int threads : {1, 2, 3, 5}) {
      Guarded<float> parameters(p), m(kParameters), v(kParameters);
      const Guarded<float> gradients(g);
      AdamStep<float> step;
      step.count = kParameters;
      step.parameters = parameters.data();
      step.gradients = gradients.data();
      step.m = m.data();
      step.v = v.data();
      step.rate = 0.1f;
      step.beta_1 = 0.9f;
      step.beta_2 = 0.999f;
      step.epsilon = 1e-7f;
      run_adam_step(table, step, threads);
      if (threads == 1) expected = parameters.values();
      CHECK(same_bits(parameters.values(), expected));
      CHECK(!same_bits(parameters.values(), p));
      CHECK(parameters.intact());
    }
  });
}

TEST_CASE("an SGD step gives the same bits for any number of threads") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    const std::vector<float> p = random_array<float>(random, kParameters, 1),
                             g = random_array<float>(random, kParameters, 1);
    std::vector<float> expected;
    for (const int threads : {1, 2, 3, 5}) {
      Guarded<float> parameters(p);
      const Guarded<float> gradients(g);
      SgdStep<float> step;
      step.count = kParameters;
      step.parameters = parameters.data();
      step.gradients = gradients.data();
      step.rate = 0.1f;
      run_sgd_step(table, step, threads);
      if (threads == 1) expected = parameters.values();
      CHECK(same_bits(parameters.values(), expected));
      CHECK(!same_bits(parameters.values(), p));
      CHECK(parameters.intact());
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
