// gate_rows.hpp: each element of each gate stands where it belongs, both ways.
#include "dispatch/gate_rows.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_there_and_back(const KernelTable& table, Index H, Index F) {
  CONTEXT("H " << H << " F " << F << " bytes " << sizeof(Scalar));
  const Index blocks[] = {1, 2, 0}, gates = 3;
  const GateRows shape{blocks, gates, H, F};
  check::Random random(1);
  const auto rows = random_array<Scalar>(random, gates * H * F, 1);
  std::vector<Scalar> columns(rows.size()), back(rows.size());
  columns_from_rows(table, shape, rows.data(), columns.data());
  for (Index q = 0; q < gates; ++q) {
    for (Index unit = 0; unit < H; ++unit) {
      for (Index f = 0; f < F; ++f) {
        const Scalar wanted = rows[static_cast<std::size_t>((blocks[q] * H + unit) * F + f)];
        CHECK(columns[static_cast<std::size_t>(f * gates * H + q * H + unit)] == wanted);
      }
    }
  }
  rows_from_columns(table, shape, columns.data(), back.data());
  CHECK(same_bits(back, rows));
}

TEST_CASE("gates in rows become gates side by side, and rows again") {
  for_each_isa([](const KernelTable& table) {
    for (const Index H : {1, 5, 66}) {
      for (const Index F : {0, 1, 4, 65}) {
        check_there_and_back<float>(table, H, F);
        check_there_and_back<double>(table, H, F);
      }
    }
  });
}

}  // namespace
}  // namespace gatedcore::test
