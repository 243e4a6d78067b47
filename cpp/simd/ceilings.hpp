// What bounds every other loop: how fast one thread multiplies and adds, and how fast it reads. To be timed, not used.
#pragma once

#include "simd/vec.hpp"

GATEDCORE_BEGIN_ISA

// Chains of operations that wait for nobody: an FMA takes 4 cycles and 2 pipes (4 on some 64-bit Arm) begin one each,
// so 8 would do on x86-64; 16 where the registers hold them, beside two operands, and 12 where not.
constexpr int kChains = kRegisters == 32 ? 16 : 12;

// Of one round of multiply_add, a product and a sum counted as two.
template <class Scalar>
constexpr Index kRoundOperations = 2 * kChains* Vec<Scalar>::kLanes;

// The sum over lanes and chains, where chain k begins at k and a round is x = x * factor + addend. Nothing is loaded or
// stored within the rounds. The chains begin apart, or the compiler would keep one of them.
template <class Scalar>
Scalar multiply_add(Index rounds, Scalar factor, Scalar addend) {
  using V = Vec<Scalar>;
  const V a = pin(V::set(factor)), b = pin(V::set(addend));
  V x[kChains];
  unroll<kChains>([&](auto k) GATEDCORE_INLINED { x[k] = V::set(Scalar(int(k))); });
  for (Index round = 0; round < rounds; ++round)
    unroll<kChains>([&](auto k) GATEDCORE_INLINED { x[k] = pin(fma(x[k], a, b)); });
  V sum = V::zero();
  unroll<kChains>([&](auto k) GATEDCORE_INLINED { sum = sum + x[k]; });
  Scalar lanes[V::kLanes];
  sum.store(lanes);
  Scalar total = 0;
  for (const Scalar lane : lanes) total += lane;
  return total;
}

// The sum of all elements, taken several times, in as many chains: one load and one addition for each vector.
template <class Scalar>
Scalar read_all(const Scalar* data, Index count, Index times) {
  using V = Vec<Scalar>;
  constexpr Index kBlock = kChains * V::kLanes;
  V x[kChains];
  unroll<kChains>([&](auto k) GATEDCORE_INLINED { x[k] = V::zero(); });
  Scalar total = 0;
  for (Index time = 0; time < times; ++time) {
    Index i = 0;
    for (; i + kBlock <= count; i += kBlock)
      unroll<kChains>([&](auto k) GATEDCORE_INLINED { x[k] = x[k] + V::load(data + i + k * V::kLanes); });
    for (; i < count; ++i) total += data[i];
  }
  V sum = V::zero();
  unroll<kChains>([&](auto k) GATEDCORE_INLINED { sum = sum + x[k]; });
  Scalar lanes[V::kLanes];
  sum.store(lanes);
  for (const Scalar lane : lanes) total += lane;
  return total;
}

GATEDCORE_END_ISA
