// Optimizer steps as they are shared out over threads, alone and with what stands around them.
#include "dispatch/run_step.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

// 6 million operations for Adam, 2 million for SGD: enough to deserve several threads.
constexpr Index kParameters = 500'003;

// Vectors of one step of any optimizer.
template <class Scalar>
struct Vectors {
  Guarded<Scalar> parameters, gradients, accumulated, average, m, v, w;

  explicit Vectors(Index count)
      : parameters(values(count, 1)),
        gradients(values(count, 2)),
        accumulated(values(count, 3)),
        average(values(count, 4)),
        m(count),
        v(count, Scalar(0.1)),
        w(count) {}
  // The same numbers, from another one on for each vector.
  static std::vector<Scalar> values(Index count, Index from) {
    static const std::vector<Scalar> numbers = [] {
      check::Random random(1);
      return random_array<Scalar>(random, kParameters + 4, 1);
    }();
    return {numbers.begin() + from, numbers.begin() + from + count};
  }
  std::vector<std::vector<Scalar>> all() const {
    return {parameters.values(), gradients.values(), accumulated.values(), average.values(), m.values(),
            v.values(),          w.values()};
  }
  bool intact() const {
    return parameters.intact() && gradients.intact() && accumulated.intact() && average.intact() && m.intact() &&
           v.intact() && w.intact();
  }
};

template <class Scalar>
void new_step(Vectors<Scalar>& v, AdamStep<Scalar>& step) {
  step = {v.parameters.size(), v.parameters.data(), v.gradients.data(), v.m.data(), v.v.data(), 0.1, 0.9, 0.99, 1e-7,
          v.w.data()};
}
template <class Scalar>
void new_step(Vectors<Scalar>& v, SgdStep<Scalar>& step) {
  step = {v.parameters.size(), v.parameters.data(), v.gradients.data(), v.m.data(), 0.1, 0.9, true};
}
template <class Scalar>
void new_step(Vectors<Scalar>& v, RmspropStep<Scalar>& step) {
  step = {v.parameters.size(),
          v.parameters.data(),
          v.gradients.data(),
          v.v.data(),
          v.m.data(),
          v.w.data(),
          0.1,
          0.9,
          0.9,
          1e-7};
}
template <class Scalar>
void new_step(Vectors<Scalar>& v, NadamStep<Scalar>& step) {
  step = {v.parameters.size(),
          v.parameters.data(),
          v.gradients.data(),
          v.m.data(),
          v.v.data(),
          0.1,
          0.1,
          1.5,
          0.9,
          0.99,
          1e-7};
}
template <class Scalar>
void new_step(Vectors<Scalar>& v, AdagradStep<Scalar>& step) {
  step = {v.parameters.size(), v.parameters.data(), v.gradients.data(), v.v.data(), 0.1, 1e-7};
}

template <class Scalar>
UpdateFrame<Scalar> new_frame(Vectors<Scalar>& v, Clip clip, double limit, const std::vector<Index>& ends) {
  return {v.accumulated.data(), 2,  clip, limit, ends.data(), static_cast<Index>(ends.size()), 0.01,
          v.average.data(),     0.1};
}

template <class Step, class Scalar>
void check_threads(const char* name, const KernelTable& table, Scalar) {
  const std::vector<Index> ends = {100, 100, 70'000, 300'001, kParameters};
  for (const Clip clip : {Clip::kNone, Clip::kNorm, Clip::kGlobalNorm}) {
    CONTEXT(name << ", clip " << static_cast<int>(clip));
    std::vector<std::vector<Scalar>> expected;
    for (const int threads : {1, 2, 3, 5}) {
      Vectors<Scalar> vectors(kParameters);
      const std::vector<Scalar> before = vectors.parameters.values();
      Step step;
      new_step(vectors, step);
      if (clip == Clip::kNone) {
        run_step(table, step, threads);
      } else {
        run_step(table, step, threads, new_frame(vectors, clip, 3.0, ends));
      }
      if (threads == 1) expected = vectors.all();
      const std::vector<std::vector<Scalar>> found = vectors.all();
      for (std::size_t k = 0; k < found.size(); ++k) CHECK(same_bits(found[k], expected[k]));
      CHECK(!same_bits(vectors.parameters.values(), before));
      CHECK(vectors.intact());
    }
  }
}

