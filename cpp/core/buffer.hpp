// Memory for packed weights, scratch and results: aligned to a cache line, not initialised, given back with its owner.
#pragma once

#include <limits>
#include <new>
#include <utility>

#include "core/memory.hpp"
#include "core/types.hpp"

namespace gatedcore {

template <class Scalar>
class Buffer {
 public:
  Buffer() = default;

  // Room for count elements. Throws std::bad_alloc, also for a count that is negative or that no memory could hold.
  explicit Buffer(Index count) : data_(allocate(count)), size_(count) {}

  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { give_memory(data_, bytes(size_)); }

  Scalar* data() { return data_; }
  const Scalar* data() const { return data_; }
  Index size() const { return size_; }

 private:
  // Null for no elements.
  static Scalar* allocate(Index count) {
    constexpr Index kMost = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(Scalar));
    if (count < 0 || count > kMost) throw std::bad_alloc();
    if (count == 0) return nullptr;
    return static_cast<Scalar*>(take_memory(bytes(count)));
  }
  static std::size_t bytes(Index count) { return static_cast<std::size_t>(count) * sizeof(Scalar); }

  Scalar* data_ = nullptr;
  Index size_ = 0;
};

}  // namespace gatedcore
