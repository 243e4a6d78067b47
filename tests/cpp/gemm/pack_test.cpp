#include "gemm/pack.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
std::vector<Index> unit_counts() {
  return sizes_around(Vec<Scalar>::kLanes);
}

template <class Scalar>
void check_gate_rows() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  check::Random random(1);
  for (const Index H : unit_counts<Scalar>()) {
    CONTEXT("H " << H);
    const Index rows = 3, gates = 4, stride = gates * H, blocks = block_count<Scalar>(H);
    const Index row = 2 * kLanes, panel = rows * row + 5;  // panels have a gap
    const Guarded<Scalar> w(random_array<Scalar>(random, rows * stride, 1));
    Guarded<Scalar> to(blocks * panel - 5, Scalar(kGuard), 0);
    pack_gate_rows(w.data(), rows, stride, {H, H, 1, 2}, panel, to.data());
    CHECK(to.intact());
    for (Index i = 0; i < to.size(); ++i) {
      const Index in_panel = i % panel, k = in_panel / row, q = in_panel % row / kLanes;
      const Index unit = i / panel * kLanes + in_panel % kLanes;
      Scalar expected = unit < H ? w.data()[k * stride + (1 + q) * H + unit] : Scalar(0);
      if (in_panel >= rows * row) expected = Scalar(kGuard);
      CHECK(to.data()[i] == expected);
    }
  }
}

TEST_CASE("pack_gate_rows sets the gates of a block side by side and pads with zeros") {
  check_gate_rows<float>();
  check_gate_rows<double>();
}

TEST_CASE("pack_bias packs zeros for no bias") {
  constexpr Index kLanes = Vec<float>::kLanes;
  const Index H = kLanes + 1;
  check::Random random(2);
  const Guarded<float> b(random_array<float>(random, 3 * H, 1));
  const Index panel = 2 * kLanes + 1;
  Guarded<float> to(2 * panel - 1, 7, 0);
  pack_bias(b.data(), {H, H, 1, 2}, panel, to.data());
  for (Index q = 0; q < 2; ++q) {
    for (Index u = 0; u < 2 * kLanes; ++u) {
      const float expected = u < H ? b.data()[(1 + q) * H + u] : 0.0F;
      CHECK(to.data()[u / kLanes * panel + q * kLanes + u % kLanes] == expected);
    }
  }
  CHECK(to.data()[2 * kLanes] == 7);
  pack_bias<float>(nullptr, {H, H, 0, 2}, panel, to.data());
  for (Index i = 0; i < to.size(); ++i) CHECK(to.data()[i] == (i == 2 * kLanes ? 7.0F : 0.0F));
  CHECK(to.intact());
}

// Row k and column j of a packed operand, read as products read it.
template <class Scalar>
Scalar packed_at(const Guarded<Scalar>& packed, Index depth, Index columns, Index k, Index j) {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  const Index vectors = block_count<Scalar>(columns);
  Index first = 0;
  while (j / kLanes >= first + group_width(vectors, first)) first += group_width(vectors, first);
  const Index width = group_width(vectors, first);
  return packed.data()[panel_offset<Scalar>(depth, first) + (k * width + j / kLanes - first) * kLanes + j % kLanes];
}

template <class Scalar>
void check_columns(Index columns) {
  CONTEXT("columns " << columns);
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  check::Random random(3);
  const Index depth = 5, stride = columns + 2;
  const Guarded<Scalar> w(random_array<Scalar>(random, depth * stride, 1));
  Guarded<Scalar> packed(packed_size<Scalar>(depth, columns), Scalar(kGuard), 0);
  pack_columns(w.data(), depth, columns, stride, packed.data());
  CHECK(packed.intact());
  for (Index k = 0; k < depth; ++k) {
    for (Index j = 0; j < block_count<Scalar>(columns) * kLanes; ++j) {
      CHECK(packed_at(packed, depth, columns, k, j) == (j < columns ? w.data()[k * stride + j] : Scalar(0)));
    }
  }
}

TEST_CASE("pack_columns groups columns by four, two and one vectors") {
  for (Index vectors = 1; vectors <= 9; ++vectors) {
    check_columns<float>(vectors * Vec<float>::kLanes);
    check_columns<float>(vectors * Vec<float>::kLanes - 1);
    check_columns<double>((vectors - 1) * Vec<double>::kLanes + 1);
  }
}

template <class Scalar>
void check_transposed(Index H) {
  CONTEXT("H " << H);
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  check::Random random(4);
  const Index columns = kLanes + 2, gates = 3, stride = gates * H, first = 1, count = 2, before = 4;
  const Index depth = before + count * H;
  const Guarded<Scalar> w(random_array<Scalar>(random, columns * stride, 1));
  Guarded<Scalar> packed(packed_size<Scalar>(depth, columns), Scalar(kGuard), 0);
  pack_transposed(TransposedGates<Scalar>{w.data(), columns, stride, H, int(first), int(count)}, depth, before,
                  packed.data());
  CHECK(packed.intact());
  for (Index j = 0; j < block_count<Scalar>(columns) * kLanes; ++j) {
    for (Index k = 0; k < before; ++k) CHECK(packed_at(packed, depth, columns, k, j) == Scalar(kGuard));
    for (Index u = 0; u < H; ++u) {
      for (Index q = 0; q < count; ++q) {
        const Index block = u / kLanes * kLanes;
        const Index k = before + count * block + q * std::min(kLanes, H - block) + u - block;
        const Scalar expected = j < columns ? w.data()[j * stride + (first + q) * H + u] : Scalar(0);
        CHECK(packed_at(packed, depth, columns, k, j) == expected);
      }
    }
  }
}

TEST_CASE("pack_transposed has its rows in the order of a cache row") {
  for (const Index H : unit_counts<float>()) check_transposed<float>(H);
  for (const Index H : unit_counts<double>()) check_transposed<double>(H);
}

template <class Scalar>
void check_transpose_matrix(Index rows, Index columns) {
  CONTEXT("rows " << rows << " columns " << columns);
  check::Random random(5);
  const Index from_stride = columns + 1, to_stride = rows + 2;  // both have a gap
  const Guarded<Scalar> from(random_array<Scalar>(random, rows * from_stride, 1));
  Guarded<Scalar> to(columns * to_stride, Scalar(kGuard), 0);
  transpose_matrix(from.data(), from_stride, rows, columns, to.data(), to_stride);
  CHECK(to.intact());
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < to_stride; ++i) {
      CHECK(to.data()[j * to_stride + i] == (i < rows ? from.data()[i * from_stride + j] : Scalar(kGuard)));
    }
  }
}

TEST_CASE("transpose_matrix turns whole squares and what is left of them, and nothing between rows") {
  for (const Index rows : {0, 1, 3, 4, 63, 64, 65, 130}) {
    for (const Index columns : {0, 1, 5, 64, 66, 129}) {
      check_transpose_matrix<float>(rows, columns);
      check_transpose_matrix<double>(rows, columns);
    }
  }
}

TEST_CASE("for_blocks visits every unit of every row once") {
  for (const Index H : unit_counts<float>()) {
    std::vector<int> visits(static_cast<std::size_t>(3 * H));
    for_blocks<float>(3, {0, H}, [&](Index row, Index unit, Index width) {
      CHECK(width == block_width<float>(H, unit));
      for (Index u = unit; u < unit + width; ++u) ++visits[static_cast<std::size_t>(row * H + u)];
    });
    for (const int count : visits) CHECK(count == 1);
  }
}

}  // namespace
}  // namespace gatedcore::test
