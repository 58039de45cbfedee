#include "trainer_core/model/transformer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "spec/parameters.h"
#include "trainer_core/model/recompute.h"

namespace optfleet::trainer {
namespace {

at::Tensor Dropout(const at::Tensor& input, double share, bool training) {
  return training && share > 0 ? at::dropout(input, share, /*train=*/true) : input;
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool WritesResidual(const std::string& name) {
  return EndsWith(name, ".attention.output.weight") || EndsWith(name, ".mlp.down.weight");
}

}  // namespace

Transformer::Transformer(const spec::TrainingSpec& spec, at::Device device)
    : model_(spec.model),
      bf16_(spec.training.precision == spec::Precision::kBf16),
      recompute_every_(spec.training.recompute_every),
      attention_(ChooseAttention(spec, device.type())),
      device_(device) {
  const auto fp32 = at::TensorOptions().device(device).dtype(at::kFloat);
  for (const auto& parameter : spec::Parameters(model_)) {
    parameters_.push_back({parameter.name, at::empty(parameter.shape, fp32).requires_grad_()});
  }
  if (attention_ == spec::Attention::kManual) {
    causal_mask_ = CausalMask(spec.data.sequence_length, device, bf16_ ? at::kBFloat16 : at::kFloat);
  }
  BindNames();
}

void Transformer::BindNames() {
  std::map<std::string, at::Tensor> by_name;
  for (const auto& parameter : parameters_) by_name[parameter.name] = parameter.tensor;
  // A name that is not there (a bias of a model without) stays an undefined tensor, which ATen takes as
  // "none".
  const auto find = [&](const std::string& name) {
    return by_name.count(name) ? by_name[name] : at::Tensor();
  };
  token_embedding_ = find("token_embedding.weight");
  position_embedding_ = find("position_embedding.weight");
  for (int64_t layer = 0; layer < model_.layers; ++layer) {
    const std::string prefix = "blocks." + std::to_string(layer) + ".";
    const auto part = [&](const char* name) { return find(prefix + name); };
    blocks_.push_back({.norm1_gain = part("norm1.weight"),
                       .norm1_bias = part("norm1.bias"),
                       .qkv_weight = part("attention.qkv.weight"),
                       .qkv_bias = part("attention.qkv.bias"),
                       .attention_output_weight = part("attention.output.weight"),
                       .attention_output_bias = part("attention.output.bias"),
                       .norm2_gain = part("norm2.weight"),
                       .norm2_bias = part("norm2.bias"),
                       .up_weight = part("mlp.up.weight"),
                       .up_bias = part("mlp.up.bias"),
                       .down_weight = part("mlp.down.weight"),
                       .down_bias = part("mlp.down.bias")});
  }
  final_gain_ = find("final_norm.weight");
  final_bias_ = find("final_norm.bias");
  output_weight_ = model_.tie_output ? token_embedding_ : find("output.weight");
}

void Transformer::Initialize(int64_t seed) {
  at::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(seed));
  const double residual_std = model_.init_std / std::sqrt(2.0 * static_cast<double>(model_.layers));
  for (auto& [name, tensor] : parameters_) {
    if (tensor.dim() > 1) {
      const at::Tensor drawn = at::empty(tensor.sizes(), at::kFloat);
      drawn.normal_(0.0, WritesResidual(name) ? residual_std : model_.init_std, generator);
      tensor.copy_(drawn);
    } else {
      tensor.fill_(EndsWith(name, ".weight") ? 1.0 : 0.0);  // a norm's gain, or a bias
    }
  }
}

at::Tensor Transformer::Loss(const at::Tensor& inputs, const at::Tensor& targets, Reduction reduction,
                             bool training) const {
  const at::Tensor logits = at::linear(Hidden(inputs, training), output_weight_);
  return at::cross_entropy_loss(logits.view({-1, logits.size(-1)}).to(at::kFloat), targets.reshape({-1}),
                                /*weight=*/{},
                                reduction == Reduction::kMean ? at::Reduction::Mean : at::Reduction::Sum);
}

at::Tensor Transformer::Hidden(const at::Tensor& inputs, bool training) const {
  at::Tensor stream =
      at::embedding(token_embedding_, inputs) + position_embedding_.slice(0, 0, inputs.size(1));
  stream = Dropout(stream, model_.embedding_dropout, training);
  const RecomputeOptions recompute{bf16_, model_.attention_dropout > 0 || model_.residual_dropout > 0};
  for (size_t layer = 0; layer < blocks_.size(); ++layer) {
    const Block& block = blocks_[layer];
    const bool again =
        training && recompute_every_ > 0 && (static_cast<int64_t>(layer) + 1) % recompute_every_ == 0;
    const auto body = [this, &block, training](const at::Tensor& input) {
      return RunBlock(block, input, training);
    };
    stream = again ? Recompute(stream, body, recompute) : body(stream);
  }
  return Norm(stream, final_gain_, final_bias_);
}

at::Tensor Transformer::RunBlock(const Block& block, const at::Tensor& input, bool training) const {
  const AttentionOptions options{attention_, model_.heads, training ? model_.attention_dropout : 0.0};
  const at::Tensor qkv =
      at::linear(Norm(input, block.norm1_gain, block.norm1_bias), block.qkv_weight, block.qkv_bias);
  const at::Tensor attended = at::linear(Attend(qkv, causal_mask_, options), block.attention_output_weight,
                                         block.attention_output_bias);
  const at::Tensor middle = input + Dropout(attended, model_.residual_dropout, training);
  const at::Tensor up =
      at::linear(Norm(middle, block.norm2_gain, block.norm2_bias), block.up_weight, block.up_bias);
  const at::Tensor down = at::linear(at::gelu(up), block.down_weight, block.down_bias);
  return middle + Dropout(down, model_.residual_dropout, training);
}

at::Tensor Transformer::Norm(const at::Tensor& input, const at::Tensor& gain, const at::Tensor& bias) const {
  return at::layer_norm(input, {model_.width}, gain, bias, model_.norm_epsilon);
}

}  // namespace optfleet::trainer