TEST_CASE("a step gives the same bits for any number of threads") {
  for_each_isa([](const KernelTable& table) {
    check_threads<AdamStep<float>>("adam", table, 0.0f);
    check_threads<SgdStep<float>>("sgd", table, 0.0f);
    check_threads<RmspropStep<float>>("rmsprop", table, 0.0f);
    check_threads<NadamStep<float>>("nadam", table, 0.0f);
    check_threads<AdagradStep<float>>("adagrad", table, 0.0f);
    check_threads<SgdStep<double>>("sgd", table, 0.0);
  });
}

// Keras's order, written out around a step of plain gradient descent.
template <class Scalar>
void check_frame(const KernelTable& table, Clip clip, Index count, double tolerance) {
  CONTEXT("clip " << static_cast<int>(clip) << ", count " << count << ", bytes " << sizeof(Scalar));
  const std::vector<Index> ends = {std::min<Index>(7, count), std::min<Index>(9000, count), count};
  Vectors<Scalar> vectors(count);
  const std::vector<std::vector<Scalar>> before = vectors.all();
  const double limit = 0.5;
  SgdStep<Scalar> step{count, vectors.parameters.data(), vectors.gradients.data()};
  step.rate = 0.1;
  run_step(table, step, 2, new_frame(vectors, clip, limit, ends));

  std::vector<double> mean, p, average;
  for (Index i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    mean.push_back((static_cast<double>(before[1][at]) + before[2][at]) / 2);
  }
  Index begin = 0;
  for (const Index end : clip == Clip::kNorm ? ends : std::vector<Index>{count}) {
    double squares = 0;
    for (Index i = begin; i < end; ++i)
      squares += mean[static_cast<std::size_t>(i)] * mean[static_cast<std::size_t>(i)];
    const bool by_norm = clip == Clip::kNorm || clip == Clip::kGlobalNorm;
    const double scale = by_norm ? limit / std::max(std::sqrt(squares), limit) : 1;
    for (Index i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double g = clip == Clip::kValue ? std::clamp(mean[at], -limit, limit) : scale * mean[at];
      p.push_back(before[0][at] * (1 - 0.01) - 0.1 * g);
      average.push_back(0.9 * before[3][at] + 0.1 * p.back());
    }
    begin = end;
  }
  check_close("parameters", vectors.parameters.values(), p, tolerance);
  check_close("average", vectors.average.values(), average, tolerance);
  CHECK(same_bits(vectors.gradients.values(), before[1]));
  CHECK(same_bits(vectors.accumulated.values(), std::vector<Scalar>(static_cast<std::size_t>(count))));
  CHECK(vectors.intact());
}

TEST_CASE("what stands around a step agrees with plain loops") {
  for_each_isa([](const KernelTable& table) {
    for (const Clip clip : {Clip::kNone, Clip::kValue, Clip::kNorm, Clip::kGlobalNorm}) {
      for (const Index count : {0, 1, 5, 511, 512, 513, 20'001}) {  // blocks have 512 elements, chunks 8192
        // Half a dozen roundings of numbers up to 1.
        check_frame<float>(table, clip, count, 3 * 1.2e-7);
        check_frame<double>(table, clip, count, 3 * 2.3e-16);
      }
    }
  });
}

TEST_CASE("a gradient that is no number stays one, and spoils no other") {
  for_each_isa([](const KernelTable& table) {
    Vectors<float> vectors(20);
    vectors.gradients.data()[3] = std::nanf("");
    AdagradStep<float> step;
    new_step(vectors, step);
    UpdateFrame<float> frame;
    frame.clip = Clip::kGlobalNorm;
    frame.limit = 1;
    run_step(table, step, 1, frame);
    for (Index i = 0; i < 20; ++i) CHECK(std::isnan(vectors.parameters.data()[i]) == (i == 3));
  });
}

TEST_CASE("an average moves alone") {
  for_each_isa([](const KernelTable& table) {
    Vectors<double> vectors(kParameters);
    const std::vector<double> p = vectors.parameters.values(), before = vectors.average.values();
    std::vector<double> expected(before);
    for (std::size_t k = 0; k < p.size(); ++k) expected[k] += 0.25 * (p[k] - before[k]);
    run_average(table, vectors.parameters.data(), vectors.average.data(), kParameters, 0.25, 3);
    check_close("average", vectors.average.values(), expected, 4e-16);  // a rounding or two of numbers up to 1
    CHECK(same_bits(vectors.parameters.values(), p));
  });
}

}  // namespace
}  // namespace gatedcore::test
