// Times the LSTM and the GRU over sequences, forward and forward with backward, after comparing them with their twins.
//
//   sequence_bench [--isa all] [--cell lstm,gru,gru_before] [--scalar float32] [--shapes 100,32,64,64/100,1,64,64]
//                  [--threads 1] [--seconds 0.5]
//
// A shape is T,B,I,H. Operations are 2 T B (I + H) G H forward, three times that with backward; the gates' own
// arithmetic is not counted. GFLOP/s and the share of the peak are those of the median; the peak is the fastest
// multiply-adds of one thread, measured here, times the threads.
#include <cmath>

#include "arguments.hpp"
#include "dispatch/run.hpp"
#include "peak.hpp"
#include "reference/gru.hpp"
#include "reference/lstm.hpp"
#include "timing.hpp"

namespace gatedcore::bench {
namespace {

// Far looser than the tests: enough to see that what is timed is the layer.
constexpr double kNear = 1e-3;

// Numbers in [-1, 1) from a linear congruential generator (Knuth's MMIX constants).
template <class Scalar>
std::vector<Scalar> numbers(Index count, double bound, std::uint64_t seed) {
  std::vector<Scalar> values(static_cast<std::size_t>(count));
  for (Scalar& value : values) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<Scalar>(bound * (static_cast<double>(seed >> 40) * 0x1p-23 - 1));
  }
  return values;
}

struct Cell {
  const char* name;
  Index gates;
  bool is_lstm;
  GruForm form;
};
constexpr Cell kCells[] = {{"lstm", 4, true, GruForm::kResetAfter},
                           {"gru", 3, false, GruForm::kResetAfter},
                           {"gru_before", 3, false, GruForm::kResetBefore}};

// The arrays of one layer and the calls over them. Both layers' caches have four runs of H; the LSTM's has cell states
// too.
template <class Scalar>
struct Layer {
  Cell cell;
  Dims dims;
  std::vector<Scalar> x, w_x, w_h, b_x, b_h, d_h;
  std::vector<Scalar> h, gates, c, d_x, d_w_x, d_w_h, d_b_x, d_b_h, d_h0, d_c0;

  Layer(const Cell& cell_, const Dims& dims_) : cell(cell_), dims(dims_) {
    const Index steps = dims.T * dims.B, columns = cell.gates * dims.H;
    const double bound = 1 / std::sqrt(static_cast<double>(dims.I + dims.H));
    x = numbers<Scalar>(steps * dims.I, 1, 1);
    w_x = numbers<Scalar>(dims.I * columns, bound, 2);
    w_h = numbers<Scalar>(dims.H * columns, bound, 3);
    b_x = numbers<Scalar>(columns, 0.1, 4);
    b_h = numbers<Scalar>(columns, 0.1, 5);
    d_h = numbers<Scalar>(steps * dims.H, 1, 6);
    for (std::vector<Scalar>* array : {&h, &c}) array->resize(d_h.size());
    gates.resize(4 * d_h.size());
    d_x.resize(x.size());
    d_w_x.resize(w_x.size());
    d_w_h.resize(w_h.size());
    for (std::vector<Scalar>* array : {&d_b_x, &d_b_h}) array->resize(b_x.size());
    for (std::vector<Scalar>* array : {&d_h0, &d_c0}) array->resize(static_cast<std::size_t>(dims.B * dims.H));
  }

