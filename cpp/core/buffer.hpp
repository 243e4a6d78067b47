// Memory for packed weights, scratch and results: aligned to a cache line, not initialised, given back with its owner.
#pragma once

#include <initializer_list>
#include <utility>

#include "core/memory.hpp"
#include "core/types.hpp"

namespace gatedcore {

template <class Scalar>
class Buffer {
 public:
  Buffer() = default;

  // Room for a product of sizes, which may be larger than Index. Throws OutOfMemory.
  explicit Buffer(std::initializer_list<Index> sizes)
      : size_(checked_product(sizes, sizeof(Scalar))),
        data_(size_ == 0 ? nullptr : static_cast<Scalar*>(take_memory(bytes(size_)))) {}
  explicit Buffer(Index count) : Buffer({count}) {}

  Buffer(Buffer&& other) noexcept : size_(std::exchange(other.size_, 0)), data_(std::exchange(other.data_, nullptr)) {}
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
  static std::size_t bytes(Index count) { return static_cast<std::size_t>(count) * sizeof(Scalar); }

  Index size_ = 0;
  Scalar* data_ = nullptr;
};

}  // namespace gatedcore
