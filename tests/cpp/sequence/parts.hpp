// Kernels called part by part, as threads would: ranges of rows, panels and steps, each with memory of the size asked
// for.
#pragma once

#include <thread>
#include <vector>

#include "check.hpp"
#include "core/meeting.hpp"
#include "dispatch/kernel_table.hpp"
#include "guarded.hpp"

namespace gatedcore::test {

// [0, count) in ranges of `run`.
inline std::vector<Range> parts_of(Index count, Index run) {
  std::vector<Range> parts;
  for (Index first = 0; first < count; first += run)
    parts.push_back({first, first + run < count ? first + run : count});
  return parts;
}

inline Index length(Range range) { return range.end - range.begin; }

// The shares of a call's units, each on a thread of its own, whatever the machine has.
template <class Body>
void as_team(Index shares, const Body& body) {
  Meeting meeting(shares);
  std::vector<std::thread> threads;
  for (Index part = 0; part < shares; ++part) {
    threads.emplace_back([&, part] {
      Meeting::Member member(meeting);
      const auto meet = [](void* erased) { static_cast<Meeting::Member*>(erased)->meet(); };
      body(UnitShare{part, shares, meet, &member});
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Batch rows in runs of `run`, the units of each in so many shares.
template <class Forward, class Backward, class Scalar>
void forward_in_parts(const SequenceKernels<Forward, Backward, Scalar>& kernels, const Forward& call, Index run,
                      Index shares = 1) {
  Guarded<Scalar> packed(kernels.forward_packed_size(call), Scalar(kGuard), 0);
  kernels.pack_forward(call, packed.data());
  CHECK(packed.intact());
  for (const Range rows : parts_of(call.dims.B, run)) {
    Guarded<Scalar> scratch(kernels.forward_scratch_size(call, length(rows)), Scalar(kGuard), 0);
    as_team(shares, [&](UnitShare share) { kernels.forward_rows(call, packed.data(), rows, share, scratch.data()); });
    CHECK(scratch.intact());
  }
}

// Batch rows, weight panels and steps in runs of `run`, the units of each row in so many shares.
// The time loop goes back over the runs of steps.
template <class Forward, class Backward, class Scalar>
void backward_in_parts(const SequenceKernels<Forward, Backward, Scalar>& kernels, const Backward& call, Index run,
                       Index shares = 1) {
  Guarded<Scalar> packed(kernels.backward_packed_size(call), Scalar(kGuard), 0);
  kernels.pack_backward(call, packed.data());
  CHECK(packed.intact());
  for (const Range rows : parts_of(call.dims.B, run)) {
    Guarded<Scalar> scratch(kernels.backward_scratch_size(call, length(rows)), Scalar(kGuard), 0);
    std::vector<Range> spans = parts_of(call.dims.T, run);
    if (spans.empty()) spans.push_back({0, 0});
    for (std::size_t span = spans.size(); span-- > 0;) {
      as_team(shares, [&](UnitShare share) {
        kernels.backward_rows(call, packed.data(), rows, spans[span], share, scratch.data());
      });
    }
    CHECK(scratch.intact());
  }
  for (const Range panels : parts_of(kernels.weight_panels(call), run)) {
    Guarded<Scalar> scratch(kernels.weight_scratch_size(call, length(panels)), Scalar(kGuard), 0);
    kernels.weight_gradients(call, panels, scratch.data());
    CHECK(scratch.intact());
  }
  if (call.d_x.data == nullptr) return;
  Guarded<Scalar> input(kernels.input_packed_size(call), Scalar(kGuard), 0);
  kernels.pack_input(call, input.data());
  CHECK(input.intact());
  for (const Range steps : parts_of(call.dims.T, run)) kernels.input_gradients(call, input.data(), steps);
}

}  // namespace gatedcore::test
