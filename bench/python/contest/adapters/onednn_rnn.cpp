// One LSTM or GRU layer by oneDNN's RNN primitives, for onednn.py: the interface of oneDNN 2.
//
// Weights come and their gradients go as (I, G, H) and (H, G, H), oneDNN's ldigo. What a user must do at every call is
// part of it: in inference weights are brought into the primitive's own layout once, in training they change at every
// step, so that both layouts, that of forward and that of backward, are made anew, and gradients are brought back.
#include <dnnl.hpp>

#include <cstring>
#include <string>
#include <unordered_map>

#if DNNL_VERSION_MAJOR != 2
#error "written for oneDNN 2"
#endif

namespace {

using dnnl::memory;
using Dims = memory::dims;
using Arguments = std::unordered_map<int, memory>;
using Tag = memory::format_tag;

struct Sizes {
  bool is_lstm, training;
  long T, B, I, H;
};

memory::desc described(const Dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

class Layer {
 public:
  Layer(const Sizes& s, const float* x, const float* kernel, const float* recurrent, const float* bias,
        const float* d_h)
      : sizes_(s), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const long gates = s.is_lstm ? 4 : 3;
    src_ = described({s.T, s.B, s.I}, Tag::tnc);
    dst_ = described({s.T, s.B, s.H}, Tag::tnc);
    state_ = described({1, 1, s.B, s.H}, Tag::ldnc);
    bias_ = described({1, 1, 4, s.H}, Tag::ldgo);
    const Dims kernel_dims{1, 1, s.I, gates, s.H}, recurrent_dims{1, 1, s.H, gates, s.H};
    kernel_any_ = described(kernel_dims, Tag::any);
    recurrent_any_ = described(recurrent_dims, Tag::any);
    user_kernel_ = wrap(described(kernel_dims, Tag::ldigo), kernel);
    user_recurrent_ = wrap(described(recurrent_dims, Tag::ldigo), recurrent);
    forward_[DNNL_ARG_SRC_LAYER] = wrap(src_, x);
    forward_[DNNL_ARG_BIAS] = wrap(bias_, bias);
    forward_[DNNL_ARG_DST_LAYER] = memory(dst_, engine_);
    // Left out, the first states count as zeros, but oneDNN 2.6 then has a wrong gradient of the recurrent weights.
    forward_[DNNL_ARG_SRC_ITER] = zeros(state_);
    forward_[DNNL_ARG_DST_ITER] = memory(state_, engine_);
    if (s.is_lstm) {
      forward_[DNNL_ARG_SRC_ITER_C] = zeros(state_);
      forward_[DNNL_ARG_DST_ITER_C] = memory(state_, engine_);
    }
    if (s.is_lstm) {
      make_lstm(d_h);
    } else {
      make_gru(d_h);
    }
    bring(user_kernel_, forward_.at(DNNL_ARG_WEIGHTS_LAYER));
    bring(user_recurrent_, forward_.at(DNNL_ARG_WEIGHTS_ITER));
    stream_.wait();
  }

  void run() {
    if (sizes_.training) {
      bring(user_kernel_, forward_.at(DNNL_ARG_WEIGHTS_LAYER));
      bring(user_recurrent_, forward_.at(DNNL_ARG_WEIGHTS_ITER));
    }
    forward_primitive_.execute(stream_, forward_);
    if (sizes_.training) backward();
    stream_.wait();
  }

  void results(float* h, float* d_x, float* d_kernel, float* d_recurrent, float* d_bias) const {
    copy(forward_.at(DNNL_ARG_DST_LAYER), h);
    if (!sizes_.training) return;
    copy(backward_.at(DNNL_ARG_DIFF_SRC_LAYER), d_x);
    copy(user_d_kernel_, d_kernel);
    copy(user_d_recurrent_, d_recurrent);
    copy(backward_.at(DNNL_ARG_DIFF_BIAS), d_bias);
  }

 private:
  memory wrap(const memory::desc& desc, const float* data) { return {desc, engine_, const_cast<float*>(data)}; }
  memory zeros(const memory::desc& desc) {
    memory made(desc, engine_);
    std::memset(made.get_data_handle(), 0, desc.get_size());
    return made;
  }
  static void clear(const memory& m) { std::memset(m.get_data_handle(), 0, m.get_desc().get_size()); }
  static void copy(const memory& from, float* to) {
    std::memcpy(to, from.get_data_handle(), from.get_desc().get_size());
  }
  void bring(memory from, memory to) { dnnl::reorder(from, to).execute(stream_, from, to); }

  void make_lstm(const float* d_h) {
    using Forward = dnnl::lstm_forward;
    using Backward = dnnl::lstm_backward;
    const auto prop = sizes_.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const auto way = dnnl::rnn_direction::unidirectional_left2right;
    const Forward::primitive_desc forward(
        {prop, way, src_, state_, state_, kernel_any_, recurrent_any_, bias_, dst_, state_, state_}, engine_);
    forward_primitive_ = Forward(forward);
    take_forward(forward);
    if (!sizes_.training) return;
    const Backward::primitive_desc backward({dnnl::prop_kind::backward,
                                             way,
                                             src_,
                                             state_,
                                             state_,
                                             kernel_any_,
                                             recurrent_any_,
                                             bias_,
                                             dst_,
                                             state_,
                                             state_,
                                             src_,
                                             state_,
                                             state_,
                                             kernel_any_,
                                             recurrent_any_,
                                             bias_,
                                             dst_,
                                             state_,
                                             state_},
                                            engine_, forward);
    backward_primitive_ = Backward(backward);
    take_backward(backward, d_h);
    backward_[DNNL_ARG_SRC_ITER_C] = forward_.at(DNNL_ARG_SRC_ITER_C);
    backward_[DNNL_ARG_DST_ITER_C] = forward_.at(DNNL_ARG_DST_ITER_C);
    backward_[DNNL_ARG_DIFF_SRC_ITER_C] = memory(state_, engine_);
    backward_[DNNL_ARG_DIFF_DST_ITER_C] = zeros(state_);
  }

  // The reset gate acts on the recurrent product: oneDNN calls it linear before reset.
  void make_gru(const float* d_h) {
    using Forward = dnnl::lbr_gru_forward;
    using Backward = dnnl::lbr_gru_backward;
    const auto prop = sizes_.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const auto way = dnnl::rnn_direction::unidirectional_left2right;
    const Forward::primitive_desc forward({prop, way, src_, state_, kernel_any_, recurrent_any_, bias_, dst_, state_},
                                          engine_);
    forward_primitive_ = Forward(forward);
    take_forward(forward);
    if (!sizes_.training) return;
    const Backward::primitive_desc backward(
        {dnnl::prop_kind::backward, way, src_, state_, kernel_any_, recurrent_any_, bias_, dst_, state_, src_, state_,
         kernel_any_, recurrent_any_, bias_, dst_, state_},
        engine_, forward);
    backward_primitive_ = Backward(backward);
    take_backward(backward, d_h);
  }

  template <class Description>
  void take_forward(const Description& d) {
    forward_[DNNL_ARG_WEIGHTS_LAYER] = memory(d.weights_layer_desc(), engine_);
    forward_[DNNL_ARG_WEIGHTS_ITER] = memory(d.weights_iter_desc(), engine_);
    if (sizes_.training) forward_[DNNL_ARG_WORKSPACE] = memory(d.workspace_desc(), engine_);
  }

  template <class Description>
  void take_backward(const Description& d, const float* d_h) {
    backward_ = forward_;
    backward_[DNNL_ARG_WEIGHTS_LAYER] = memory(d.weights_layer_desc(), engine_);
    backward_[DNNL_ARG_WEIGHTS_ITER] = memory(d.weights_iter_desc(), engine_);
    backward_[DNNL_ARG_DIFF_WEIGHTS_LAYER] = memory(d.diff_weights_layer_desc(), engine_);
    backward_[DNNL_ARG_DIFF_WEIGHTS_ITER] = memory(d.diff_weights_iter_desc(), engine_);
    backward_[DNNL_ARG_DIFF_BIAS] = memory(bias_, engine_);
    backward_[DNNL_ARG_DIFF_SRC_LAYER] = memory(src_, engine_);
    backward_[DNNL_ARG_DIFF_SRC_ITER] = memory(state_, engine_);
    backward_[DNNL_ARG_DIFF_DST_LAYER] = wrap(dst_, d_h);
    backward_[DNNL_ARG_DIFF_DST_ITER] = zeros(state_);
    user_d_kernel_ = memory(user_kernel_.get_desc(), engine_);
    user_d_recurrent_ = memory(user_recurrent_.get_desc(), engine_);
  }

  void backward() {
    bring(user_kernel_, backward_.at(DNNL_ARG_WEIGHTS_LAYER));
    bring(user_recurrent_, backward_.at(DNNL_ARG_WEIGHTS_ITER));
    for (const int sum : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
      clear(backward_.at(sum));  // the primitive adds to them
    backward_primitive_.execute(stream_, backward_);
    bring(backward_.at(DNNL_ARG_DIFF_WEIGHTS_LAYER), user_d_kernel_);
    bring(backward_.at(DNNL_ARG_DIFF_WEIGHTS_ITER), user_d_recurrent_);
  }

  Sizes sizes_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  memory::desc src_, dst_, state_, bias_, kernel_any_, recurrent_any_;
  memory user_kernel_, user_recurrent_, user_d_kernel_, user_d_recurrent_;
  Arguments forward_, backward_;
  dnnl::primitive forward_primitive_, backward_primitive_;
};

std::string& last_error() {
  static std::string text;
  return text;
}

}  // namespace

// C functions, for ctypes. Arrays are used where they are: they must outlive the layer.
extern "C" {

const char* layer_error() { return last_error().c_str(); }

const char* layer_library() {
  static const std::string text = std::to_string(dnnl_version()->major) + "." + std::to_string(dnnl_version()->minor) +
                                  "." + std::to_string(dnnl_version()->patch);
  return text.c_str();
}

// Null after an error. bias is (4, H): for a GRU z r n and, inside the reset gate, n.
void* layer_new(int is_lstm, int training, long T, long B, long I, long H, const float* x, const float* kernel,
                const float* recurrent, const float* bias, const float* d_h) {
  try {
    return new Layer({is_lstm != 0, training != 0, T, B, I, H}, x, kernel, recurrent, bias, d_h);
  } catch (const dnnl::error& error) {
    last_error() = error.what();
    return nullptr;
  }
}

void layer_run(void* layer) { static_cast<Layer*>(layer)->run(); }

void layer_results(void* layer, float* h, float* d_x, float* d_kernel, float* d_recurrent, float* d_bias) {
  static_cast<Layer*>(layer)->results(h, d_x, d_kernel, d_recurrent, d_bias);
}

void layer_delete(void* layer) { delete static_cast<Layer*>(layer); }

}  // extern "C"
