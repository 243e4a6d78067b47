// run_row_step.hpp: any number of threads gives the same bits, and denormals count as zeros.
#include "dispatch/run_row_step.hpp"

#include <limits>

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_threads(const KernelTable& table, RowStepCell cell) {
  const Index B = 2, I = 300, H = 517, G = cell == RowStepCell::kLstm ? 4 : 3;  // more than 2 MFLOP
  check::Random random(1);
  const auto x = random_array<Scalar>(random, B * I, 1), h0 = random_array<Scalar>(random, B * H, 1);
  const auto w_x = random_array<Scalar>(random, G * H * I, 0.1), w_h = random_array<Scalar>(random, G * H * H, 0.1);
  std::vector<Scalar> first;
  for (const int threads : {1, 2, 3}) {
    CONTEXT("threads " << threads << " bytes " << sizeof(Scalar));
    std::vector<Scalar> h(B * H), c(B * H);
    RowStepForward<Scalar> call;
    call.B = B;
    call.I = I;
    call.H = H;
    call.x = x.data();
    call.h_prev = h0.data();
    call.w_x = w_x.data();
    call.w_h = w_h.data();
    call.h = h.data();
    call.c = cell == RowStepCell::kLstm ? c.data() : nullptr;
    run_row_step(table, cell, call, threads);
    if (first.empty()) first = h;
    CHECK(same_bits(h, first));
  }
}

TEST_CASE("any number of threads gives the same bits") {
  for_each_isa([](const KernelTable& table) {
    for (const RowStepCell cell : {RowStepCell::kLstm, RowStepCell::kGru}) {
      check_threads<float>(table, cell);
      check_threads<double>(table, cell);
    }
  });
}

TEST_CASE("denormals count as zeros, both ways") {
  const float tiny = std::numeric_limits<float>::denorm_min(), zero = 0, half = 0.5f, huge = 1e38f;
  for_each_isa([&](const KernelTable& table) {
    const float weights[4] = {huge, huge, huge, huge};
    float h = 0, c = 0, of_zero = 0;
    RowStepForward<float> call;
    call.B = call.I = call.H = 1;
    call.w_x = call.w_h = weights;
    call.h = &h;
    call.c = &c;
    call.x = &zero;
    run_row_step(table, RowStepCell::kLstm, call, 1);
    of_zero = h;
    call.x = &tiny;
    run_row_step(table, RowStepCell::kLstm, call, 1);
    CHECK(h == of_zero);

    const float gates[4] = {half, half, half, half};
    float d_a[4], d_c_prev = 1;
    RowStepBackward<float> back;
    back.B = back.H = 1;
    back.gates = gates;
    back.c = &half;
    back.d_c = &tiny;
    back.d_a_x = d_a;
    back.d_c_prev = &d_c_prev;
    run_row_step_backward(table, RowStepCell::kLstm, back);
    CHECK(d_c_prev == 0);
  });
}

}  // namespace
}  // namespace gatedcore::test
