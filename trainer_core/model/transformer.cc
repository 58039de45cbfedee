#include "trainer_core/model/transformer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "spec/parameters.h"
#include "trainer_core/model/recompute.h"
#include "trainer_core/model/softmax.h"

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
      autocast_(spec.training.precision == spec::Precision::kBf16),
      softmax_(spec.training.softmax_precision),
      z_loss_(spec.training.z_loss),
      recompute_every_(spec.training.recompute_every),
      attention_(ChooseAttention(spec, device.type())),
      device_(device) {
  const bool pure_bf16 = spec.training.precision == spec::Precision::kPureBf16;
  const auto form = at::TensorOptions().device(device).dtype(pure_bf16 ? at::kBFloat16 : at::kFloat);
  for (const auto& parameter : spec::Parameters(model_)) {
    parameters_.push_back({parameter.name, at::empty(parameter.shape, form).requires_grad_()});
  }
  if (attention_ == spec::Attention::kManual) {
    causal_mask_ =
        CausalMask(spec.data.sequence_length, device, autocast_ || pure_bf16 ? at::kBFloat16 : at::kFloat);
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
  return Nll(Logits(inputs, training), targets, reduction);
}

TrainingLoss Transformer::LossToTrain(const at::Tensor& inputs, const at::Tensor& targets) const {
  return LossOf(Logits(inputs, /*training=*/true), targets);
}

TrainingLoss Transformer::LossOf(const at::Tensor& logits, const at::Tensor& targets) const {
  TrainingLoss loss{Nll(logits, targets, Reduction::kMean), {}};
  if (z_loss_ > 0) loss.z = at::logsumexp(logits.to(at::kFloat), -1).square().mean() * z_loss_;
  return loss;
}

at::Tensor Transformer::LossOfDraws(const at::Tensor& inputs, at::Generator generator) const {
  const at::Tensor logits = Logits(inputs, /*training=*/true);
  const at::Tensor chances = at::softmax(logits.detach(), -1, at::kFloat);
  return Nll(logits, at::multinomial(chances, 1, /*replacement=*/true, generator), Reduction::kMean);
}

at::Tensor Transformer::Logits(const at::Tensor& inputs, bool training) const {
  return at::linear(Hidden(inputs, training), output_weight_).view({-1, model_.vocab_size});
}

at::Tensor Transformer::Nll(const at::Tensor& logits, const at::Tensor& targets, Reduction reduction) const {
  const auto way = reduction == Reduction::kMean ? at::Reduction::Mean : at::Reduction::Sum;
  if (softmax_ == spec::SoftmaxPrecision::kFp32)
    return at::cross_entropy_loss(logits.to(at::kFloat), targets.reshape({-1}), /*weight=*/{}, way);
  return at::nll_loss(LogSoftmax(logits, softmax_).to(at::kFloat), targets.reshape({-1}), /*weight=*/{}, way);
}

at::Tensor Transformer::Hidden(const at::Tensor& inputs, bool training) const {
  at::Tensor stream =
      at::embedding(token_embedding_, inputs) + position_embedding_.slice(0, 0, inputs.size(1));
  stream = Dropout(stream, model_.embedding_dropout, training);
  const RecomputeOptions recompute{autocast_, model_.attention_dropout > 0 || model_.residual_dropout > 0};
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
  const AttentionOptions options{attention_, model_.heads, training ? model_.attention_dropout : 0.0,
                                 softmax_};
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
