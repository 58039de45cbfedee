#include "trainer_core/model/block.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {
namespace {

at::Tensor Attention(const BlockWeights& block, const BlockSetting& setting, const at::Tensor& input,
                     bool training, const BlockWatch& watch) {
  AttentionOptions options = setting.attention;
  if (!training) options.dropout = 0;
  const at::Tensor qkv = at::linear(input, block.qkv, block.qkv_bias);
  const QueryKeyParts parts{block.q_norm, block.k_norm, setting.norm, setting.rotary};
  if (watch.observer != nullptr && watch.observer->WantsScores(watch.layer))
    watch.observer->SeeScores(watch.layer, ScoresOf(qkv, setting.mask, options, parts));
  const at::Tensor attended = at::linear(Attend(qkv, setting.mask, options, parts), block.attention_output,
                                         block.attention_output_bias);
  return Dropout(attended, setting.model.residual_dropout, training);
}

at::Tensor MlpBranch(const BlockWeights& block, const BlockSetting& setting, const at::Tensor& input,
                     bool training) {
  return Dropout(Mlp(input, block.mlp, setting.model.mlp), setting.model.residual_dropout, training);
}

}  // namespace

BlockWeights BindBlock(const std::function<at::Tensor(const char* name)>& find) {
  return {.norm1 = {find("norm1.weight"), find("norm1.bias")},
          .qkv = find("attention.qkv.weight"),
          .qkv_bias = find("attention.qkv.bias"),
          .attention_output = find("attention.output.weight"),
          .attention_output_bias = find("attention.output.bias"),
          .q_norm = {find("attention.q_norm.weight"), {}},
          .k_norm = {find("attention.k_norm.weight"), {}},
          .norm2 = {find("norm2.weight"), find("norm2.bias")},
          .mlp = {.up = find("mlp.up.weight"),
                  .up_bias = find("mlp.up.bias"),
                  .gate = find("mlp.gate.weight"),
                  .gate_bias = find("mlp.gate.bias"),
                  .down = find("mlp.down.weight"),
                  .down_bias = find("mlp.down.bias")},
          .residual_mix = find("residual_mix.weight")};
}

at::Tensor RunBlock(const BlockWeights& block, const BlockSetting& setting, const at::Tensor& input,
                    bool training, const BlockWatch& watch) {
  const NormOptions& norm = setting.norm;
  if (setting.model.norm_placement == spec::NormPlacement::kPost) {
    const at::Tensor middle =
        Norm(input + Attention(block, setting, input, training, watch), block.norm1, norm);
    return Norm(middle + MlpBranch(block, setting, middle, training), block.norm2, norm);
  }
  const at::Tensor attended = Attention(block, setting, Norm(input, block.norm1, norm), training, watch);
  const bool weighted = setting.model.residual == spec::ResidualKind::kWeighted;
  const at::Tensor middle = weighted ? attended : input + attended;
  return middle + MlpBranch(block, setting, Norm(middle, block.norm2, norm), training);
}

at::Tensor Mixed(const at::Tensor& scores, const std::vector<at::Tensor>& outputs) {
  const auto shares = at::softmax(scores, 0, at::kFloat).unbind(0);
  at::Tensor mix = outputs[0] * shares[0];
  for (size_t i = 1; i < outputs.size(); ++i) mix = mix + outputs[i] * shares[i];
  return mix;
}

at::Tensor Dropout(const at::Tensor& input, double share, bool training) {
  return training && share > 0 ? at::dropout(input, share, /*train=*/true) : input;
}

}  // namespace optfleet::trainer
