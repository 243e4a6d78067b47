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

TEST_CASE("a size that no memory holds is std::bad_alloc that says so, also where it would overflow") {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  CHECK_THROWS(Buffer<float>(-1), OutOfMemory, "bytes are needed");
  CHECK_THROWS(Buffer<float>(kMax), OutOfMemory, "3.68934881474191e+19 bytes");
  // 2^62 + 1 floats are 4 bytes modulo 2^64.
  CHECK_THROWS(Buffer<float>((Index{1} << 62) + 1), OutOfMemory, "1.844674407370955e+19 bytes");
  CHECK_THROWS(Buffer<double>(kMax / 8), std::bad_alloc, "9.223372036854776e+18 bytes");
  // 2^64 elements are none.
  CHECK_THROWS(Buffer<float>({Index{1} << 32, Index{1} << 32}), OutOfMemory, "7.378697629483821e+19 bytes");
}

TEST_CASE("sizes are multiplied") {
  CHECK(Buffer<float>({3, 5, 7}).size() == 105);
  CHECK(Buffer<float>({3, 0, 7}).data() == nullptr);
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
