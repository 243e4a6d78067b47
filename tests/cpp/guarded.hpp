// Memory that notices what is written beside it: arrays between guard values, and strided sequences with guarded gaps.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "core/types.hpp"

namespace gatedcore::test {

// No computed value is this one by accident: it is far above any result of these tests.
inline constexpr double kGuard = 987654321.0;

// Elements of guard on either side: two of the widest vectors.
inline constexpr Index kGuardWidth = 32;

// As a shift: the array ends where the process's memory ends, so that a read behind it, too, stops the test.
inline constexpr int kFence = -1;

// Memory whose last element is followed by a page that nobody may touch.
template <class Scalar>
std::shared_ptr<Scalar> fenced_memory(Index count, Index& total) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(Scalar) + page - 1) / page * page;
  void* base = mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || mprotect(static_cast<char*>(base) + bytes, page, PROT_NONE) != 0) throw std::bad_alloc();
  total = static_cast<Index>(bytes / sizeof(Scalar));
  return {static_cast<Scalar*>(base), [bytes, page](Scalar* p) { munmap(p, bytes + page); }};
}

// `size` elements that begin `shift` elements after a 64-byte boundary (an odd shift is aligned to no vector), or that
// end at a fence.
template <class Scalar>
class Guarded {
 public:
  explicit Guarded(Index size = 0, Scalar fill = 0, int shift = 1) : size_(size), total_(size + 3 * kGuardWidth) {
    if (shift == kFence) {
      memory_ = fenced_memory<Scalar>(size + kGuardWidth, total_);
      offset_ = total_ - size;
    } else {
      memory_ = std::shared_ptr<Scalar>(new Scalar[static_cast<std::size_t>(total_)], std::default_delete<Scalar[]>());
      const auto address = reinterpret_cast<std::uintptr_t>(memory_.get() + kGuardWidth);
      const std::uintptr_t aligned = (address + 63) / 64 * 64;
      offset_ = kGuardWidth + static_cast<Index>((aligned - address) / sizeof(Scalar)) + shift;
    }
    for (Index i = 0; i < total_; ++i) memory_.get()[i] = Scalar(kGuard);
    for (Index i = 0; i < size; ++i) data()[i] = fill;
  }
  Guarded(const std::vector<Scalar>& values, int shift = 1) : Guarded(static_cast<Index>(values.size()), 0, shift) {
    for (Index i = 0; i < size_; ++i) data()[i] = values[static_cast<std::size_t>(i)];
  }
  Guarded(Guarded&&) = default;
  Guarded& operator=(Guarded&&) = default;
  Guarded(const Guarded&) = delete;  // a copy would stand at another alignment

  Scalar* data() { return memory_.get() + offset_; }
  const Scalar* data() const { return memory_.get() + offset_; }
  Index size() const { return size_; }
  std::vector<Scalar> values() const { return std::vector<Scalar>(data(), data() + size_); }

  // Nothing outside the array was written.
  bool intact() const {
    for (Index i = 0; i < total_; ++i) {
      if ((i < offset_ || i >= offset_ + size_) && memory_.get()[i] != Scalar(kGuard)) return false;
    }
    return true;
  }

 private:
  Index size_;
  Index total_;
  Index offset_;
  std::shared_ptr<Scalar> memory_;
};

// How a (T, B, F) array may stand in memory.
enum class Layout {
  kTimeMajor,     // (T, B, F)
  kBatchMajor,    // (B, T, F)
  kReversed,      // (B, T, F), the first step last
  kPadded,        // (T, B, F) with gaps between rows and between steps
  kBatchReversed  // (B, T, F) with gaps, the first row last
};
inline constexpr Layout kLayouts[] = {Layout::kTimeMajor, Layout::kBatchMajor, Layout::kReversed, Layout::kPadded,
                                      Layout::kBatchReversed};

template <class Scalar>
class SequenceArray {
 public:
  SequenceArray() = default;
  SequenceArray(Index T, Index B, Index F, Layout layout, int shift = 1) : T_(T), B_(B), F_(F) {
    const bool padded = layout == Layout::kPadded || layout == Layout::kBatchReversed;
    const Index row = padded ? F + 3 : F;
    const bool time_major = layout == Layout::kTimeMajor || layout == Layout::kPadded;
    t_stride_ = time_major ? B * row + (padded ? 5 : 0) : row;
    b_stride_ = time_major ? row : T * row + (padded ? 5 : 0);
    memory_ = Guarded<Scalar>(time_major ? T * t_stride_ : B * b_stride_, Scalar(kGuard), shift);
    if (layout == Layout::kReversed && T > 0) {
      first_ = (T - 1) * t_stride_;
      t_stride_ = -t_stride_;
    }
    if (layout == Layout::kBatchReversed && B > 0) {
      first_ = (B - 1) * b_stride_;
      b_stride_ = -b_stride_;
    }
  }
  // Filled from a plain (T, B, F) array.
  SequenceArray(Index T, Index B, Index F, Layout layout, const std::vector<Scalar>& values, int shift = 1)
      : SequenceArray(T, B, F, layout, shift) {
    for_each([&](Scalar& value, Index i) { value = values[static_cast<std::size_t>(i)]; });
  }

  Sequence<Scalar> sequence() { return {memory_.data() + first_, t_stride_, b_stride_}; }
  Sequence<const Scalar> const_sequence() { return {memory_.data() + first_, t_stride_, b_stride_}; }

  // As a plain (T, B, F) array.
  std::vector<Scalar> values() {
    std::vector<Scalar> plain(static_cast<std::size_t>(T_ * B_ * F_));
    for_each([&](Scalar& value, Index i) { plain[static_cast<std::size_t>(i)] = value; });
    return plain;
  }

  // Nothing outside the rows was written. Overwrites the rows: the last thing to ask.
  bool intact() {
    for_each([](Scalar& value, Index) { value = Scalar(kGuard); });
    for (Index i = 0; i < memory_.size(); ++i) {
      if (memory_.data()[i] != Scalar(kGuard)) return false;
    }
    return memory_.intact();
  }

 private:
  template <class Body>
  void for_each(const Body& body) {
    Index i = 0;
    for (Index t = 0; t < T_; ++t) {
      for (Index b = 0; b < B_; ++b) {
        for (Index k = 0; k < F_; ++k, ++i) body(memory_.data()[first_ + t * t_stride_ + b * b_stride_ + k], i);
      }
    }
  }

  Index T_ = 0, B_ = 0, F_ = 0;
  Index t_stride_ = 0, b_stride_ = 0, first_ = 0;
  Guarded<Scalar> memory_;
};

template <class Scalar>
bool same_bits(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Scalar)) == 0);
}

}  // namespace gatedcore::test
