// What zoneout keeps of the states, checked and as the core takes it.
#pragma once

#include "bindings/array_check.hpp"

namespace gatedcore::bindings {

// One row of rates, (H,), for all steps; nothing for None. Throws TypeError or ValueError for anything else.
template <class Scalar>
Sequence<const Scalar> zoneout_rates(const char* where, const char* name, const OptionalArray& z, Index H) {
  return {contiguous<Scalar>(where, name, z, {H}, "(H,)"), 0, 0};
}

// The same, or an array (B, T, H), or (T, B, H) if time_major, in the order in which the steps run.
template <class Scalar>
Sequence<const Scalar> zoneout(const char* where, const char* name, const OptionalArray& z, const Dims& dims,
                               bool time_major) {
  if (!z || z->ndim() == 1) return zoneout_rates<Scalar>(where, name, z, dims.H);
  const Shape expected = sequence_shape(dims.T, dims.B, dims.H, time_major);
  if (shape_of(*z) != expected) {
    throw py::value_error(std::string(where) + ": " + name + " has shape " + describe(shape_of(*z)) +
                          ", expected (H,) = " + describe({dims.H}) + " or " +
                          (time_major ? "(T, B, H)" : "(B, T, H)") + " = " + describe(expected) +
                          "; pass what each unit keeps at each step");
  }
  return sequence<Scalar>({where, name, *z}, time_major);
}

}  // namespace gatedcore::bindings
