#include "reference/element.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

using reference::element;
using reference::element_or_zero;
using reference::state_before;

TEST_CASE("element follows strides of any sign") {
  const std::vector<float> plain = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};  // (T, B, F) = (2, 3, 2)
  for (const Layout layout : kLayouts) {
    SequenceArray<float> array(2, 3, 2, layout, plain);
    for (Index i = 0; i < 12; ++i) {
      CHECK(element(array.sequence(), i / 6, i % 6 / 2, i % 2) == plain[static_cast<std::size_t>(i)]);
    }
  }
}

TEST_CASE("absent arrays read as zeros") {
  const float values[] = {1, 2};
  CHECK(element_or_zero(values, 1) == 2);
  CHECK(element_or_zero<float>(nullptr, 1) == 0);
  CHECK(element_or_zero<float>({values, 1, 1}, 1, 0, 0) == 2);
  CHECK(element_or_zero<float>(Sequence<const float>{}, 1, 0, 0) == 0);
}

TEST_CASE("the state before the first step is the initial one") {
  const std::vector<float> h0 = {1, 2, 3, 4};
  SequenceArray<float> h(2, 2, 2, Layout::kTimeMajor, {5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(state_before(h.const_sequence(), h0.data(), 2, 0, 1, 0) == 3);
  CHECK(state_before<float>(h.const_sequence(), nullptr, 2, 0, 1, 0) == 0);
  CHECK(state_before(h.const_sequence(), h0.data(), 2, 1, 1, 0) == 7);
}

}  // namespace
}  // namespace gatedcore::test
