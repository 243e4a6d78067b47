#include "sequence/state.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_stride() {
  for (Index H = 1; H <= 1100; ++H) {
    const Index stride = state_stride<Scalar>(H);
    CHECK(stride >= block_count<Scalar>(H) * Vec<Scalar>::kLanes);
    CHECK(stride * Index(sizeof(Scalar)) % 64 == 0);
    CHECK(stride * Index(sizeof(Scalar)) % 4096 != 0);
  }
}

TEST_CASE("state rows hold whole vectors, begin on cache lines and never stand 4096 bytes apart") {
  check_stride<float>();
  check_stride<double>();
}

TEST_CASE("a state takes rows of an array, pads with zeros and gives them back") {
  check::Random random(1);
  for (const Index H : sizes_around(Vec<float>::kLanes)) {
    const Index stride = state_stride<float>(H);
    const Guarded<float> from(random_array<float>(random, 5 * H, 1));
    Guarded<float> state(3 * stride, 7, 0), to(5 * H, 7);
    const Range rows{1, 4};
    load_state(from.data(), rows, H, state.data());
    for (Index i = 0; i < 3 * stride; ++i) {
      CHECK(state.data()[i] == (i % stride < H ? from.data()[(1 + i / stride) * H + i % stride] : 0.0f));
    }
    store_state(state.data(), rows, H, to.data());
    for (Index i = 0; i < 5 * H; ++i) {
      CHECK(to.data()[i] == (i / H >= rows.begin && i / H < rows.end ? from.data()[i] : 7.0f));
    }
    store_state<float>(state.data(), rows, H, nullptr);
    load_state<float>(nullptr, rows, H, state.data());
    for (Index i = 0; i < 3 * stride; ++i) CHECK(state.data()[i] == 0);
    CHECK(state.intact());
    CHECK(to.intact());
  }
}

TEST_CASE("for_sample_rows visits every sample-step of its steps once") {
  for (const Layout layout : kLayouts) {
    for (const Range steps : {Range{0, 7}, Range{2, 4}, Range{3, 3}}) {
      const Index T = 7, B = 3;
      SequenceArray<float> array(T, B, 1, layout, std::vector<float>(static_cast<std::size_t>(T * B)));
      const Sequence<float> sequence = array.sequence();
      for_sample_rows(sequence, B, steps, [&](Index t, Index b, Index rows, Index gate_rows, Index stride) {
        // The row of gates that belongs to a row of the sequence is gate_rows further for each.
        for (Index r = 0; r < rows; ++r)
          at(sequence, t, b)[r * stride] += static_cast<float>(1 + t * B + b + r * gate_rows);
      });
      const std::vector<float> visits = array.values();
      for (Index i = 0; i < T * B; ++i) {
        const bool inside = i / B >= steps.begin && i / B < steps.end;
        CHECK(visits[static_cast<std::size_t>(i)] == (inside ? static_cast<float>(1 + i) : 0.0f));
      }
    }
  }
}

TEST_CASE("a sequence that is absent has no rows") { CHECK(at(Sequence<float>{}, 3, 2) == nullptr); }

}  // namespace
}  // namespace gatedcore::test
