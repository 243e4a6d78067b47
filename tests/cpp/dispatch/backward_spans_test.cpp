#include "dispatch/backward_spans.hpp"

#include "check.hpp"

namespace gatedcore {
namespace {

TEST_CASE("spans cover all steps and sample-steps once, in whole chunks, each where its chunk begins") {
  for (const Index T : {1, 2, 7, 100}) {
    for (const Index B : {1, 3, 128}) {
      for (const Index steps : {1, 2, 5, 100}) {
        for (const Index chunk : {4, 128}) {
          CONTEXT("T " << T << " B " << B << " steps " << steps << " chunk " << chunk);
          BackwardSpans spans({T, B, 1, 1}, chunk, steps);
          Index next_step = T, next_sample = T * B;
          while (spans.next()) {
            CHECK(spans.steps().end == next_step);
            CHECK(spans.steps().begin < next_step);
            CHECK(spans.steps().end - spans.steps().begin <= steps);
            CHECK(spans.samples().end == next_sample);
            CHECK(spans.samples().begin <= next_sample);
            CHECK((spans.samples().begin % chunk == 0 || spans.samples().begin == next_sample));
            // All whose chunk begins in the span, and none before it: those have no gradients yet.
            CHECK(spans.samples().begin >= spans.steps().begin * B);
            CHECK((spans.samples().begin - spans.steps().begin * B < chunk));
            CHECK(spans.is_last_of_call() == (next_step == T));
            CHECK(spans.is_whole_call() == (steps >= T));
            next_step = spans.steps().begin;
            next_sample = spans.samples().begin;
          }
          CHECK(spans.is_first_of_call());
          CHECK(next_step == 0);
          CHECK(next_sample == 0);
        }
      }
    }
  }
}

TEST_CASE("no steps are no span") { CHECK(!BackwardSpans({0, 3, 1, 1}, 128, 1).next()); }

TEST_CASE("spans are as long as their gates fit, and all steps where the weights are many") {
  const Dims small{200, 128, 32, 64};
  CHECK(span_steps<float>(small, 4, 1) == 4);
  CHECK(span_steps<float>(small, 4, 2) == 8);
  CHECK(span_steps<double>(small, 4, 1) == 2);
  CHECK(span_steps<float>({200, 5000, 32, 64}, 4, 1) == 1);
  CHECK(span_steps<float>({3, 1, 32, 64}, 4, 1) == 3);
  CHECK(span_steps<float>({200, 32, 256, 256}, 4, 1) == 200);
  CHECK(span_steps<float>({0, 1, 1, 1}, 4, 1) == 1);
}

}  // namespace
}  // namespace gatedcore
