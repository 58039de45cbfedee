// The decoder-only transformer: token and learned position embedding, pre-norm blocks (LayerNorm, attention,
// exact GELU MLP), a final norm, an output matrix that may be the token embedding.
//
// Parameters are those of spec/parameters.h: their names, shapes and order come from there, so a prediction
// of `spec` and a checkpoint always speak of the same tensors. Owned by the training thread.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spec/training_spec.h"
#include "trainer_core/model/attention.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

enum class Reduction { kMean, kSum };

// Means over tokens, fp32 scalars.
struct TrainingLoss {
  at::Tensor nll;
  at::Tensor z;  // training.z_loss x logsumexp(logits)^2; undefined where that is 0
};

class Transformer {
 public:
  // Resolved spec. Parameters are leaves of autograd on `device`, fp32 or, with pure_bf16, bf16, not yet
  // filled.
  Transformer(const spec::TrainingSpec& spec, at::Device device);

  // Weights N(0, init_std), those that write into the residual stream N(0, init_std / sqrt(2 layers)), gains
  // 1, biases 0. Drawn on the CPU from a generator of its own, so that every device starts from the same
  // numbers.
  void Initialize(int64_t seed);

  // Negative log-likelihood of `targets`, nats, fp32 scalar. Both are int64 [sequences, length] on the
  // device. With `training` dropout draws from the device's generator and activation checkpointing applies.
  // The caller opens the PrecisionScope.
  at::Tensor Loss(const at::Tensor& inputs, const at::Tensor& targets, Reduction reduction,
                  bool training) const;

  // [sequences x length, vocabulary], as the output matrix gives them: bf16 under bf16. Inputs as for Loss.
  at::Tensor Logits(const at::Tensor& inputs, bool training) const;

  // What is trained, of such logits.
  TrainingLoss LossOf(const at::Tensor& logits, const at::Tensor& targets) const;

  // As Loss with kMean and training, and what else is trained.
  TrainingLoss LossToTrain(const at::Tensor& inputs, const at::Tensor& targets) const;

  // The mean negative log-likelihood of labels that are drawn from the model's own distribution: its
  // gradient's square estimates curvature (Gauss-Newton-Bartlett, arXiv 2305.14342).
  at::Tensor LossOfDraws(const at::Tensor& inputs, at::Generator generator) const;

  const NamedTensors& parameters() const { return parameters_; }
  spec::Attention attention() const { return attention_; }

 private:
  struct Block {
    at::Tensor norm1_gain, norm1_bias, qkv_weight, qkv_bias, attention_output_weight, attention_output_bias;
    at::Tensor norm2_gain, norm2_bias, up_weight, up_bias, down_weight, down_bias;
  };

  void BindNames();
  at::Tensor Nll(const at::Tensor& logits, const at::Tensor& targets, Reduction reduction) const;
  at::Tensor Hidden(const at::Tensor& inputs, bool training) const;
  at::Tensor RunBlock(const Block& block, const at::Tensor& input, bool training) const;
  at::Tensor Norm(const at::Tensor& input, const at::Tensor& gain, const at::Tensor& bias) const;

  const spec::ModelSpec model_;
  const bool autocast_;
  const spec::SoftmaxPrecision softmax_;
  const double z_loss_;
  const int64_t recompute_every_;
  const spec::Attention attention_;
  const at::Device device_;
  NamedTensors parameters_;
  at::Tensor causal_mask_;  // undefined unless attention_ is hand-written
  at::Tensor token_embedding_, position_embedding_, final_gain_, final_bias_, output_weight_;
  std::vector<Block> blocks_;
};

}  // namespace optfleet::trainer
