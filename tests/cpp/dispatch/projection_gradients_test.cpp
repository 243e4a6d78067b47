#include "dispatch/projection_gradients.hpp"

#include "lstm_problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("what arrives at every h meets what was projected to it, on top of what stands there") {
  for_each_isa([](const KernelTable& table) {
    const float m[] = {1, 2, 3, 4, 5, 6}, w_r[] = {0, 0, 0};  // two sample-steps of three units
    float d_w_r[] = {10, 20, 30};
    LstmBackward<float> call;
    call.dims = {2, 1, 1, 3};
    call.projection = {w_r, 1};
    call.cache.m = const_cast<float*>(m);
    call.d_w_r = d_w_r;
    const ProjectionGradients<float> projection(call, 2);
    projection.call().d_h_all[0] = 1;
    projection.call().d_h_all[1] = 100;
    projection.add(table, 1);
    CHECK(d_w_r[0] == 10 + 401);
    CHECK(d_w_r[1] == 20 + 502);
    CHECK(d_w_r[2] == 30 + 603);
  });
}

TEST_CASE("without a projection there is nothing to add") {
  const ProjectionGradients<float> projection(LstmBackward<float>{}, 5);
  CHECK(projection.call().d_h_all == nullptr);
  projection.add(*find_kernels("baseline"), 1);
}

}  // namespace
}  // namespace gatedcore::test
