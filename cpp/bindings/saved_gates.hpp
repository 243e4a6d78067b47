// What both recurrent bindings do with a cache: consume it once, and copy its gates out for people to look at.
#pragma once

#include <atomic>
#include <string>

#include "bindings/array_check.hpp"
#include "dispatch/packed_steps.hpp"

namespace gatedcore::bindings {

// Whether backward has overwritten a cache; two threads cannot both take it, and none takes it while another reads.
class Consumed {
 public:
  Consumed() = default;
  Consumed(Consumed&& other) noexcept : taken_(other.taken_.load()) {}
  Consumed& operator=(Consumed&& other) noexcept {
    taken_ = other.taken_.load();
    return *this;
  }

  void take(const char* where) {
    if (taken_.exchange(true)) fail(where);
  }
  void give_back() { taken_ = false; }
  bool taken() const { return taken_; }

 private:
  [[noreturn]] static void fail(const char* where) {
    throw py::value_error(
        std::string(where) +
        ": cache has been consumed by a backward pass, expected a fresh one; run the forward pass again");
  }
  std::atomic<bool> taken_{false};
};

// Holds a cache for as long as its gates are read. Throws ValueError where a backward pass has it.
class Reading {
 public:
  Reading(Consumed& consumed, const char* where) : consumed_(consumed) { consumed_.take(where); }
  ~Reading() { consumed_.give_back(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Consumed& consumed_;
};

// The gradient of a sequence of states, or no sequence for None.
template <class Scalar>
Sequence<const Scalar> sequence_gradient(const char* where, const char* name, const OptionalArray& array,
                                         const Dims& dims, bool time_major) {
  if (!array) return {};
  const Argument argument{where, name, *array};
  const Shape expected = sequence_shape(dims.T, dims.B, dims.H, time_major);
  if (shape_of(*array) != expected) {
    throw py::value_error(std::string(where) + ": " + name + " has shape " + describe(shape_of(*array)) +
                          ", expected " + (time_major ? "(T, B, H)" : "(B, T, H)") + " = " + describe(expected));
  }
  return sequence<Scalar>(argument, time_major);
}

// Copies one gate of a cache into a fresh array in the caller's layout. A cache row, row_runs * H wide, holds `gates`
// gates from column `first` on, in blocks of up to `lanes` units, in each block gate after gate. With `steps`, of a
// call with a mask or resets, cache rows are those of its valid steps, and other steps get zeros.
template <class Scalar>
struct GateCopy {
  Dims dims;
  Index lanes;
  Index row_runs;
  Index gates;
  Index first;
  bool time_major;
  const ValidSteps* steps = nullptr;

  py::array_t<Scalar> operator()(const Scalar* cache, Index gate) const {
    py::array_t<Scalar> array = new_array<Scalar>(sequence_shape(dims.T, dims.B, dims.H, time_major));
    const Sequence<Scalar> to = sequence_of(array, time_major);
    if (steps != nullptr) {
      for_steps(*steps, {0, static_cast<Index>(steps->pieces.size())}, [&](Index t, Index b, Index row, bool valid) {
        if (valid) {
          copy_units(cache, row, gate, at(to, t, b));
        } else {
          std::fill_n(at(to, t, b), dims.H, Scalar(0));
        }
      });
    } else {
      for (Index t = 0; t < dims.T; ++t) {
        for (Index b = 0; b < dims.B; ++b) copy_units(cache, t * dims.B + b, gate, at(to, t, b));
      }
    }
    return array;
  }

 private:
  void copy_units(const Scalar* cache, Index sample_step, Index gate, Scalar* out) const {
    const Scalar* row = cache + sample_step * row_runs * dims.H + first;
    for (Index unit = 0; unit < dims.H; ++unit) {
      const Index block = unit / lanes * lanes;
      const Index width = dims.H - block < lanes ? dims.H - block : lanes;
      out[unit] = row[gates * block + gate * width + unit - block];
    }
  }
};

}  // namespace gatedcore::bindings
