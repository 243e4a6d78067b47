// Errors in units of the last place, and how many numbers a sweep takes.
#pragma once

#include <cmath>
#include <cstdlib>
#include <limits>

#include "check.hpp"

namespace gatedcore::test {

// |y - exact| in spacings of Scalar's numbers at exact, which is no smaller than the smallest normal number.
template <class Scalar, class Exact>
double ulp_error(Scalar y, Exact exact) {
  int exponent;
  std::frexp(exact, &exponent);
  const Exact spacing = std::ldexp(Exact(1), exponent - std::numeric_limits<Scalar>::digits);
  return static_cast<double>(std::abs(Exact(y) - exact) / spacing);
}

// GATEDCORE_SWEEP=full: every float32 number and 10^7 float64 numbers. Otherwise every 257th (a prime: all exponents
// and all patterns of low bits occur) and 10^6.
inline bool full_sweep() {
  const char* sweep = std::getenv("GATEDCORE_SWEEP");
  return sweep != nullptr && std::string(sweep) == "full";
}

// The largest error of a sweep and where it is.
template <class Scalar>
struct Worst {
  double ulp = 0;
  Scalar ulp_at = 0;
  double error = 0;
  Scalar error_at = 0;

  template <class Exact>
  void add(Scalar x, Scalar y, Exact exact) {
    const Exact e = std::abs(Exact(y) - exact);
    if (!(e <= error)) error = static_cast<double>(e), error_at = x;
    // A spacing is at least |exact| 2^-digits: most numbers need no look at the exponent.
    if (e <= ulp * std::abs(exact) * (std::numeric_limits<Scalar>::epsilon() / 2)) return;
    const double u = ulp_error(y, exact);
    if (!(u <= ulp)) ulp = u, ulp_at = x;
  }
  void print(const char* name) const {
    std::printf("%s: %.3f ULP at %a (%.9g), error %.3g at %.9g\n", name, ulp, static_cast<double>(ulp_at),
                static_cast<double>(ulp_at), error, static_cast<double>(error_at));
  }
};

}  // namespace gatedcore::test
