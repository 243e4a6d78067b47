#include "sequence/dropout.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("rows are multiplied by rows of factors, or all by one") {
  check::Random random(1);
  for (const Index width : sizes_around(Vec<float>::kLanes)) {
    const Guarded<float> from(random_array<float>(random, 3 * (width + 2), 1)),
        m(random_array<float>(random, 3 * width, 1));
    for (const Index m_stride : {width, Index(0)}) {
      Guarded<float> to(3 * (width + 1), 7);
      scale_rows<float>(3, width, {from.data(), width + 2}, {m.data(), m_stride}, {to.data(), width + 1});
      for (Index row = 0; row < 3; ++row) {
        for (Index k = 0; k < width; ++k) {
          CHECK(to.data()[row * (width + 1) + k] == from.data()[row * (width + 2) + k] * m.data()[row * m_stride + k]);
        }
        CHECK(to.data()[row * (width + 1) + width] == 7);
      }
      CHECK(to.intact());
    }
  }
}

TEST_CASE("states take the factors of their rows, alone and in sums") {
  check::Random random(2);
  const Range rows{1, 4};
  for (const Index H : sizes_around(Vec<float>::kLanes)) {
    const Index stride = state_stride<float>(H);
    const Guarded<float> m(random_array<float>(random, 5 * H, 1)), from(random_array<float>(random, 5 * H, 1));
    Guarded<float> state(3 * stride, 7, 0), sum(3 * stride, 7, 0);
    load_state(from.data(), rows, H, state.data());
    load_state(from.data(), rows, H, sum.data());
    scale_state<float>(nullptr, rows, H, state.data());
    add_scaled_state(m.data(), rows, H, {0, H}, state.data(), sum.data());
    scale_state(m.data(), rows, H, state.data());
    for (Index row = 0; row < 3; ++row) {
      for (Index u = 0; u < stride; ++u) {
        const float value = u < H ? from.data()[(1 + row) * H + u] : 0,
                    factor = u < H ? m.data()[(1 + row) * H + u] : 0;
        CHECK(state.data()[row * stride + u] == value * factor);
        CHECK_NEAR(sum.data()[row * stride + u], value + value * factor,
                   2.4e-7);  // fused or not: two roundings of up to 2
      }
    }
    CHECK(state.intact());
    CHECK(sum.intact());
  }
}

TEST_CASE("the input of a step and of some steps of a lone row, with factors and without") {
  check::Random random(3);
  const Dims dims{6, 4, 5, 1};
  const Range rows{1, 3};
  const std::vector<float> values = random_array<float>(random, 6 * 4 * 5, 1);
  const Guarded<float> m(random_array<float>(random, 4 * 5, 1));
  for (const Layout layout : kLayouts) {
    SequenceArray<float> x(6, 4, 5, layout, values);
    for (const bool lone : {false, true}) {
      const Range part = lone ? Range{2, 3} : rows;
      const Index steps = lone ? 3 : 1, count = lone ? steps : part.end - part.begin;
      for (const bool factors : {false, true}) {
        const float* m_x = factors ? m.data() : nullptr;
        Guarded<float> scratch(scaled_input_size(m_x, dims, part.end - part.begin, 3), 7, 0);
        const Segment<float> found = input_rows(x.const_sequence(), m_x, dims, part, 2, steps, scratch.data());
        CHECK(found.depth == 5);
        for (Index r = 0; r < count; ++r) {
          const Index t = lone ? 2 + r : 2, b = lone ? part.begin : part.begin + r;
          for (Index k = 0; k < 5; ++k) {
            const float value = values[static_cast<std::size_t>((t * 4 + b) * 5 + k)];
            CHECK(found.data[r * found.row_stride + k] == (factors ? value * m.data()[b * 5 + k] : value));
          }
        }
        CHECK(scratch.intact());
      }
    }
  }
}

TEST_CASE("gradients of the input take the factors of their rows, in the steps asked for") {
  check::Random random(4);
  const Dims dims{4, 3, 5, 1};
  const std::vector<float> values = random_array<float>(random, 4 * 3 * 5, 1);
  const Guarded<float> m(random_array<float>(random, 3 * 5, 1));
  SequenceArray<float> d_x(4, 3, 5, Layout::kBatchMajor, values);
  scale_gradients<float>(d_x.sequence(), nullptr, dims, {0, 4});
  scale_gradients<float>(d_x.sequence(), m.data(), dims, {1, 3});
  const std::vector<float> found = d_x.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Index t = Index(i) / 15;
    CHECK(found[i] == (t == 1 || t == 2 ? values[i] * m.data()[i % 15] : values[i]));
  }
}

}  // namespace
}  // namespace gatedcore::test
