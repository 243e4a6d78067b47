// Every activation kind on vectors, and its derivative from its output.
#pragma once

#include "activations/sigmoid_tanh.hpp"

GATEDCORE_BEGIN_ISA

// f(x) for a kind known at compile time. NaN gives NaN, +-inf the limit; accuracy of tanh, sigmoid and elu (its
// negative half) as in sigmoid_tanh.hpp, the others within 2 ULP (hard sigmoid within 2^-23 or 2^-52 of it).
template <Activation kKind, class Scalar>
GATEDCORE_INLINE Vec<Scalar> activate(Vec<Scalar> x) {
  using V = Vec<Scalar>;
  if constexpr (kKind == Activation::kTanh) {
    return tanh(x);
  } else if constexpr (kKind == Activation::kSigmoid) {
    return sigmoid(x);
  } else if constexpr (kKind == Activation::kHardSigmoid) {
    return min(V::set(6), max(V::zero(), x + V::set(3))) * V::set(Scalar(1) / 6);  // 6 * (1 / 6) rounds to 1
  } else if constexpr (kKind == Activation::kRelu) {
    return max(V::zero(), x);
  } else if constexpr (kKind == Activation::kSoftsign) {
    const V bound = V::set(Scalar(0x1p+100));  // the result is 1 long before; inf / inf would be NaN
    x = min(bound, max(-bound, x));
    return x / (V::set(1) + abs(x));
  } else if constexpr (kKind == Activation::kElu) {
    return select(less(x, V::zero()), expm1_negative(x), x);
  } else {
    static_assert(kKind == Activation::kLinear);
    return x;
  }
}

// f'(x) from y = f(x); at a kink (0 of relu, -3 and 3 of hard sigmoid) 0, as Keras and PyTorch have it.
template <Activation kKind, class Scalar>
GATEDCORE_INLINE Vec<Scalar> activate_slope(Vec<Scalar> y) {
  using V = Vec<Scalar>;
  const V one = V::set(1);
  if constexpr (kKind == Activation::kTanh) {
    return fnma(y, y, one);
  } else if constexpr (kKind == Activation::kSigmoid) {
    return fnma(y, y, y);
  } else if constexpr (kKind == Activation::kHardSigmoid) {
    const V rising = select(less(y, one), V::set(Scalar(1) / 6), V::zero());
    return select(less(V::zero(), y), rising, V::zero());
  } else if constexpr (kKind == Activation::kRelu) {
    return select(less(V::zero(), y), one, V::zero());
  } else if constexpr (kKind == Activation::kSoftsign) {
    const V rest = one - abs(y);
    return rest * rest;
  } else if constexpr (kKind == Activation::kElu) {
    return select(less(y, V::zero()), y + one, one);
  } else {
    static_assert(kKind == Activation::kLinear);
    return one;
  }
}

template <Activation kKind>
struct Kind {
  static constexpr Activation value = kKind;
};

// body(Kind<kind>{}): from a kind at run time to one at compile time.
template <class Body>
GATEDCORE_INLINE auto with_kind(Activation kind, const Body& body) {
  switch (kind) {
    case Activation::kTanh:
      return body(Kind<Activation::kTanh>{});
    case Activation::kSigmoid:
      return body(Kind<Activation::kSigmoid>{});
    case Activation::kHardSigmoid:
      return body(Kind<Activation::kHardSigmoid>{});
    case Activation::kRelu:
      return body(Kind<Activation::kRelu>{});
    case Activation::kSoftsign:
      return body(Kind<Activation::kSoftsign>{});
    case Activation::kElu:
      return body(Kind<Activation::kElu>{});
    case Activation::kLinear:
      break;
  }
  return body(Kind<Activation::kLinear>{});
}

// Where gates are cut off before their activation, to [-clip, clip], and the activation's outputs there.
template <class Scalar>
struct Limits {
  Scalar clip, lowest, highest;
};

