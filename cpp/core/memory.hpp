// Memory that one call takes and gives back and the next call takes again.
//
// The system hands out large memory page by page, each for the price of a fault on first touch, and takes it back when
// it is freed: a training step would pay that anew for all it saves. So large blocks are kept for a while after they
// are given back. What is kept is bounded, the blocks longest unused go first, and any thread may take what another
// gave.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <new>

#include "core/types.hpp"

namespace gatedcore {

// A cache line of x86-64 and most Arm processors, and the widest vector.
inline constexpr std::size_t kMemoryAlignment = 64;

// What is kept at most: the saved gates, states and results of a training step with 512 units, whose fresh pages would
// cost a twelfth of its time; a small part of a machine that trains such layers.
inline constexpr std::size_t kMostKeptMemory = std::size_t{256} << 20;

// What no memory holds or the system refused, with the bytes in what(): Python's MemoryError.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(double bytes) noexcept;
  const char* what() const noexcept override { return text_; }

 private:
  char text_[160];
};

// The product of sizes. Throws OutOfMemory where one is negative, or so many elements are more than any memory holds or
// would be if no size were 0: any product of some of the sizes is safe after it.
Index checked_product(std::initializer_list<Index> sizes, std::size_t element_bytes);

// At least so many bytes, aligned, not initialised. Throws OutOfMemory.
void* take_memory(std::size_t bytes);

// What take_memory returned for as many bytes; null is nothing.
void give_memory(void* memory, std::size_t bytes) noexcept;

// Bytes that are kept at present, for tests and for people who wonder.
std::size_t kept_memory() noexcept;

}  // namespace gatedcore
