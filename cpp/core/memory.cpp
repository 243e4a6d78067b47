#include "core/memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdio>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gatedcore {
namespace {

// Smaller blocks are the C library's: it reuses them itself.
constexpr std::size_t kSmallest = std::size_t{16} << 10;
// A block of more than this goes back at once.
constexpr std::size_t kLargest = kMostKeptMemory / 2;
// From here on pages of 2 MB serve instead of 4 KB: fewer faults, fewer misses of the address translation.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

#if defined(GATEDCORE_SANITIZED)
constexpr bool kKeeps = false;  // the sanitizers are to see every block come and go, of just its size
#else
constexpr bool kKeeps = true;
#endif

// More than any machine has, and so far below the end of Index that the padding of kernels and the scratch memory of
// some steps stay below it too.
constexpr double kMostBytes = 0x1p55;

// Sizes in steps of an eighth of their power of two, so that a slightly smaller call finds the block of the last one.
std::size_t rounded(std::size_t bytes) {
  if (bytes < kSmallest || !kKeeps) return bytes;
  const std::size_t step = std::bit_floor(bytes) / 8;
  // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): kSmallest is more than 8
  return (bytes + step - 1) / step * step;
}

std::align_val_t alignment(std::size_t size) {
  return std::align_val_t{size >= kHugePage ? kHugePage : kMemoryAlignment};
}

void* from_system(std::size_t size) {
  void* const memory = ::operator new(size, alignment(size), std::nothrow);
  if (memory == nullptr) throw OutOfMemory(static_cast<double>(size));
#if defined(__linux__)
  if (size >= kHugePage) madvise(memory, size, MADV_HUGEPAGE);  // a wish: without it the pages are small
#endif
  return memory;
}
void to_system(void* memory, std::size_t size) { ::operator delete(memory, alignment(size)); }

// The blocks that are kept, from the longest unused to the last one given.
class Shelf {
 public:
  void* take(std::size_t size) {
    for (std::size_t i = count_; i-- > 0;) {
      if (blocks_[i].size == size) return remove(i);
    }
    return nullptr;
  }

  void give(void* memory, std::size_t size) {
    while (count_ > 0 && (count_ == kBlocks || bytes_.load(std::memory_order_relaxed) + size > kMostKeptMemory)) {
      const std::size_t oldest = blocks_[0].size;
      to_system(remove(0), oldest);
    }
    blocks_[count_++] = {memory, size};
    bytes_.fetch_add(size, std::memory_order_relaxed);
  }

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Block {
    void* memory;
    std::size_t size;
  };

  void* remove(std::size_t i) {
    void* const memory = blocks_[i].memory;
    bytes_.fetch_sub(blocks_[i].size, std::memory_order_relaxed);
    for (--count_; i < count_; ++i) blocks_[i] = blocks_[i + 1];
    return memory;
  }

  static constexpr std::size_t kBlocks = 64;  // far more than a call takes, few enough to look through
  std::array<Block, kBlocks> blocks_{};
  std::size_t count_ = 0;
  std::atomic<std::size_t> bytes_{0};
};

Shelf shelf;
// Nobody waits for the shelf: who finds it in use, in a forked child perhaps for ever, goes to the system.
std::atomic_flag in_use = ATOMIC_FLAG_INIT;

class Turn {
 public:
  Turn() : mine_(!in_use.test_and_set(std::memory_order_acquire)) {}
  ~Turn() {
    if (mine_) in_use.clear(std::memory_order_release);
  }
  explicit operator bool() const { return mine_; }

 private:
  bool mine_;
};

bool is_kept(std::size_t size) { return kKeeps && size >= kSmallest && size <= kLargest; }

}  // namespace

OutOfMemory::OutOfMemory(double bytes) noexcept {
  std::snprintf(text_, sizeof(text_),
                "%.16g bytes are needed, expected what memory can hold; use fewer steps, rows or units at once", bytes);
}

Index checked_product(std::initializer_list<Index> sizes, std::size_t element_bytes) {
  double bytes = static_cast<double>(element_bytes);
  for (const Index size : sizes) bytes *= std::max(1.0, static_cast<double>(static_cast<std::size_t>(size)));
  if (bytes > kMostBytes) throw OutOfMemory(bytes);
  Index product = 1;
  for (const Index size : sizes) product *= size;
  return product;
}

void* take_memory(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  if (is_kept(size)) {
    if (const Turn turn; turn) {
      if (void* memory = shelf.take(size)) return memory;
    }
  }
  return from_system(size);
}

void give_memory(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  const std::size_t size = rounded(bytes);
  if (is_kept(size)) {
    if (const Turn turn; turn) {
      shelf.give(memory, size);
      return;
    }
  }
  to_system(memory, size);
}

std::size_t kept_memory() noexcept { return shelf.bytes(); }

}  // namespace gatedcore
