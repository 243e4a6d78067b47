// Whether what is about to be timed computes what its twin does; the program ends where it does not.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/types.hpp"

namespace gatedcore::bench {

// Far looser than the tests: enough to see that what is timed is the computation that the row names.
inline constexpr double kNear = 1e-3;

// a and b are numbers of whoever is checked and of the twin.
template <class Scalar, class Twin>
void require_near(const std::string& what, Index at, Scalar a, Twin b) {
  const double off = std::abs(static_cast<double>(a) - static_cast<double>(b));
  if (off <= kNear * (1 + std::abs(static_cast<double>(b)))) return;  // false for NaN
  std::fprintf(stderr, "%s[%td]: is %g, the twin has %g; nothing is timed\n", what.c_str(), at, static_cast<double>(a),
               static_cast<double>(b));
  std::exit(1);
}

// Of two arrays; those of the twin may hold another scalar type.
template <class Array, class TwinArray>
void require_all_near(const std::string& what, const Array& a, const TwinArray& b) {
  const Index count = static_cast<Index>(b.size());
  if (count == 0 || static_cast<Index>(a.size()) != count) {
    std::fprintf(stderr, "%s: has %td numbers, the twin %td\n", what.c_str(), static_cast<Index>(a.size()), count);
    std::exit(1);
  }
  for (Index i = 0; i < count; ++i) require_near(what, i, a.data()[i], b.data()[i]);
}

}  // namespace gatedcore::bench