// f(x) and f'(x) for a kind known at run time, cut off where there are limits. Every kind rises, so an output that is a
// limit's tells that it was cut off: f' is 0 then, also where the output only rounds to it. Calls, not inlined: the
// kernels have hundreds of places for an activation. Tried: relu and hard sigmoid inlined before the call (AVX2 object
// 10 % larger, LSTM forward with relu at B32 I64 H64 slower by half), tanh, sigmoid and relu inlined (object 48 %
// larger, no faster).
template <class Scalar>
__attribute__((noinline)) Vec<Scalar> activate(Activation kind, Vec<Scalar> x, const Limits<Scalar>* limits = nullptr) {
  if (limits != nullptr) x = max(Vec<Scalar>::set(-limits->clip), min(Vec<Scalar>::set(limits->clip), x));
  return with_kind(
      kind, [&](auto k) __attribute__((always_inline)) { return activate<k.value>(x); });
}
template <class Scalar>
__attribute__((noinline)) Vec<Scalar> activate_slope(Activation kind, Vec<Scalar> y,
                                                     const Limits<Scalar>* limits = nullptr) {
  Vec<Scalar> slope = with_kind(
      kind, [&](auto k) __attribute__((always_inline)) { return activate_slope<k.value>(y); });
  if (limits != nullptr) {
    const Vec<Scalar> zero = y - y;  // or NaN, which stays
    slope = select(less(y, Vec<Scalar>::set(limits->highest)), slope, zero);
    slope = select(less(Vec<Scalar>::set(limits->lowest), y), slope, zero);
  }
  return slope;
}

template <class Scalar>
Limits<Scalar> limits_of(Activation kind, Scalar clip) {
  Scalar lowest[Vec<Scalar>::kLanes], highest[Vec<Scalar>::kLanes];
  activate(kind, Vec<Scalar>::set(-clip)).store(lowest);
  activate(kind, Vec<Scalar>::set(clip)).store(highest);
  return {clip, lowest[0], highest[0]};
}

// How a cell reaches its activations, that of the LSTM's cell state apart, as it is never cut off: tanh and sigmoid at
// compile time ...
struct Standard {
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> activation(Vec<Scalar> x) const {
    return tanh(x);
  }
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> activation_slope(Vec<Scalar> y) const {
    return activate_slope<Activation::kTanh>(y);
  }
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> cell_activation(Vec<Scalar> c) const {
    return tanh(c);
  }
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> cell_activation_slope(Vec<Scalar> y) const {
    return activate_slope<Activation::kTanh>(y);
  }
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> recurrent(Vec<Scalar> x) const {
    return sigmoid(x);
  }
  template <class Scalar>
  GATEDCORE_INLINE Vec<Scalar> recurrent_slope(Vec<Scalar> y) const {
    return activate_slope<Activation::kSigmoid>(y);
  }
};

// ... or any pair at run time, with the same bits for the same kinds, and cut off where there are limits.
template <class Scalar>
struct Any {
  Activation activation_kind;
  Activation recurrent_kind;
  const Limits<Scalar>* activation_limits = nullptr;
  const Limits<Scalar>* recurrent_limits = nullptr;

  GATEDCORE_INLINE Vec<Scalar> activation(Vec<Scalar> x) const {
    return activate(activation_kind, x, activation_limits);
  }
  GATEDCORE_INLINE Vec<Scalar> activation_slope(Vec<Scalar> y) const {
    return activate_slope(activation_kind, y, activation_limits);
  }
  GATEDCORE_INLINE Vec<Scalar> cell_activation(Vec<Scalar> c) const { return activate(activation_kind, c); }
  GATEDCORE_INLINE Vec<Scalar> cell_activation_slope(Vec<Scalar> y) const { return activate_slope(activation_kind, y); }
  GATEDCORE_INLINE Vec<Scalar> recurrent(Vec<Scalar> x) const { return activate(recurrent_kind, x, recurrent_limits); }
  GATEDCORE_INLINE Vec<Scalar> recurrent_slope(Vec<Scalar> y) const {
    return activate_slope(recurrent_kind, y, recurrent_limits);
  }
};

// y = f(x) over n elements; y may be x. Every element goes through the same vector operations, wherever it stands.
template <class Scalar>
void apply(Activation kind, const Scalar* x, Scalar* y, Index n) {
  using V = Vec<Scalar>;
  with_kind(
      kind, [&](auto k) __attribute__((always_inline)) {
        Index i = 0;
        for (; i + V::kLanes <= n; i += V::kLanes) activate<k.value>(V::load(x + i)).store(y + i);
        activate<k.value>(V::load_n(x + i, n - i)).store_n(y + i, n - i);
      });
}

// d_x = d_y f'(x) over n elements, with f'(x) from y = f(x); d_x may be d_y or y.
template <class Scalar>
void apply_gradient(Activation kind, const Scalar* y, const Scalar* d_y, Scalar* d_x, Index n) {
  using V = Vec<Scalar>;
  with_kind(
      kind, [&](auto k) __attribute__((always_inline)) {
        Index i = 0;
        for (; i + V::kLanes <= n; i += V::kLanes) {
          (V::load(d_y + i) * activate_slope<k.value>(V::load(y + i))).store(d_x + i);
        }
        (V::load_n(d_y + i, n - i) * activate_slope<k.value>(V::load_n(y + i, n - i))).store_n(d_x + i, n - i);
      });
}

GATEDCORE_END_ISA
