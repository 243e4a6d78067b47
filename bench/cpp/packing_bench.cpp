// Times what packs weights before a time loop, and the left operand of weight gradients after it.
//
//   packing_bench.avx2 --shapes=64,64/1,50 --benchmark_filter=float32     (I,H)
//
// GB/s are those of the unpacked numbers read and of the packed ones written.
#include <functional>
#include <memory>

#include "agreement.hpp"
#include "bench.hpp"
#include "cells/gru_cell.hpp"
#include "cells/lstm_cell.hpp"
#include "gemm/outer.hpp"
#include "gemm/pack.hpp"
#include "numbers.hpp"
#include "shapes.hpp"

namespace gatedcore::bench {
namespace {

constexpr Index kMostGates = 4;

// The weights of a layer and the room for them packed.
template <class Scalar>
struct Weights {
  Dims dims;
  Index packed_size;
  Buffer<Scalar> w_x = numbers<Scalar>(dims.I * kMostGates * dims.H, 1, 1);
  Buffer<Scalar> w_h = numbers<Scalar>(dims.H * kMostGates * dims.H, 1, 2);
  Buffer<Scalar> b = numbers<Scalar>(kMostGates * dims.H, 1, 3), b_h = numbers<Scalar>(kMostGates * dims.H, 1, 4);
  Buffer<Scalar> packed = zeros<Scalar>(packed_size);
};

// One way to pack: how many numbers it reads, and the memory it writes to, the packing, and what stands at each place
// in plain words.
template <class Scalar>
struct Packing {
  const char* name;
  Index read;
  Index memory;
  void (*pack)(Weights<Scalar>&);
  double (*expected)(const Weights<Scalar>&, Index at);
};

template <class Scalar>
constexpr Index kLanes = Vec<Scalar>::kLanes;

// Row k of [bias][w_x][w_h] for one gate's unit; zeros beyond the units.
template <class Scalar>
double weight(const Weights<Scalar>& w, Index gates, Index k, Index q, Index unit) {
  const auto [T, B, I, H] = w.dims;
  if (unit >= H) return 0;
  if (k == 0) return w.b.data()[q * H + unit];
  if (k <= I) return w.w_x.data()[(k - 1) * gates * H + q * H + unit];
  return w.w_h.data()[(k - 1 - I) * gates * H + q * H + unit];
}

// What a lane of a narrow block's row, at the end of H units, has the weight of: gate and unit, H for padding.
struct GateUnit {
  Index gate, unit;
};
inline GateUnit narrow_lane(Index H, Index width, Index gates, Index lane) {
  return lane < gates * width ? GateUnit{lane / width, H - width + lane % width} : GateUnit{0, H};
}

template <class Scalar>
Packing<Scalar> lstm_packing(const Dims& dims) {
  return {
      "lstm_pack", (1 + dims.I + dims.H) * kLstmGates * dims.H,
      block_count<Scalar>(dims.H) * lstm_panel_size<Scalar>(dims, dims.H),
      [](Weights<Scalar>& w) { lstm_pack(w.dims, w.dims.H, w.w_x.data(), w.w_h.data(), w.b.data(), w.packed.data()); },
      [](const Weights<Scalar>& w, Index at) {
        const Index panel = lstm_panel_size<Scalar>(w.dims, w.dims.H), within = at % panel;
        const Index unit = at / panel * kLanes<Scalar> + within % kLanes<Scalar>;
        const Index vector = within / kLanes<Scalar>, width = narrow_units<Scalar>(w.dims.H, kLstmGates);
        if (width > 0 && at / panel == w.dims.H / kLanes<Scalar>) {
          if (vector > w.dims.I + w.dims.H) return 0.0;
          const auto [gate, last] = narrow_lane(w.dims.H, width, kLstmGates, at % kLanes<Scalar>);
          return weight(w, kLstmGates, vector, gate, last);
        }
        return weight(w, kLstmGates, vector / kLstmGates, vector % kLstmGates, unit);
      }};
}

template <class Scalar>
Packing<Scalar> gru_packing(const Dims& dims) {
  return {"gru_pack", (2 + dims.I + dims.H) * kGruGates * dims.H,
          block_count<Scalar>(dims.H) * gru_after_panel_size<Scalar>(dims),
          [](Weights<Scalar>& w) {
            gru_after_pack(w.dims, w.w_x.data(), w.w_h.data(), w.b.data(), w.b_h.data(), w.packed.data());
          },
          [](const Weights<Scalar>& w, Index at) {
            const Index H = w.dims.H, panel = gru_after_panel_size<Scalar>(w.dims), within = at % panel;
            const Index unit = at / panel * kLanes<Scalar> + within % kLanes<Scalar>;
            const Index vector = within / kLanes<Scalar>, width = narrow_units<Scalar>(H, kGruGates);
            if (width > 0 && at / panel == H / kLanes<Scalar>) {
              const auto [gate, last] = narrow_lane(H, width, kGruGates, at % kLanes<Scalar>);
              if (vector >= 2 + w.dims.I + H || last >= H) return 0.0;
              if (vector >= 2) return weight(w, kGruGates, vector - 1, gate, last);
              return static_cast<double>((vector == 0 ? w.b : w.b_h).data()[gate * H + last]);
            }
            if (vector >= kGruAfterSlots) {
              const Index row = vector - kGruAfterSlots;
              return weight(w, kGruGates, 1 + row / kGruGates, row % kGruGates, unit);
            }
            if (unit >= H) return 0.0;
            const double b_x = w.b.data()[std::min(vector, Index(2)) * H + unit];
            const double b_h = w.b_h.data()[std::min(vector, Index(2)) * H + unit];
            return vector < 2 ? b_x + b_h : (vector == 2 ? b_h : b_x);  // z r n_h n_x
          }};
}

// Where a packed right operand has row k and column j: see pack_columns.
struct Place {
  Index k, j;
};
template <class Scalar>
Place place_in_columns(Index depth, Index columns, Index at) {
  const Index vectors = block_count<Scalar>(columns);
  Index first = 0;
  while (at >= depth * group_width(vectors, first) * kLanes<Scalar>) {
    at -= depth * group_width(vectors, first) * kLanes<Scalar>;
    first += group_width(vectors, first);
  }
  const Index row = group_width(vectors, first) * kLanes<Scalar>;
  return {at / row, first * kLanes<Scalar> + at % row};
}

// As the LSTM's backward loop reads its recurrent weights.
template <class Scalar>
Packing<Scalar> transposed_packing(const Dims& dims) {
  const Index depth = kLstmGates * dims.H;
  return {"pack_transposed", depth * dims.H, packed_size<Scalar>(depth, dims.H),
          [](Weights<Scalar>& w) {
            const Index H = w.dims.H;
            const TransposedGates<Scalar> from{w.w_h.data(), H, kLstmGates * H, H, 0, kLstmGates};
            pack_transposed(from, kLstmGates * H, 0, w.packed.data());
          },
          [](const Weights<Scalar>& w, Index at) {
            const Index H = w.dims.H;
            const auto [k, j] = place_in_columns<Scalar>(kLstmGates * H, H, at);
            if (j >= H) return 0.0;
            const Index block = k / (kLstmGates * kLanes<Scalar>)*kLanes<Scalar>;
            const Index width = std::min(kLanes<Scalar>, H - block), within = k - kLstmGates * block;
            return double(w.w_h.data()[j * kLstmGates * H + within / width * H + block + within % width]);
          }};
}

// As a dense layer's weights: H columns.
template <class Scalar>
Packing<Scalar> columns_packing(const Dims& dims) {
  return {"pack_columns", dims.H * dims.H, packed_size<Scalar>(dims.H, dims.H),
          [](Weights<Scalar>& w) { pack_columns(w.w_h.data(), w.dims.H, w.dims.H, w.dims.H, w.packed.data()); },
          [](const Weights<Scalar>& w, Index at) {
            const auto [k, j] = place_in_columns<Scalar>(w.dims.H, w.dims.H, at);
            return j < w.dims.H ? double(w.w_h.data()[k * w.dims.H + j]) : 0.0;
          }};
}

// As a weight gradient's left operand: a chunk of rows of x and ones, or fewer where H is less. The rows of x are those
// of w_h.
template <class Scalar>
OuterProduct<Scalar> left_operand(const Weights<Scalar>& w) {
  static constexpr Scalar kOne = 1;
  OuterProduct<Scalar> p;
  p.T = 1;
  p.B = std::min(w.dims.H, kChunk<Scalar>);
  p.sources[0] = {{w.w_h.data(), 0, w.dims.H}, w.dims.H, false, nullptr};
  p.sources[1] = {{&kOne, 0, 0}, 1, false, nullptr};
  return p;
}
template <class Scalar>
Packing<Scalar> left_packing(const Dims& dims) {
  const Index rows = std::min(dims.H, kChunk<Scalar>);
  const Index tiles = dims.H / kWideRows + 1;
  return {"pack_left", rows * (dims.H + 1), tiles * kLeftTile<Scalar>,
          [](Weights<Scalar>& w) {
            const OuterProduct<Scalar> p = left_operand(w);
            pack_left(p, 0, p.B, w.packed.data());
          },
          [](const Weights<Scalar>& w, Index at) {
            const Index H = w.dims.H, in_tile = at % kLeftTile<Scalar>, k = in_tile / kWideRows;
            const Index m = at / kLeftTile<Scalar> * kWideRows + in_tile % kWideRows;
            if (m > H || k >= std::min(H, kChunk<Scalar>)) return 0.0;
            return m < H ? double(w.w_h.data()[k * H + m]) : 1.0;
          }};
}

template <class Scalar>
void add_packing(const Dims& dims, const Packing<Scalar>& packing) {
  Row row;
  row.name = packing.name;
  row.isa = GATEDCORE_BENCH_ISA;
  row.is_double = sizeof(Scalar) == 8;
  row.shape = "I:" + std::to_string(dims.I) + "/H:" + std::to_string(dims.H);
  row.unit = "weight";
  row.units = static_cast<double>(packing.read);
  row.bytes = static_cast<double>(2 * packing.read * Index(sizeof(Scalar)));  // without padding
  const auto check = [=] {
    Weights<Scalar> w{dims, packing.memory};
    packing.pack(w);
    for (Index i = 0; i < packing.memory; ++i) {
      require_near(full_name(row), i, w.packed.data()[i], packing.expected(w, i));
    }
  };
  add(row, check, [=] {
    return [pack = packing.pack, w = std::make_shared<Weights<Scalar>>(Weights<Scalar>{dims, packing.memory})] {
      pack(*w);
    };
  });
}

template <class Scalar>
void add_packings(const Dims& dims) {
  for (const auto& packing : {lstm_packing<Scalar>(dims), gru_packing<Scalar>(dims), transposed_packing<Scalar>(dims),
                              columns_packing<Scalar>(dims), left_packing<Scalar>(dims)}) {
    add_packing(dims, packing);
  }
}

}  // namespace

void add_rows(Options& options) {
  for (const std::vector<long>& sizes : sizes_of_shapes(options, "I,H", "1,50/64,64/256,256")) {
    const Dims dims{1, 1, sizes[0], sizes[1]};
    add_packings<float>(dims);
    add_packings<double>(dims);
  }
}

}  // namespace gatedcore::bench
