// Random bits by counter: word i of a stream is a function of i, so any part of it can be drawn anywhere, in any order.
//
// Philox4x32 with 10 rounds. Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2,
// 3".
#pragma once

#include <array>
#include <cstdint>

namespace gatedcore {

using PhiloxWords = std::array<std::uint32_t, 4>;

// The four words of a counter (lowest part first) under a key.
inline PhiloxWords philox(PhiloxWords counter, std::uint64_t key) {
  std::uint32_t key_0 = static_cast<std::uint32_t>(key), key_1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key_0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key_1, static_cast<std::uint32_t>(a)};
    key_0 += 0x9E3779B9;
    key_1 += 0xBB67AE85;
  }
  return counter;
}

}  // namespace gatedcore
