// The program of docs/core.md: an LSTM over a batch of sequences, then step by step, with the same bits.
#include <cstdio>
#include <cstring>
#include <vector>

#include "dispatch/isa.hpp"
#include "dispatch/run.hpp"
#include "dispatch/stream.hpp"

using gatedcore::Index;

int main() {
  constexpr Index T = 10, B = 2, I = 3, H = 8;  // steps, batch rows, inputs, units
  std::vector<float> w_x(I * 4 * H, 0.1f), w_h(H * 4 * H, -0.05f), b(4 * H, 0.0f);
  std::vector<float> x(B * T * I), h(B * T * H), step(B * H);
  for (float& value : x) value = 0.01f * static_cast<float>(&value - x.data());

  const gatedcore::KernelTable& kernels = gatedcore::active_kernels();
  gatedcore::LstmForward<float> call;
  call.dims = {T, B, I, H};
  call.weights = {w_x.data(), w_h.data(), b.data()};
  call.x = {x.data(), I, T * I};  // batch first: a step on is I floats on, a row on is T * I
  call.h = {h.data(), H, T * H};
  gatedcore::run_lstm_forward(kernels, call, 2);  // on at most two threads

  gatedcore::Stream<float> stream(kernels, B, I);  // takes its memory now; a step takes none
  stream.add(call);
  for (Index t = 0; t < T; ++t) {
    stream.run(1, {x.data() + t * I, I, T * I}, {step.data(), H, H});
    for (Index row = 0; row < B; ++row) {
      const float* whole = h.data() + (row * T + t) * H;
      if (std::memcmp(step.data() + row * H, whole, H * sizeof(float)) != 0) return 1;
    }
  }
  std::printf("on %s, h of the last step begins with %.4f\n", kernels.name, static_cast<double>(step[0]));
  return 0;
}
