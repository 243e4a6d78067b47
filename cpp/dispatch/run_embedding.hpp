// Rows of a table by token, and the sums of the gradients that arrive at them.
#pragma once

#include <cstdint>

#include "core/types.hpp"

namespace gatedcore {

// The first of count tokens outside of [0, rows); count if there is none.
Index first_unknown_token(const std::int32_t* tokens, Index count, Index rows);

// y (count, columns): row tokens[i] of the table (rows, columns). Tokens are trusted.
template <class Scalar>
void run_embedding_forward(const std::int32_t* tokens, Index count, const Scalar* table, Index columns, Scalar* y,
                           int threads);

// d_table (rows, columns) += the rows of d_y (count, columns) at their tokens, in the order of the tokens: the same
// bits for any number of threads.
template <class Scalar>
void run_embedding_backward(const std::int32_t* tokens, Index count, const Scalar* d_y, Index rows, Index columns,
                            Scalar* d_table, int threads);

}  // namespace gatedcore
