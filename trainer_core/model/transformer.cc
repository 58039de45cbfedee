#include "trainer_core/model/transformer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "spec/parameters.h"
#include "trainer_core/model/init.h"
#include "trainer_core/model/positions.h"
#include "trainer_core/model/recompute.h"
#include "trainer_core/model/softmax.h"

namespace optfleet::trainer {
namespace {

at::TensorOptions FormOfWeights(const spec::TrainingSpec& spec, at::Device device) {
  const bool pure_bf16 = spec.training.precision == spec::Precision::kPureBf16;
  return at::TensorOptions().device(device).dtype(pure_bf16 ? at::kBFloat16 : at::kFloat);
}

BlockSetting SettingOf(const spec::TrainingSpec& spec, at::Device device) {
  const spec::ModelSpec& model = spec.model;
  BlockSetting setting;
  setting.model = model;
  setting.attention = {.kernel = ChooseAttention(spec, device.type()),
                       .heads = model.heads,
                       .dropout = model.attention_dropout,
                       .softmax = spec.training.softmax_precision,
                       .kv_heads = model.kv_heads};
  setting.norm = {model.norm, model.norm_epsilon};
  const int64_t longest = std::max(spec.data.sequence_length, model.context);
  if (model.position == spec::PositionKind::kRotary)
    setting.rotary = MakeRotaryTables(longest, model.width_of_head(), model.rotary_base, device);
  const bool bf16 = spec.training.precision != spec::Precision::kFp32;
  const at::ScalarType type = bf16 ? at::kBFloat16 : at::kFloat;
  if (model.position == spec::PositionKind::kAlibi)
    setting.mask = AlibiMask(model.heads, longest, at::TensorOptions().device(device).dtype(type));
  else if (setting.attention.kernel == spec::Attention::kManual)
    setting.mask = CausalMask(longest, device, type);
  return setting;
}

}  // namespace

Transformer::Transformer(const spec::TrainingSpec& spec, at::Device device)
    : model_(spec.model),
      autocast_(spec.training.precision == spec::Precision::kBf16),
      softmax_(spec.training.softmax_precision),
      z_loss_(spec.training.z_loss),
      recompute_every_(spec.training.recompute_every),
      setting_(SettingOf(spec, device)) {
  const at::TensorOptions form = FormOfWeights(spec, device);
  for (const auto& parameter : spec::Parameters(model_)) {
    parameters_.push_back({parameter.name, at::empty(parameter.shape, form).requires_grad_()});
  }
  if (model_.position == spec::PositionKind::kSinusoidal)
    positions_ = SinusoidalTable(std::max(spec.data.sequence_length, model_.context), model_.width, form);
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
  if (model_.position == spec::PositionKind::kLearned) positions_ = find("position_embedding.weight");
  for (int64_t layer = 0; layer < model_.layers; ++layer) {
    const std::string prefix = "blocks." + std::to_string(layer) + ".";
    blocks_.push_back(BindBlock([&](const char* name) { return find(prefix + name); }));
  }
  final_norm_ = {find("final_norm.weight"), find("final_norm.bias")};
  output_weight_ = model_.tie_output ? token_embedding_ : find("output.weight");
  output_bias_ = find("output.bias");
}

void Transformer::Initialize(int64_t seed) { InitializeWeights(model_, seed, parameters_); }

TrainingLoss Transformer::Loss(const at::Tensor& inputs, const at::Tensor& targets, Reduction reduction,
                               bool training) const {
  const at::Tensor hidden = Hidden(inputs, training).view({-1, model_.width});
  if (softmax_ != spec::SoftmaxPrecision::kFp32)
    return LossOfLogits(LogitsOf(hidden), targets.reshape({-1}), reduction);
  return OutputLoss(hidden, output_weight_, output_bias_, targets.reshape({-1}),
                    {reduction, z_loss_, autocast_});
}

// Drawn labels and a softmax in bf16 need all logits at once.
at::Tensor Transformer::Nll(const at::Tensor& logits, const at::Tensor& targets, Reduction reduction) const {
  const auto way = reduction == Reduction::kMean ? at::Reduction::Mean : at::Reduction::Sum;
  return at::nll_loss(LogSoftmax(logits, softmax_).to(at::kFloat), targets, /*weight=*/{}, way);
}

TrainingLoss Transformer::LossOfLogits(const at::Tensor& logits, const at::Tensor& targets,
                                       Reduction reduction) const {
  const at::Tensor nll = Nll(logits, targets, reduction);
  if (z_loss_ <= 0) return {nll, nll.detach(), {}};
  const at::Tensor square = at::logsumexp(logits.to(at::kFloat), -1).square();
  const at::Tensor z = (reduction == Reduction::kMean ? square.mean() : square.sum()) * z_loss_;
  return {nll + z, nll.detach(), z.detach()};
}

TrainingLoss Transformer::LossOfDraws(const at::Tensor& inputs, at::Generator generator) const {
  const at::Tensor logits = Logits(inputs, /*training=*/true);
  const at::Tensor chances = at::softmax(logits.detach(), -1, at::kFloat);
  const at::Tensor labels = at::multinomial(chances, 1, /*replacement=*/true, std::move(generator));
  const at::Tensor nll = Nll(logits, labels.view({-1}), Reduction::kMean);
  return {nll, nll.detach(), {}};
}

at::Tensor Transformer::Logits(const at::Tensor& inputs, bool training) const {
  return LogitsOf(Hidden(inputs, training)).view({-1, model_.vocab_size});
}

at::Tensor Transformer::LogitsOf(const at::Tensor& hidden) const {
  return at::linear(hidden, output_weight_, output_bias_);
}

at::Tensor Transformer::Embedded(const at::Tensor& inputs, bool training) const {
  at::Tensor embedded = at::embedding(token_embedding_, inputs);
  if (positions_.defined()) embedded = embedded + positions_.slice(0, 0, inputs.size(1));
  return Dropout(embedded, model_.embedding_dropout, training);
}

at::Tensor Transformer::Hidden(const at::Tensor& inputs, bool training) const {
  at::Tensor stream = Embedded(inputs, training);
  const bool weighted = model_.residual == spec::ResidualKind::kWeighted;
  std::vector<at::Tensor> outputs;  // of the embedding and all layers, where blocks read them
  if (weighted) outputs.push_back(stream);
  for (size_t layer = 0; layer < blocks_.size(); ++layer) {
    if (weighted) stream = Mixed(blocks_[layer].residual_mix, outputs);
    stream = RunLayer(layer, stream, training);
    if (weighted) outputs.push_back(stream);
    if (observer_ != nullptr) observer_->SeeBlockOutput(static_cast<int64_t>(layer), stream);
  }
  return final_norm_.gain.defined() ? Norm(stream, final_norm_, setting_.norm) : stream;
}

at::Tensor Transformer::RunLayer(size_t layer, const at::Tensor& input, bool training) const {
  const BlockWeights& block = blocks_[layer];
  // Who observes is asked again where the layer runs a second time.
  const auto body = [this, &block, layer, training](const at::Tensor& stream) {
    return RunBlock(block, setting_, stream, training, {observer_, static_cast<int64_t>(layer)});
  };
  const bool again =
      training && recompute_every_ > 0 && (static_cast<int64_t>(layer) + 1) % recompute_every_ == 0;
  if (!again) return body(input);
  const bool random = model_.attention_dropout > 0 || model_.residual_dropout > 0;
  return Recompute(input, body, {autocast_, random});
}

}  // namespace optfleet::trainer
