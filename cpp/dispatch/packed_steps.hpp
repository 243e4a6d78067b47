// The sample-steps of a masked call as its packed batches have them (valid_steps.hpp): their rows, their states, and
// the way to them from a caller's arrays and back.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "core/buffer.hpp"
#include "dispatch/cell_calls.hpp"
#include "dispatch/run_masked.hpp"

namespace gatedcore {

template <class Scalar>
void copy_row(const Scalar* from, Index F, Scalar* to) {
  std::memcpy(to, from, static_cast<std::size_t>(F) * sizeof(Scalar));
}
template <class Scalar>
Scalar* at(const Sequence<Scalar>& sequence, Index t, Index b) {
  return sequence.data + t * sequence.t_stride + b * sequence.b_stride;
}

// Calls body(t, b, packed, valid) for every step of some pieces, in order of time. packed is the sample-step of step t
// of row b where that is valid, else of the piece's last valid one before it, -1 where there is none.
template <class Body>
void for_steps(const ValidSteps& v, Range pieces, const Body& body) {
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    Index packed = -1, s = 0;
    for (Index t = piece.begin; t < piece.end; ++t) {
      const Index next = s < piece.valid ? v.first[static_cast<std::size_t>(s)] + p : -1;
      const bool valid = next >= 0 && v.time[static_cast<std::size_t>(next)] == t;
      if (valid) {
        packed = next;
        ++s;
      }
      body(t, piece.row, packed, valid);
    }
  }
}

// row *= factors, or nothing for null.
template <class Scalar>
void scale_row(const Scalar* factors, Index F, Scalar* row) {
  if (factors == nullptr) return;
  for (Index i = 0; i < F; ++i) row[i] *= factors[i];
}
template <class Scalar>
const Scalar* row_of(const Scalar* factors, Index row, Index F) {
  return factors == nullptr ? nullptr : factors + row * F;
}

// A caller's sequence from (count, F), times factors (B, F), unless those are null, with what belongs where no step is
// valid.
template <class Scalar>
void scatter(const ValidSteps& v, Range pieces, MaskedOutput output, const Scalar* from, const Scalar* factors, Index F,
             Sequence<Scalar> to) {
  for_steps(v, pieces, [&](Index t, Index b, Index packed, bool valid) {
    if (valid || (packed >= 0 && output == MaskedOutput::kRepeat)) {
      copy_row(from + packed * F, F, at(to, t, b));
      scale_row(row_of(factors, b, F), F, at(to, t, b));
    } else {
      std::fill_n(at(to, t, b), F, Scalar(0));
    }
  });
}

// Which pieces deal with a row's states at this end of the call.
using PieceFlag = bool Piece::*;

// States in the order of the pieces: of those concerned the rows of the caller's (B, H), of others, and for null,
// zeros; and back, unless that is null.
template <class Scalar>
void sort_state(const ValidSteps& v, Range pieces, PieceFlag concerned, const Scalar* from, Index H, Scalar* to) {
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    if (from == nullptr || !(piece.*concerned)) {
      std::fill_n(to + p * H, H, Scalar(0));
    } else {
      copy_row(from + piece.row * H, H, to + p * H);
    }
  }
}
template <class Scalar>
void unsort_state(const ValidSteps& v, Range pieces, PieceFlag concerned, const Scalar* from, Index H, Scalar* to) {
  if (to == nullptr) return;
  for (Index p = pieces.begin; p < pieces.end; ++p) {
    const Piece& piece = v.pieces[static_cast<std::size_t>(p)];
    if (piece.*concerned) copy_row(from + p * H, H, to + piece.row * H);
  }
}

inline double operations(const ValidSteps& v, const Dims& dims, Index gates) {
  return 2.0 * static_cast<double>(v.count) * static_cast<double>((dims.I + dims.H) * dims.H * gates);
}

// A sequence of packed rows F wide, from a run's first one on.
template <class Scalar>
Sequence<Scalar> packed_sequence(Scalar* rows, const DenseRun& run, Index F) {
  return {rows + run.first * F, run.pieces * F, F};
}

// Where the sample-steps of packed step s begin, or end those of all.
inline Index first_of(const ValidSteps& v, Index s) {
  return s < static_cast<Index>(v.first.size()) ? v.first[static_cast<std::size_t>(s)] : v.count;
}

// Which of a part's pieces take part in a run.
inline Range part_of(const DenseRun& run, Range pieces) {
  return {std::min(pieces.begin, run.pieces), std::min(pieces.end, run.pieces)};
}

// The factors of packed rows: inputs have theirs already.
template <class Scalar>
RowFactors<Scalar> packed_factors(const MaskedSteps<Scalar>& masked) {
  return {nullptr, masked.m_h.data()};
}

// Whether zoneout has rows of its own for each step.
template <class Scalar>
bool is_drawn(const Sequence<const Scalar>& z) {
  return z.data != nullptr && (z.t_stride != 0 || z.b_stride != 0);
}

// Zoneout of a run, from the packed rows or the one row for all steps.
template <class Scalar>
Zoneout<Scalar> packed_zoneout(const Zoneout<Scalar>& zoneout, const MaskedSteps<Scalar>& masked, const DenseRun& run,
                               Index H) {
  const auto part = [&](const Sequence<const Scalar>& z, const Buffer<Scalar>& packed) {
    return is_drawn(z) ? packed_sequence<const Scalar>(packed.data(), run, H) : z;
  };
  return {part(zoneout.z_h, masked.z_h), part(zoneout.z_c, masked.z_c)};
}

}  // namespace gatedcore
