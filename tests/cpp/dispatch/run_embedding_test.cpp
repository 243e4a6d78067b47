#include "dispatch/run_embedding.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("the first token without a row is found") {
  const std::int32_t tokens[] = {0, 4, 2, 5, -1};
  CHECK(first_unknown_token(tokens, 5, 6) == 4);
  CHECK(first_unknown_token(tokens, 5, 5) == 3);
  CHECK(first_unknown_token(tokens, 3, 5) == 3);
  CHECK(first_unknown_token(tokens, 0, 0) == 0);
}

template <class Scalar>
void check_rows(Index count, Index columns) {
  CONTEXT("count " << count << " columns " << columns);
  check::Random random(1);
  const Index rows = 7;
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) tokens[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i * i % rows);
  const Guarded<Scalar> table(random_array<Scalar>(random, rows * columns, 1));
  const Guarded<Scalar> d_y(random_array<Scalar>(random, count * columns, 1));
  for (const int threads : {1, 3}) {
    Guarded<Scalar> y(count * columns, Scalar(0)), d_table(rows * columns, Scalar(2));
    run_embedding_forward(tokens.data(), count, table.data(), columns, y.data(), threads);
    run_embedding_backward(tokens.data(), count, d_y.data(), rows, columns, d_table.data(), threads);
    CHECK(y.intact());
    CHECK(d_table.intact());
    std::vector<Scalar> sums(static_cast<std::size_t>(rows * columns), Scalar(2));
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < columns; ++j) {
        const Index at = tokens[static_cast<std::size_t>(i)] * columns + j;
        CHECK(y.data()[i * columns + j] == table.data()[at]);
        sums[static_cast<std::size_t>(at)] += d_y.data()[i * columns + j];
      }
    }
    CHECK(same_bits(d_table.values(), sums));
  }
}

TEST_CASE("rows go out by token, and their gradients come back summed in order, with any number of threads") {
  check_rows<float>(0, 3);
  check_rows<float>(5, 1);
  check_rows<double>(11, 17);
  check_rows<float>(9000, 64);  // work for several threads
}

}  // namespace
}  // namespace gatedcore::test
