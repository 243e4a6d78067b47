#include "dispatch/cpu_features.hpp"

#include <stdexcept>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gatedcore {

#if defined(__x86_64__)
namespace {

// What CPUID answers for a leaf; zeros for a leaf that the processor lacks.
struct Leaf {
  explicit Leaf(unsigned number) { __get_cpuid_count(number, 0, &eax, &ebx, &ecx, &edx); }
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// Asked once: a virtual machine stops at each CPUID.
const Leaf& leaf(unsigned number) {
  static const Leaf kLeaf1(1);
  static const Leaf kLeaf7(7);
  return number == 1 ? kLeaf1 : kLeaf7;
}

// Which register files the operating system saves: bits 1 and 2 are SSE and AVX, bits 5 to 7 what AVX-512 adds.
unsigned saved_registers() {
  constexpr unsigned kOsXsave = 1u << 27;
  if ((leaf(1).ecx & kOsXsave) == 0) return 0;
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

constexpr unsigned kAvxState = 0x06;
constexpr unsigned kAvx512State = 0xe6;

// Intel's Software Developer's Manual, volume 2A, CPUID: a feature is a bit of a leaf's EBX or ECX.
struct Feature {
  std::string_view name;
  unsigned leaf;
  unsigned Leaf::*word;
  unsigned bit;
  unsigned saved;  // what the operating system has to save
};
constexpr Feature kFeatures[] = {
    {"fma", 1, &Leaf::ecx, 12, kAvxState},         {"avx", 1, &Leaf::ecx, 28, kAvxState},
    {"f16c", 1, &Leaf::ecx, 29, kAvxState},        {"avx2", 7, &Leaf::ebx, 5, kAvxState},
    {"avx512f", 7, &Leaf::ebx, 16, kAvx512State},  {"avx512dq", 7, &Leaf::ebx, 17, kAvx512State},
    {"avx512bw", 7, &Leaf::ebx, 30, kAvx512State}, {"avx512vl", 7, &Leaf::ebx, 31, kAvx512State},
};

}  // namespace
#endif

bool cpu_has(std::string_view feature) {
#if defined(__x86_64__)
  for (const Feature& f : kFeatures) {
    if (f.name != feature) continue;
    return (leaf(f.leaf).*f.word >> f.bit & 1u) != 0 && (saved_registers() & f.saved) == f.saved;
  }
#endif
  throw std::logic_error("cpu_has: no test is known for the processor feature '" + std::string(feature) +
                         "', add it to cpu_features.cpp");
}

}  // namespace gatedcore
