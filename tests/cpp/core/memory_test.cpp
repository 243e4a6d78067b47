#include "core/memory.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "check.hpp"

namespace gatedcore {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

}  // namespace

TEST_CASE("memory is aligned and can be written to its end, whatever its size") {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{64}, std::size_t{16384}, std::size_t{100001}, kMegabyte,
                                  2 * kMegabyte + 1, 40 * kMegabyte}) {
    CONTEXT("bytes " << bytes);
    void* memory = take_memory(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % kMemoryAlignment == 0u);
    std::memset(memory, 1, bytes);
    give_memory(memory, bytes);
  }
  give_memory(nullptr, 5);
}

#if !defined(GATEDCORE_SANITIZED)  // with sanitizers nothing is kept

TEST_CASE("a block that was given back serves the next call of about its size") {
  void* first = take_memory(kMegabyte);
  give_memory(first, kMegabyte);
  void* second = take_memory(kMegabyte - 1000);
  CHECK(second == first);
  void* third = take_memory(kMegabyte);
  CHECK(third != first);
  give_memory(second, kMegabyte - 1000);
  give_memory(third, kMegabyte);
}

TEST_CASE("what is kept is bounded, and what is larger than half of that is not kept") {
  constexpr std::size_t kBlock = kMostKeptMemory / 50;
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(take_memory(kBlock));
  for (void* block : blocks) give_memory(block, kBlock);
  CHECK(kept_memory() <= kMostKeptMemory);
  CHECK(kept_memory() >= kMostKeptMemory / 2);
  const std::size_t before = kept_memory();
  give_memory(take_memory(kMostKeptMemory / 2 + 1), kMostKeptMemory / 2 + 1);
  CHECK(kept_memory() == before);
  // The largest push out all others.
  void* a = take_memory(kMostKeptMemory / 2);
  void* b = take_memory(kMostKeptMemory / 2);
  give_memory(a, kMostKeptMemory / 2);
  give_memory(b, kMostKeptMemory / 2);
  CHECK(kept_memory() == kMostKeptMemory);
}

#endif

TEST_CASE("products of some of the sizes are safe where the whole is 0") {
  constexpr Index kHuge = Index{1} << 40;
  CHECK(checked_product({}, 4) == 1);
  CHECK(checked_product({kHuge, 0, 1 << 10}, 4) == 0);
  CHECK(checked_product({kHuge, 1 << 12}, 8) == kHuge << 12);  // 2^55 bytes
  CHECK_THROWS(checked_product({kHuge, (1 << 12) + 1}, 8), OutOfMemory, "3.603759");
  CHECK_THROWS(checked_product({kHuge, 0, kHuge}, 4), OutOfMemory, "4.835703278458517e+24 bytes");
  CHECK_THROWS(checked_product({3, -1}, 4), OutOfMemory, "bytes are needed");
}

TEST_CASE("what the system refuses says how much it was") {
  CHECK_THROWS(take_memory(std::size_t{1} << 54), OutOfMemory, "1.801439850948198e+16 bytes are needed");
}

TEST_CASE("threads take and give without losing or sharing a block") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t me = 0; me < wrong.size(); ++me) {
    threads.emplace_back([&, me] {
      for (int round = 0; round < 2000; ++round) {
        const std::size_t bytes = 20000 + 5000 * static_cast<std::size_t>(round % 7);
        auto* memory = static_cast<unsigned char*>(take_memory(bytes));
        std::memset(memory, static_cast<int>(me), bytes);
        for (std::size_t i = 0; i < bytes; i += 997) wrong[me] += memory[i] != me;
        give_memory(memory, bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("a forked child takes and gives") {
  give_memory(take_memory(kMegabyte), kMegabyte);
  const pid_t child = fork();
  if (child == 0) {
    void* memory = take_memory(kMegabyte);
    std::memset(memory, 1, kMegabyte);
    give_memory(memory, kMegabyte);
    _exit(7);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}

}  // namespace gatedcore
