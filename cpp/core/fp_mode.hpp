// The floating-point mode of a call: denormals are zero inside, the caller's mode returns after.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace gatedcore {

// While one lives, the thread that made it treats denormal inputs as zero and flushes denormal results to zero. The
// whole control word comes back at the end, so no exception flag raised in between reaches the caller either. On a
// processor that is neither x86-64 nor 64-bit Arm it does nothing.
class ScopedFlushDenormals {
 public:
  ScopedFlushDenormals() : caller_(read()) { write(caller_ | kFlush); }
  ~ScopedFlushDenormals() { write(caller_); }
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Word = std::uint32_t;
  static constexpr Word kFlush = 0x8040;  // MXCSR: bit 15 flush to zero, bit 6 denormals are zeros
  static Word read() { return _mm_getcsr(); }
  static void write(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kFlush = Word{1} << 24;  // FPCR.FZ: flushes inputs and results
  static Word read() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) { asm volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#else
  using Word = std::uint32_t;
  static constexpr Word kFlush = 0;
  static Word read() { return 0; }
  static void write(Word) {}
#endif

  Word caller_;
};

}  // namespace gatedcore
