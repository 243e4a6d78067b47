#include "gemm/product.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

template <class Scalar>
void check_product(Index rows, Index columns, Start begin, Index second_depth) {
  CONTEXT("rows " << rows << " columns " << columns << " start " << check::show(begin) << " second " << second_depth);
  check::Random random(1);
  const Index depths[2] = {5, second_depth}, depth = 5 + second_depth;
  const Guarded<Scalar> left[2] = {random_array<Scalar>(random, rows * (depths[0] + 1), 1),
                                   random_array<Scalar>(random, rows * (depths[1] + 3), 1)};
  const Guarded<Scalar> w(random_array<Scalar>(random, depth * columns, 1));
  const Guarded<Scalar> bias(random_array<Scalar>(random, columns, 1));
  // Both segments' weights stand group by group one after the other, as pack_transposed fills them.
  Guarded<Scalar> packed(packed_size<Scalar>(depth, columns), 0, 0);
  pack_columns(w.data(), depth, columns, columns, packed.data());
  SequenceArray<Scalar> c(1, rows, columns, Layout::kPadded, random_array<Scalar>(random, rows * columns, 1));
  const std::vector<Scalar> before = c.values();

  Product<Scalar> p;
  p.rows = rows;
  p.columns = columns;
  p.a[0] = {left[0].data(), depths[0] + 1, depths[0]};
  p.a[1] = {left[1].data(), depths[1] + 3, depths[1]};
  p.packed = packed.data();
  p.start = begin;
  p.bias = bias.data();
  p.c = c.sequence().data;
  p.c_stride = c.sequence().b_stride;
  product(p);

  std::vector<double> expected;
  for (Index r = 0; r < rows; ++r) {
    for (Index j = 0; j < columns; ++j) {
      double sum = begin == Start::kBias     ? double(bias.data()[j])
                   : begin == Start::kResult ? double(before[r * columns + j])
                                             : 0;
      for (Index k = 0; k < depth; ++k) {
        const Scalar a = k < 5 ? left[0].data()[r * (depths[0] + 1) + k] : left[1].data()[r * (depths[1] + 3) + k - 5];
        sum += static_cast<double>(a) * w.data()[k * columns + j];
      }
      expected.push_back(sum);
    }
  }
  check_close("c", c.values(), expected, Tolerances<Scalar>::kForward);
  CHECK(c.intact());
}

template <class Scalar>
void check_products() {
  constexpr Index kLanes = Vec<Scalar>::kLanes;
  for (const Index rows : {1, 2, 3, 4, 5, 6, 7, 8, 13}) {
    for (const Index columns : {Index(1), kLanes, kLanes + 1, 2 * kLanes + 3, 4 * kLanes, 7 * kLanes - 1}) {
      for (const Start begin : {Start::kZero, Start::kBias, Start::kResult}) {
        check_product<Scalar>(rows, columns, begin, 0);
        check_product<Scalar>(rows, columns, begin, 3);
      }
    }
  }
}

TEST_CASE("products agree with plain loops and write nothing beside their result") {
  check_products<float>();
  check_products<double>();
}

}  // namespace
}  // namespace gatedcore::test
