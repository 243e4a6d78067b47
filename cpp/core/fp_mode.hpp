// The floating-point mode of a call: denormals are zero inside, the caller's mode returns after.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace gatedcore {

// While one lives, the thread that made it rounds to nearest, treats denormal inputs as zero, flushes denormal results
// to zero and stops at no exception, whatever its caller has set: the same bits on every thread of a call. The whole
// control word comes back at the end, so no exception flag raised in between reaches the caller either. On a processor
// that is neither x86-64 nor 64-bit Arm it does nothing.
class ScopedFlushDenormals {
 public:
  ScopedFlushDenormals() : caller_(read()) { write(kDefault | kFlush); }
  ~ScopedFlushDenormals() { write(caller_); }
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0x1f80;  // MXCSR: every exception masked, round to nearest
  static constexpr Word kFlush = 0x8040;    // bit 15 flush to zero, bit 6 denormals are zeros
  static Word read() { return _mm_getcsr(); }
  static void write(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kDefault = 0;            // FPCR: no exception trapped, round to nearest
  static constexpr Word kFlush = Word{1} << 24;  // FZ: flushes inputs and results
  static Word read() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) { asm volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#else
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0;
  static constexpr Word kFlush = 0;
  static Word read() { return 0; }
  static void write(Word) {}
#endif

  Word caller_;
};

}  // namespace gatedcore
