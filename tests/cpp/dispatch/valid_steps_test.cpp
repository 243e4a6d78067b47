#include "dispatch/valid_steps.hpp"

#include <numeric>

#include "check.hpp"

namespace gatedcore {
namespace {

StepMask mask_of(const std::vector<std::uint8_t>& bytes, Index T) { return {bytes.data(), 1, T}; }  // (B, T)

using Indices = std::vector<Index>;

TEST_CASE("rows are sorted by their valid steps, and steps packed") {
  // Rows of 1, 3, 0 and 3 valid steps: left padding, holes, nothing, right padding.
  const std::vector<std::uint8_t> bytes = {0, 0, 0, 1, /**/ 1, 0, 1, 1, /**/ 0, 0, 0, 0, /**/ 1, 1, 1, 0};
  const ValidSteps v(mask_of(bytes, 4), 4, 4);
  CHECK(v.count == 7);
  CHECK((v.row == Indices{1, 3, 0, 2}));
  CHECK((v.steps == Indices{3, 3, 1, 0}));
  CHECK((v.first == Indices{0, 3, 5}));
  CHECK((v.time == Indices{0, 0, 3, 2, 1, 3, 2}));
  CHECK(v.runs.size() == 2u);
  CHECK(v.runs[0].begin == 0);
  CHECK(v.runs[0].end == 1);
  CHECK(v.runs[0].rows == 3);
  CHECK(v.runs[0].first == 0);
  CHECK(v.runs[1].begin == 1);
  CHECK(v.runs[1].end == 3);
  CHECK(v.runs[1].rows == 2);
  CHECK(v.runs[1].first == 3);
}

TEST_CASE("a mask that keeps every step changes nothing") {
  const std::vector<std::uint8_t> bytes(5 * 3, 1);
  const ValidSteps v(mask_of(bytes, 5), 5, 3);
  CHECK((v.row == Indices{0, 1, 2}));
  CHECK(v.count == 15);
  CHECK(v.runs.size() == 1u);
  CHECK(v.runs[0].rows == 3);
  CHECK(v.runs[0].end == 5);
  for (Index i = 0; i < 15; ++i) CHECK(v.time[std::size_t(i)] == i / 3);
}

TEST_CASE("no steps and no rows") {
  const std::vector<std::uint8_t> none(6, 0);
  const ValidSteps masked(mask_of(none, 3), 3, 2);
  CHECK(masked.count == 0);
  CHECK(masked.runs.empty());
  CHECK(masked.share(0, 1).end == 2);
  const ValidSteps no_rows(mask_of(none, 3), 3, 0);
  CHECK(no_rows.count == 0);
  const ValidSteps no_time(mask_of(none, 0), 0, 2);
  CHECK(no_time.count == 0);
}

TEST_CASE("shares cover every row once, with about as many steps each") {
  check::Random random(1);
  constexpr Index T = 40, B = 23;
  std::vector<std::uint8_t> bytes(T * B);
  for (Index b = 0; b < B; ++b) {
    for (Index t = 0, n = random.integer(0, T); t < n; ++t) bytes[std::size_t(b * T + t)] = 1;
  }
  const ValidSteps v(mask_of(bytes, T), T, B);
  for (const int parts : {1, 2, 3, 7, 23}) {
    CONTEXT("parts " << parts);
    Index next = 0;
    for (int part = 0; part < parts; ++part) {
      const Range range = v.share(part, parts);
      CHECK(range.begin == next);
      CHECK(range.end >= range.begin);
      CHECK(range.end - range.begin <= v.largest_share(parts));
      next = range.end;
      const Index steps = std::accumulate(v.steps.begin() + range.begin, v.steps.begin() + range.end, Index(0));
      CHECK(steps <= v.count / parts + T);
    }
    CHECK(next == B);
  }
}

}  // namespace
}  // namespace gatedcore
