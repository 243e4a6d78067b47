// row_step_forward, row_step_gates and row_step_backward: one step with weights in rows.
#include <array>
#include <string>
#include <utility>

#include "bindings/array_check.hpp"
#include "bindings/bindings.hpp"
#include "bindings/unlocked.hpp"
#include "core/thread_limit.hpp"
#include "dispatch/isa.hpp"
#include "dispatch/run_row_step.hpp"

namespace gatedcore::bindings {
namespace {

// Where the gates stand, one entry for each of 3 or 4.
using Blocks = std::vector<Index>;

RowStepCell cell_of(const char* where, const Blocks& blocks, Index* to) {
  const std::size_t gates = blocks.size();
  std::array<bool, 4> seen{};
  for (std::size_t q = 0; q < gates && gates <= 4; ++q) {
    const Index block = blocks[q];
    if (block < 0 || block >= static_cast<Index>(gates) || seen[static_cast<std::size_t>(block)]) break;
    seen[static_cast<std::size_t>(block)] = true;
    to[q] = block;
    if (q + 1 == gates && gates >= 3) return gates == 4 ? RowStepCell::kLstm : RowStepCell::kGru;
  }
  throw py::value_error(std::string(where) +
                        ": blocks is no order of 3 or 4 gates, expected each from 0 on once; pass where each stands");
}

// Fresh arrays for what a step returns: h, c of an LSTM or None, and the gates or None.
template <class Scalar>
py::tuple run(RowStepCell cell, RowStepForward<Scalar>& call, bool save) {
  py::array_t<Scalar> h = new_array<Scalar>({call.B, call.H});
  call.h = h.mutable_data();
  py::object c = py::none(), saved = py::none();
  if (cell == RowStepCell::kLstm) {
    py::array_t<Scalar> array = new_array<Scalar>({call.B, call.H});
    call.c = array.mutable_data();
    c = array;
  }
  if (save) {
    py::array_t<Scalar> array = new_array<Scalar>({call.B, 4 * call.H});
    call.gates = array.mutable_data();
    saved = array;
  }
  {
    const Unlocked unlocked;
    run_row_step(active_kernels(), cell, call, num_threads());
  }
  return py::make_tuple(h, c, saved);
}

struct ForwardArguments {
  Blocks blocks;
  py::array x;
  OptionalArray h_prev, c_prev;
  py::array w_x, w_h;
  OptionalArray b_x, b_h;
  bool save;
};

template <class Scalar>
py::tuple forward(const ForwardArguments& a) {
  constexpr const char* kWhere = "row_step_forward";
  RowStepForward<Scalar> call;
  const RowStepCell cell = cell_of(kWhere, a.blocks, call.block);
  if (a.x.ndim() != 2 || a.w_h.ndim() != 2) {
    throw py::value_error("row_step_forward: x or w_h is no matrix, expected (B, I) and (G*H, H); pass matrices");
  }
  call.B = a.x.shape(0);
  call.I = a.x.shape(1);
  call.H = a.w_h.shape(1);
  const Index columns = static_cast<Index>(a.blocks.size()) * call.H;
  checked_product(kWhere, {call.B, 4, call.H}, sizeof(Scalar));
  call.x = contiguous<Scalar>({kWhere, "x", a.x}, {call.B, call.I}, "(B, I)");
  call.h_prev = contiguous<Scalar>(kWhere, "h_prev", a.h_prev, {call.B, call.H}, "(B, H)");
  call.c_prev = contiguous<Scalar>(kWhere, "c_prev", a.c_prev, {call.B, call.H}, "(B, H)");
  call.w_x = contiguous<Scalar>({kWhere, "w_x", a.w_x}, {columns, call.I}, "(G*H, I)");
  call.w_h = contiguous<Scalar>({kWhere, "w_h", a.w_h}, {columns, call.H}, "(G*H, H)");
  call.b_x = contiguous<Scalar>(kWhere, "b_x", a.b_x, {columns}, "(G*H,)");
  call.b_h = contiguous<Scalar>(kWhere, "b_h", a.b_h, {columns}, "(G*H,)");
  return run(cell, call, a.save);
}

struct GatesArguments {
  Blocks blocks;
  py::array a_x, a_h;
  OptionalArray h_prev, c_prev;
  bool save;
};

template <class Scalar>
py::tuple gates(const GatesArguments& a) {
  constexpr const char* kWhere = "row_step_gates";
  RowStepForward<Scalar> call;
  const RowStepCell cell = cell_of(kWhere, a.blocks, call.block);
  const Index G = static_cast<Index>(a.blocks.size());
  if (a.a_x.ndim() != 2 || a.a_x.shape(1) % G != 0) {
    throw py::value_error("row_step_gates: a_x has shape " + describe(shape_of(a.a_x)) +
                          ", expected (B, G*H); pass the gates side by side");
  }
  call.B = a.a_x.shape(0);
  call.H = a.a_x.shape(1) / G;
  call.a_x = contiguous<Scalar>({kWhere, "a_x", a.a_x}, {call.B, G * call.H}, "(B, G*H)");
  call.a_h = contiguous<Scalar>({kWhere, "a_h", a.a_h}, {call.B, G * call.H}, "(B, G*H)");
  call.h_prev = contiguous<Scalar>(kWhere, "h_prev", a.h_prev, {call.B, call.H}, "(B, H)");
  call.c_prev = contiguous<Scalar>(kWhere, "c_prev", a.c_prev, {call.B, call.H}, "(B, H)");
  return run(cell, call, a.save);
}

struct BackwardArguments {
  Blocks blocks;
  py::array gates;
  OptionalArray h_prev, c_prev, c, d_h, d_c;
};

template <class Scalar>
py::tuple backward(const BackwardArguments& a) {
  constexpr const char* kWhere = "row_step_backward";
  RowStepBackward<Scalar> call;
  const RowStepCell cell = cell_of(kWhere, a.blocks, call.block);
  const bool lstm = cell == RowStepCell::kLstm;
  if (a.gates.ndim() != 2 || a.gates.shape(1) % 4 != 0) {
    throw py::value_error("row_step_backward: gates has shape " + describe(shape_of(a.gates)) +
                          ", expected (B, 4*H); pass what row_step_forward saved");
  }
  call.B = a.gates.shape(0);
  call.H = a.gates.shape(1) / 4;
  const Shape state{call.B, call.H}, columns{call.B, static_cast<Index>(a.blocks.size()) * call.H};
  call.gates = contiguous<Scalar>({kWhere, "gates", a.gates}, {call.B, 4 * call.H}, "(B, 4*H)");
  call.h_prev = contiguous<Scalar>(kWhere, "h_prev", a.h_prev, state, "(B, H)");
  call.c_prev = contiguous<Scalar>(kWhere, "c_prev", a.c_prev, state, "(B, H)");
  call.c = contiguous<Scalar>(kWhere, "c", a.c, state, "(B, H)");
  call.d_h = contiguous<Scalar>(kWhere, "d_h", a.d_h, state, "(B, H)");
  call.d_c = contiguous<Scalar>(kWhere, "d_c", a.d_c, state, "(B, H)");
  if (lstm && call.c == nullptr) {
    throw py::value_error("row_step_backward: c is None, expected the LSTM's cell state; pass what forward returned");
  }
  py::array_t<Scalar> d_a_x = new_array<Scalar>(columns), d_prev = new_array<Scalar>(state);
  call.d_a_x = d_a_x.mutable_data();
  (lstm ? call.d_c_prev : call.d_h_prev) = d_prev.mutable_data();
  py::object d_a_h = d_a_x;
  if (!lstm) {
    py::array_t<Scalar> array = new_array<Scalar>(columns);
    call.d_a_h = array.mutable_data();
    d_a_h = array;
  }
  {
    const Unlocked unlocked;
    run_row_step_backward(active_kernels(), cell, call);
  }
  return py::make_tuple(d_a_x, d_a_h, d_prev);
}

}  // namespace

void bind_row_step(py::module_& module) {
  module.def(
      "row_step_forward",
      [](Blocks blocks, py::array x, OptionalArray h_prev, OptionalArray c_prev, py::array w_x, py::array w_h,
         OptionalArray b_x, OptionalArray b_h, bool save) {
        const ForwardArguments a{std::move(blocks), std::move(x),   std::move(h_prev),
                                 std::move(c_prev), std::move(w_x), std::move(w_h),
                                 std::move(b_x),    std::move(b_h), save};
        return is_double({"row_step_forward", "x", a.x}) ? forward<double>(a) : forward<float>(a);
      },
      py::arg("blocks"), py::arg("x").noconvert(), py::arg("h_prev").noconvert().none(true),
      py::arg("c_prev").noconvert().none(true), py::arg("w_x").noconvert(), py::arg("w_h").noconvert(),
      py::arg("b_x").noconvert().none(true), py::arg("b_h").noconvert().none(true), py::arg("save"));

  module.def(
      "row_step_gates",
      [](Blocks blocks, py::array a_x, py::array a_h, OptionalArray h_prev, OptionalArray c_prev, bool save) {
        const GatesArguments a{std::move(blocks), std::move(a_x),    std::move(a_h),
                               std::move(h_prev), std::move(c_prev), save};
        return is_double({"row_step_gates", "a_x", a.a_x}) ? gates<double>(a) : gates<float>(a);
      },
      py::arg("blocks"), py::arg("a_x").noconvert(), py::arg("a_h").noconvert(),
      py::arg("h_prev").noconvert().none(true), py::arg("c_prev").noconvert().none(true), py::arg("save"));

  module.def(
      "row_step_backward",
      [](Blocks blocks, py::array gates, OptionalArray h_prev, OptionalArray c_prev, OptionalArray c, OptionalArray d_h,
         OptionalArray d_c) {
        const BackwardArguments a{std::move(blocks), std::move(gates), std::move(h_prev), std::move(c_prev),
                                  std::move(c),      std::move(d_h),   std::move(d_c)};
        return is_double({"row_step_backward", "gates", a.gates}) ? backward<double>(a) : backward<float>(a);
      },
      py::arg("blocks"), py::arg("gates").noconvert(), py::arg("h_prev").noconvert().none(true),
      py::arg("c_prev").noconvert().none(true), py::arg("c").noconvert().none(true),
      py::arg("d_h").noconvert().none(true), py::arg("d_c").noconvert().none(true));
}

}  // namespace gatedcore::bindings
