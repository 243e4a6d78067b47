// Streams on every instruction set, against runs over the whole sequence: the same bits, and no allocation.
#include "dispatch/stream.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include "dense_problem.hpp"
#include "gru_problem.hpp"
#include "lstm_problem.hpp"

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, whole == 0 ? alignment : whole);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
// Those that do not throw, too: the address sanitizer's would not call the ones above.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, static_cast<std::size_t>(alignment));
}
// Out of line: inlined beside calls of new, g++ takes them for mismatched.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace gatedcore::test {
namespace {

// Weights of an LSTM, a GRU of either form or a dense layer, from I inputs to H outputs.
template <class Scalar>
struct LayerWeights {
  enum class Kind { kLstm, kGruAfter, kGruBefore, kDense };
  Kind kind;
  Index I, H;
  std::vector<Scalar> w_x, w_h, b;
  std::vector<Scalar> z_h, z_c;  // rates of zoneout (H), or empty

  LayerWeights(check::Random& random, Kind kind_, Index I_, Index H_) : kind(kind_), I(I_), H(H_) {
    const Index gates = kind == Kind::kLstm ? 4 : kind == Kind::kDense ? 1 : 3;
    w_x = random_array<Scalar>(random, I * gates * H, weight_bound(I + H));
    w_h = random_array<Scalar>(random, kind == Kind::kDense ? 0 : H * gates * H, weight_bound(I + H));
    b = random_array<Scalar>(random, (kind == Kind::kGruAfter ? 2 : 1) * gates * H, 1);
    if (random_choice(random)) z_h = random_array<Scalar>(random, H, 0.5);
    if (random_choice(random)) z_c = random_array<Scalar>(random, H, 0.5);
  }

  LstmForward<Scalar> lstm() const {
    LstmForward<Scalar> call;
    call.dims = {0, 0, I, H};
    call.weights = {w_x.data(), w_h.data(), b.data()};
    call.zoneout = {{pointer(z_h), 0, 0}, {pointer(z_c), 0, 0}};
    return call;
  }
  GruForward<Scalar> gru() const {
    GruForward<Scalar> call;
    call.dims = {0, 0, I, H};
    call.form = kind == Kind::kGruAfter ? GruForm::kResetAfter : GruForm::kResetBefore;
    call.weights = {w_x.data(), w_h.data(), b.data(), kind == Kind::kGruAfter ? b.data() + 3 * H : nullptr};
    call.zoneout.z_h = {pointer(z_h), 0, 0};
    return call;
  }
  DenseForward<Scalar> dense() const {
    DenseForward<Scalar> call;
    call.I = I;
    call.O = H;
    call.w = w_x.data();
    call.b = b.data();
    return call;
  }

  void add_to(Stream<Scalar>& stream) const {
    if (kind == Kind::kLstm) {
      stream.add(lstm());
    } else if (kind == Kind::kDense) {
      stream.add(dense(), Activation::kSigmoid);
    } else {
      stream.add(gru());
    }
  }

  // Runs the whole sequence, (T, B, I) to (T, B, H), with an entry point of its own.
  std::vector<Scalar> whole(const KernelTable& table, Index T, Index B, const std::vector<Scalar>& x) const {
    std::vector<Scalar> y(static_cast<std::size_t>(T * B * H));
    if (kind == Kind::kDense) {
      DenseForward<Scalar> call = dense();
      call.M = T * B;
      call.x = x.data();
      call.x_stride = I;
      call.y = y.data();
      run_dense_forward(table, call, 1);
      run_activation(table, Activation::kSigmoid, y.data(), y.data(), T * B * H);
      return y;
    }
    const Sequence<const Scalar> from{x.data(), B * I, I};
    const Sequence<Scalar> to{y.data(), B * H, H};
    if (kind == Kind::kLstm) {
      LstmForward<Scalar> call = lstm();
      call.dims = {T, B, I, H};
      call.x = from;
      call.h = to;
      run_lstm_forward(table, call, 1);
    } else {
      GruForward<Scalar> call = gru();
      call.dims = {T, B, I, H};
      call.x = from;
      call.h = to;
      run_gru_forward(table, call, 1);
    }
    return y;
  }
};

template <class Scalar>
using Chain = std::vector<LayerWeights<Scalar>>;

template <class Scalar>
Stream<Scalar> stream_of(const KernelTable& table, const Chain<Scalar>& chain, Index B) {
  Stream<Scalar> stream(table, B, chain.front().I);
  for (const LayerWeights<Scalar>& layer : chain) layer.add_to(stream);
  return stream;
}

// Runs T steps in calls of so many steps each.
template <class Scalar>
std::vector<Scalar> in_calls_of(Stream<Scalar>& stream, Index steps, Index T, const std::vector<Scalar>& x) {
  const Index B = stream.batch(), I = stream.inputs(), O = stream.outputs();
  std::vector<Scalar> y(static_cast<std::size_t>(T * B * O));
  for (Index t = 0; t < T; t += steps) {
    stream.run(std::min(steps, T - t), {x.data() + t * B * I, B * I, I}, {y.data() + t * B * O, B * O, O});
  }
  return y;
}

template <class Scalar>
void check_chain(const KernelTable& table, check::Random& random, const Chain<Scalar>& chain, Index B) {
  constexpr Index T = 101;  // more than two blocks of steps, and a rest
  CONTEXT("layers " << chain.size() << " B " << B << " I " << chain.front().I << " H " << chain.front().H << " bytes "
                    << sizeof(Scalar));
  const std::vector<Scalar> x = random_array<Scalar>(random, T * B * chain.front().I, 1);
  std::vector<Scalar> expected = x;
  for (const LayerWeights<Scalar>& layer : chain) expected = layer.whole(table, T, B, expected);
  Stream<Scalar> stream = stream_of(table, chain, B);
  CHECK(stream.outputs() == chain.back().H);
  for (const Index steps : {Index(1), Index(5), Index(60), T}) {
    CONTEXT("calls of " << steps << " steps");
    stream.reset();
    CHECK(in_calls_of(stream, steps, T, x) == expected);
  }
}

template <class Scalar>
void check_every_kind(const KernelTable& table) {
  using Layer = LayerWeights<Scalar>;
  using Kind = typename Layer::Kind;
  check::Random random(1);
  const Index N = table.kernels<Scalar>().lanes;
  for (const Index B : {1, 2, 7}) {
    for (const Kind kind : {Kind::kLstm, Kind::kGruAfter, Kind::kGruBefore, Kind::kDense}) {
      for (const Index H : {Index(1), N, 2 * N + 3}) {
        for (const Index I : {1, 5}) check_chain<Scalar>(table, random, {Layer(random, kind, I, H)}, B);
      }
    }
    check_chain<Scalar>(table, random,
                        {Layer(random, Kind::kLstm, 3, N + 1), Layer(random, Kind::kGruAfter, N + 1, 4),
                         Layer(random, Kind::kGruBefore, 4, 5), Layer(random, Kind::kDense, 5, 2)},
                        B);
  }
}

TEST_CASE("steps give the bits of the whole sequence") {
  for_each_isa([](const KernelTable& table) {
    check_every_kind<float>(table);
    check_every_kind<double>(table);
  });
}

Chain<float> two_layers(check::Random& random) {
  using Layer = LayerWeights<float>;
  return {Layer(random, Layer::Kind::kLstm, 3, 20), Layer(random, Layer::Kind::kGruAfter, 20, 7),
          Layer(random, Layer::Kind::kDense, 7, 2)};
}

TEST_CASE("no call allocates") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(2);
    const Chain<float> chain = two_layers(random);
    const long before = allocations;
    Stream<float> stream = stream_of(table, chain, 2);
    CHECK(allocations > before);  // the counter counts
    const std::vector<float> x = random_array<float>(random, 200 * 2 * 3, 1);
    std::vector<float> y(200 * 2 * 2);
    const long begin = allocations;
    stream.run(1, {x.data(), 6, 3}, {y.data(), 4, 2});
    stream.run(200, {x.data(), 6, 3}, {y.data(), 4, 2});
    stream.reset();
    const long taken = allocations - begin;
    CHECK(taken == 0);
  });
}

