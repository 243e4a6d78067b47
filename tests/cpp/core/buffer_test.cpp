#include "core/buffer.hpp"

#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "check.hpp"

namespace gatedcore {

TEST_CASE("memory begins on a cache line and can be written to its end") {
  for (const Index count : {1, 15, 16, 17, 1000}) {
    CONTEXT("count " << count);
    Buffer<float> buffer(count);
    CHECK(buffer.size() == count);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % kMemoryAlignment == 0u);
    for (Index i = 0; i < count; ++i) buffer.data()[i] = static_cast<float>(i);
    CHECK(buffer.data()[count - 1] == static_cast<float>(count - 1));
  }
}

TEST_CASE("no elements need no memory") {
  CHECK(Buffer<double>().data() == nullptr);
  CHECK(Buffer<double>(0).data() == nullptr);
  CHECK(Buffer<double>(0).size() == 0);
}

TEST_CASE("a size that no memory holds is std::bad_alloc, also where it would overflow in bytes") {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  CHECK_THROWS(Buffer<float>(-1), std::bad_alloc, "");
  CHECK_THROWS(Buffer<float>(kMax), std::bad_alloc, "");
  // 2^62 + 1 floats are 4 bytes modulo 2^64.
  CHECK_THROWS(Buffer<float>((Index{1} << 62) + 1), std::bad_alloc, "");
  CHECK_THROWS(Buffer<double>(kMax / 8), std::bad_alloc, "");
}

TEST_CASE("moving hands the memory over") {
  Buffer<float> from(4);
  float* const memory = from.data();
  Buffer<float> to(std::move(from));
  CHECK(to.data() == memory);
  CHECK(from.data() == nullptr);
  CHECK(from.size() == 0);
  Buffer<float> other(8);
  other = std::move(to);
  CHECK(other.data() == memory);
  CHECK(other.size() == 4);
  CHECK(!std::is_copy_constructible_v<Buffer<float>>);
}

}  // namespace gatedcore