  template <class Other>
  Sequence<Other> sequence(Other* data, Index features) const {
    return {data, dims.B * features, features};
  }
  LstmForward<Scalar> lstm_forward(bool save) {
    LstmForward<Scalar> call;
    call.dims = dims;
    call.weights = {w_x.data(), w_h.data(), b_x.data()};
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence(h.data(), dims.H);
    if (save) call.cache = {gates.data(), c.data()};
    return call;
  }
  LstmBackward<Scalar> lstm_backward() {
    LstmBackward<Scalar> call;
    call.dims = dims;
    call.weights = {w_x.data(), w_h.data(), b_x.data()};
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence<const Scalar>(h.data(), dims.H);
    call.cache = {gates.data(), c.data()};
    call.d_h = sequence<const Scalar>(d_h.data(), dims.H);
    call.d_x = sequence(d_x.data(), dims.I);
    call.d_h0 = d_h0.data();
    call.d_c0 = d_c0.data();
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    call.d_b = d_b_x.data();
    return call;
  }
  GruForward<Scalar> gru_forward(bool save) {
    GruForward<Scalar> call;
    call.dims = dims;
    call.form = cell.form;
    call.weights = gru_weights();
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence(h.data(), dims.H);
    if (save) call.cache = {gates.data()};
    return call;
  }
  GruBackward<Scalar> gru_backward() {
    GruBackward<Scalar> call;
    call.dims = dims;
    call.form = cell.form;
    call.weights = gru_weights();
    call.x = sequence<const Scalar>(x.data(), dims.I);
    call.h = sequence<const Scalar>(h.data(), dims.H);
    call.cache = {gates.data()};
    call.d_h = sequence<const Scalar>(d_h.data(), dims.H);
    call.d_x = sequence(d_x.data(), dims.I);
    call.d_h0 = d_h0.data();
    call.d_w_x = d_w_x.data();
    call.d_w_h = d_w_h.data();
    call.d_b_x = d_b_x.data();
    if (cell.form == GruForm::kResetAfter) call.d_b_h = d_b_h.data();
    return call;
  }
  GruWeights<Scalar> gru_weights() const {
    return {w_x.data(), w_h.data(), b_x.data(), cell.form == GruForm::kResetAfter ? b_h.data() : nullptr};
  }

  void forward(const KernelTable& table, bool save, int threads) {
    if (cell.is_lstm) {
      run_lstm_forward(table, lstm_forward(save), threads);
    } else {
      run_gru_forward(table, gru_forward(save), threads);
    }
  }
  void backward(const KernelTable& table, int threads) {
    if (cell.is_lstm) {
      run_lstm_backward(table, lstm_backward(), threads);
    } else {
      run_gru_backward(table, gru_backward(), threads);
    }
  }
  void twin() {
    if (cell.is_lstm) {
      reference::lstm_forward(lstm_forward(true));
      reference::lstm_backward(lstm_backward());
    } else {
      reference::gru_forward(gru_forward(true));
      reference::gru_backward(gru_backward());
    }
  }
};

template <class Scalar>
bool near(const char* name, const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) <= kNear * (1 + std::abs(b[i]))) continue;
    std::fprintf(stderr, "%s[%zu] is %g, the twin has %g\n", name, i, static_cast<double>(a[i]),
                 static_cast<double>(b[i]));
    return false;
  }
  return true;
}

// The twin would take minutes for the whole of a large shape: a few steps of a few rows, with the inputs and units
// asked for.
template <class Scalar>
bool agrees_with_twin(const KernelTable& table, const Cell& cell, const Dims& dims, int threads) {
  const Dims few{std::min(dims.T, Index(3)), std::min(dims.B, Index(7)), dims.I, dims.H};
  Layer<Scalar> kernel(cell, few), twin(cell, few);
  kernel.forward(table, true, threads);
  kernel.backward(table, threads);
  twin.twin();
  return near("h", kernel.h, twin.h) && near("d_x", kernel.d_x, twin.d_x) && near("d_w_x", kernel.d_w_x, twin.d_w_x) &&
         near("d_w_h", kernel.d_w_h, twin.d_w_h) && near("d_b_x", kernel.d_b_x, twin.d_b_x) &&
         near("d_h0", kernel.d_h0, twin.d_h0);
}

struct Options {
  double seconds;
  int threads;
  double peak;  // of one thread
};

