// The lane interface: what a vector of one instruction set can do.
//
// One object file is built per instruction set. Its build defines GATEDCORE_VEC_HEADER, the header that specialises
// Vec<float>, Vec<double> and their masks. A new instruction set is one such header and one line of CMake.
//
// Every specialisation provides, for Scalar in {float, double}:
//
//   Vec<Scalar>::kLanes                     lanes, a power of two
//   Vec<Scalar>::zero(), ::set(s)           all lanes 0, all lanes s
//   Vec<Scalar>::load(p), v.store(p)        kLanes elements at any alignment
//   Vec<Scalar>::load_n(p, n), v.store_n(p, n)
//                                           the first n of 0..kLanes elements; the other lanes load as 0 and are not
//                                           stored; memory beyond the n elements is neither read nor written
//   a + b, a - b, a * b, a / b, -a
//   fma(a, b, c)                            a * b + c, one rounding where the hardware has it
//   fnma(a, b, c)                           c - a * b, likewise
//   min(a, b), max(a, b)                    NaN where b is NaN; a may not be NaN; of two zeros either
//   abs(a), sqrt(a)                         sqrt is correctly rounded
//   mantissa_to_exponent(a)                 the bits of a moved left by the width of the mantissa (23 or 52): where the
//   low
//                                           bits of the mantissa hold n plus the exponent bias, 2^n
//   flip_sign(a, s)                         a, negated where the sign bit of s is set
//   less(a, b), is_nan(a)                   Mask<Scalar>
//   select(mask, a, b)                      a where mask, else b
//   rotate(a, n)                            lane i is lane i + n of a, modulo kLanes, for n of 0..kLanes - 1
//   pin(a)                                  a, with the value kept in a register: stops the compiler from loading it
//   anew
//                                           for each use
//
// and the number of vector registers, kRegisters. Arithmetic is that of IEEE 754 with whatever denormal mode the thread
// is in.
#pragma once

#include "core/unroll.hpp"

// Everything below the dispatch table is local to its object file: two instruction sets may not share an inline
// function.
#define GATEDCORE_BEGIN_ISA \
  namespace gatedcore {     \
  namespace {
#define GATEDCORE_END_ISA \
  }                       \
  }

GATEDCORE_BEGIN_ISA

template <class Scalar>
struct Vec;
template <class Scalar>
struct Mask;

GATEDCORE_END_ISA

#include GATEDCORE_VEC_HEADER

GATEDCORE_BEGIN_ISA

// The first width lanes, with the whole vector as the likely and faster case.
template <class Scalar>
GATEDCORE_INLINE Vec<Scalar> load_width(const Scalar* from, Index width) {
  return width == Vec<Scalar>::kLanes ? Vec<Scalar>::load(from) : Vec<Scalar>::load_n(from, width);
}
template <class Scalar>
GATEDCORE_INLINE void store_width(Vec<Scalar> v, Scalar* to, Index width) {
  if (width == Vec<Scalar>::kLanes) {
    v.store(to);
  } else {
    v.store_n(to, width);
  }
}

GATEDCORE_END_ISA
