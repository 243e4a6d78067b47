#include "dispatch/run_embedding.hpp"

#include <cstring>

#include "dispatch/parts.hpp"

namespace gatedcore {
namespace {

// Memory sets the pace: a row is a few cache lines, counted as so many operations for each of its elements.
constexpr double kOperationsPerElement = 8;

int threads_for(Index count, Index columns, Index parts, int threads) {
  return useful_threads(kOperationsPerElement * static_cast<double>(count) * static_cast<double>(columns), parts,
                        threads);
}

}  // namespace

Index first_unknown_token(const std::int32_t* tokens, Index count, Index rows) {
  for (Index i = 0; i < count; ++i) {
    if (tokens[i] < 0 || tokens[i] >= rows) return i;
  }
  return count;
}

template <class Scalar>
void run_embedding_forward(const std::int32_t* tokens, Index count, const Scalar* table, Index columns, Scalar* y,
                           int threads) {
  const int parts = threads_for(count, columns, count, threads);
  run_parts(parts, [&](int part) {
    const Range own = share(count, part, parts);
    for (Index i = own.begin; i < own.end; ++i) {
      std::memcpy(y + i * columns, table + tokens[i] * columns, static_cast<std::size_t>(columns) * sizeof(Scalar));
    }
  });
}

template <class Scalar>
void run_embedding_backward(const std::int32_t* tokens, Index count, const Scalar* d_y, Index rows, Index columns,
                            Scalar* d_table, int threads) {
  // Each thread reads all tokens and adds those whose rows of the table are its own.
  const int parts = threads_for(count, columns, rows, threads);
  run_parts(parts, [&](int part) {
    const Range own = share(rows, part, parts);
    for (Index i = 0; i < count; ++i) {
      if (tokens[i] < own.begin || tokens[i] >= own.end) continue;
      Scalar* to = d_table + tokens[i] * columns;
      const Scalar* from = d_y + i * columns;
      for (Index j = 0; j < columns; ++j) to[j] += from[j];
    }
  });
}

#define GATEDCORE_INSTANTIATE(Scalar)                                                                  \
  template void run_embedding_forward(const std::int32_t*, Index, const Scalar*, Index, Scalar*, int); \
  template void run_embedding_backward(const std::int32_t*, Index, const Scalar*, Index, Index, Scalar*, int);
GATEDCORE_INSTANTIATE(float)
GATEDCORE_INSTANTIATE(double)

}  // namespace gatedcore