template <class Scalar>
bool bench_layer(const KernelTable& table, const Cell& cell, const Dims& dims, const Options& options) {
  if (!agrees_with_twin<Scalar>(table, cell, dims, options.threads)) return false;
  Layer<Scalar> layer(cell, dims);
  const double operations = 2.0 * static_cast<double>(dims.T * dims.B) *
                            static_cast<double>((dims.I + dims.H) * dims.H) * static_cast<double>(cell.gates);
  const auto print = [&](const char* pass, const Timing& timing, double work) {
    const double rate = work / timing.median;
    std::printf("%-10s %-10s %8s %5td %4td %5td %5td %3d  %-17s %11.1f %6.1f%% %11.1f %9.1f %6.1f%%\n", table.name,
                cell.name, sizeof(Scalar) == 4 ? "float32" : "float64", dims.T, dims.B, dims.I, dims.H, options.threads,
                pass, timing.median * 1e6, 100 * timing.spread, timing.best * 1e6, rate / 1e9,
                100 * rate / (options.peak * options.threads));
  };
  print("forward", time_calls(options.seconds, [&] { layer.forward(table, false, options.threads); }), operations);
  const Timing both = time_calls(options.seconds, [&] {
    layer.forward(table, true, options.threads);
    layer.backward(table, options.threads);
  });
  print("forward+backward", both, 3 * operations);
  return true;
}

Dims parse_shape(const std::string& text) {
  const std::vector<std::string> sizes = split(text, ',');
  Dims dims;
  if (sizes.size() == 4) {
    Index* const fields[] = {&dims.T, &dims.B, &dims.I, &dims.H};
    for (std::size_t i = 0; i < 4; ++i) *fields[i] = std::atol(sizes[i].c_str());
  }
  if (dims.T > 0 && dims.B > 0 && dims.I > 0 && dims.H > 0) return dims;
  std::fprintf(stderr, "--shapes: '%s', expected T,B,I,H\n", text.c_str());
  std::exit(2);
}

Cell parse_cell(const std::string& name) {
  for (const Cell& cell : kCells) {
    if (name == cell.name) return cell;
  }
  std::fprintf(stderr, "--cell: '%s', expected lstm, gru or gru_before\n", name.c_str());
  std::exit(2);
}

bool bench_all(std::map<std::string, std::string> values) {
  const bool is_double = values["scalar"] == "float64";
  if (!is_double && values["scalar"] != "float32") {
    std::fprintf(stderr, "--scalar: '%s', expected float32 or float64\n", values["scalar"].c_str());
    std::exit(2);
  }
  Options options{std::atof(values["seconds"].c_str()), std::atoi(values["threads"].c_str()), 0};
  if (options.threads == 1) pin_to_one_processor();
  std::printf("%-10s %-10s %8s %5s %4s %5s %5s %3s  %-17s %11s %7s %11s %9s %7s\n", "isa", "cell", "scalar", "T", "B",
              "I", "H", "thr", "pass", "median us", "spread", "best us", "GFLOP/s", "peak");
  for (const KernelTable* table : tables_of(values["isa"])) {
    options.peak = measured_peak(table->name, is_double, 0.2);
    for (const std::string& cell : split(values["cell"], ',')) {
      for (const std::string& shape : split(values["shapes"], '/')) {
        const bool agreed = is_double ? bench_layer<double>(*table, parse_cell(cell), parse_shape(shape), options)
                                      : bench_layer<float>(*table, parse_cell(cell), parse_shape(shape), options);
        if (!agreed) return false;
        std::fflush(stdout);
      }
    }
  }
  return true;
}

}  // namespace
}  // namespace gatedcore::bench

int main(int argc, char** argv) {
  const char* shapes = "100,1,64,64/100,32,1,50/100,32,64,64/100,32,128,128/100,32,256,256/100,64,512,512";
  const auto values = gatedcore::bench::arguments(argc, argv,
                                                  {{"isa", gatedcore::active_kernels().name},
                                                   {"cell", "lstm,gru"},
                                                   {"scalar", "float32"},
                                                   {"shapes", shapes},
                                                   {"threads", "1"},
                                                   {"seconds", "0.5"}});
  return gatedcore::bench::bench_all(values) ? 0 : 1;
}
