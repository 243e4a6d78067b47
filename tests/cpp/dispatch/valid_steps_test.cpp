#include "dispatch/valid_steps.hpp"

#include "check.hpp"

namespace gatedcore {
namespace {

StepMask mask_of(const std::vector<std::uint8_t>& bytes, Index T) { return {bytes.data(), 1, T}; }  // (B, T)
constexpr StepMask kNone{};

using Indices = std::vector<Index>;

// One number of every piece.
Indices each(const ValidSteps& v, Index Piece::*number) {
  Indices numbers;
  for (const Piece& piece : v.pieces) numbers.push_back(piece.*number);
  return numbers;
}

TEST_CASE("rows are sorted by their valid steps, and steps packed") {
  // Rows of 1, 3, 0 and 3 valid steps: left padding, holes, nothing, right padding.
  const std::vector<std::uint8_t> bytes = {0, 0, 0, 1, /**/ 1, 0, 1, 1, /**/ 0, 0, 0, 0, /**/ 1, 1, 1, 0};
  const ValidSteps v(mask_of(bytes, 4), kNone, 4, 4);
  CHECK(v.count == 7);
  CHECK((each(v, &Piece::row) == Indices{1, 3, 0, 2}));
  CHECK((each(v, &Piece::valid) == Indices{3, 3, 1, 0}));
  CHECK((v.first == Indices{0, 3, 5}));
  CHECK((v.time == Indices{0, 0, 3, 2, 1, 3, 2}));
  CHECK(v.runs.size() == 2u);
  CHECK(v.runs[0].begin == 0);
  CHECK(v.runs[0].end == 1);
  CHECK(v.runs[0].pieces == 3);
  CHECK(v.runs[0].first == 0);
  CHECK(v.runs[1].begin == 1);
  CHECK(v.runs[1].end == 3);
  CHECK(v.runs[1].pieces == 2);
  CHECK(v.runs[1].first == 3);
}

TEST_CASE("a mask that keeps every step changes nothing") {
  const std::vector<std::uint8_t> bytes(5 * 3, 1);
  const ValidSteps v(mask_of(bytes, 5), kNone, 5, 3);
  CHECK((each(v, &Piece::row) == Indices{0, 1, 2}));
  CHECK(v.count == 15);
  CHECK(v.runs.size() == 1u);
  CHECK(v.runs[0].pieces == 3);
  CHECK(v.runs[0].end == 5);
  for (Index i = 0; i < 15; ++i) CHECK(v.time[std::size_t(i)] == i / 3);
}

TEST_CASE("a reset begins a new piece, at a step that counts or not") {
  // One row, reset before steps 0, 2 and 3 of 5; step 2 does not count.
  const std::vector<std::uint8_t> counts = {1, 1, 0, 1, 1}, resets = {1, 0, 1, 1, 0};
  const ValidSteps v(mask_of(counts, 5), mask_of(resets, 5), 5, 1);
  CHECK((each(v, &Piece::begin) == Indices{0, 3, 2}));
  CHECK((each(v, &Piece::end) == Indices{2, 5, 3}));
  CHECK((each(v, &Piece::valid) == Indices{2, 2, 0}));
  CHECK((v.time == Indices{0, 3, 1, 4}));
  for (const Piece& piece : v.pieces) {
    CHECK(!piece.starts_row);
    CHECK(piece.ends_row == (piece.end == 5));
  }
  const ValidSteps unreset(kNone, kNone, 5, 1);
  CHECK(unreset.pieces.size() == 1u);
  CHECK(unreset.pieces[0].starts_row);
  CHECK(unreset.pieces[0].ends_row);
  CHECK(unreset.count == 5);
}

TEST_CASE("no steps and no rows") {
  const std::vector<std::uint8_t> none(6, 0);
  const ValidSteps masked(mask_of(none, 3), kNone, 3, 2);
  CHECK(masked.count == 0);
  CHECK(masked.runs.empty());
  CHECK(masked.share(0, 1).end == 2);
  const ValidSteps no_rows(mask_of(none, 3), kNone, 3, 0);
  CHECK(no_rows.count == 0);
  const ValidSteps no_time(mask_of(none, 0), kNone, 0, 2);
  CHECK(no_time.count == 0);
}

TEST_CASE("shares cover every row once, with about as many steps each") {
  check::Random random(1);
  constexpr Index T = 40, B = 23;
  std::vector<std::uint8_t> bytes(T * B);
  for (Index b = 0; b < B; ++b) {
    for (Index t = 0, n = random.integer(0, T); t < n; ++t) bytes[std::size_t(b * T + t)] = 1;
  }
  const ValidSteps v(mask_of(bytes, T), kNone, T, B);
  for (const int parts : {1, 2, 3, 7, 23}) {
    CONTEXT("parts " << parts);
    Index next = 0;
    for (int part = 0; part < parts; ++part) {
      const Range range = v.share(part, parts);
      CHECK(range.begin == next);
      CHECK(range.end >= range.begin);
      CHECK(range.end - range.begin <= v.largest_share(parts));
      next = range.end;
      Index steps = 0;
      for (Index p = range.begin; p < range.end; ++p) steps += v.pieces[std::size_t(p)].valid;
      CHECK(steps <= v.count / parts + T);
    }
    CHECK(next == B);  // a piece is a row here
  }
}

}  // namespace
}  // namespace gatedcore