TEST_CASE("inputs and outputs may have any strides and share memory step by step") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(3);
    const Index T = 60, B = 3;
    const Chain<float> chain = two_layers(random);
    const std::vector<float> x = random_array<float>(random, T * B * 3, 1);
    Stream<float> stream = stream_of(table, chain, B);
    const std::vector<float> expected = in_calls_of(stream, T, T, x);
    std::vector<float> memory(static_cast<std::size_t>(B * T * 3));  // (B, T, 3), and (B, T, 2) in the same rows
    for (Index t = 0; t < T; ++t) {
      for (Index b = 0; b < B; ++b)
        std::copy_n(&x[std::size_t((t * B + b) * 3)], 3, &memory[std::size_t((b * T + t) * 3)]);
    }
    stream.reset();
    stream.run(T, {memory.data(), 3, 3 * T}, {memory.data(), 3, 3 * T});
    for (Index t = 0; t < T; ++t) {
      for (Index b = 0; b < B; ++b) {
        for (Index o = 0; o < 2; ++o) {
          CHECK(memory[std::size_t((b * T + t) * 3 + o)] == expected[std::size_t((t * B + b) * 2 + o)]);
        }
      }
    }
  });
}

TEST_CASE("states can be read, set and reset") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(4);
    const Chain<float> chain = two_layers(random);
    Stream<float> stream = stream_of(table, chain, 1);
    CHECK(stream.states().size() == 2u);
    CHECK(stream.states()[0].arrays.size() == 2u);
    CHECK(stream.states()[1].arrays.size() == 1u);
    const std::vector<float> x = random_array<float>(random, 40 * 3, 1);
    const std::vector<float> expected = in_calls_of(stream, 40, 40, x);
    stream.reset();
    in_calls_of(stream, 25, 25, x);
    Stream<float> other = stream_of(table, chain, 1);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < stream.states()[i].arrays.size(); ++j) {
        std::copy_n(stream.states()[i].arrays[j], stream.states()[i].units, other.states()[i].arrays[j]);
      }
    }
    const std::vector<float> rest = in_calls_of(other, 15, 15, {x.begin() + 25 * 3, x.end()});
    CHECK(std::equal(rest.begin(), rest.end(), expected.begin() + 25 * 2));
  });
}

TEST_CASE("weights are those of the time when a layer was added; the floating-point mode stays") {
  for_each_isa([](const KernelTable& table) {
    check::Random random(5);
    Chain<float> chain = two_layers(random);
    Stream<float> stream = stream_of(table, chain, 1);
    const std::vector<float> x = random_array<float>(random, 4 * 3, 1);
    reset_floating_point_mode();
    const std::uint64_t mode = floating_point_mode();
    const std::vector<float> expected = in_calls_of(stream, 4, 4, x);
    CHECK(floating_point_mode() == mode);
    for (LayerWeights<float>& layer : chain) {
      for (auto* weights : {&layer.w_x, &layer.w_h, &layer.b, &layer.z_h, &layer.z_c})
        std::fill(weights->begin(), weights->end(), 7.0f);
    }
    stream.reset();
    CHECK(in_calls_of(stream, 4, 4, x) == expected);
  });
}

}  // namespace
}  // namespace gatedcore::test
