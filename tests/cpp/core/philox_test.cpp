#include "core/philox.hpp"

#include "check.hpp"

namespace gatedcore::test {
namespace {

// The known answers that the authors publish with their code (Random123, kat_vectors).
TEST_CASE("philox gives the known answers") {
  struct Known {
    PhiloxWords counter;
    std::uint64_t key;
    PhiloxWords words;
  };
  const Known known[] = {
      {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       0xffffffffffffffff,
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       0x299f31d0a4093822,
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Known& k : known) {
    const PhiloxWords words = philox(k.counter, k.key);
    for (std::size_t i = 0; i < 4; ++i) CHECK(words[i] == k.words[i]);
  }
}

}  // namespace
}  // namespace gatedcore::test
