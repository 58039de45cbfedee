// The decoder-only transformer: token embedding and positions, blocks (trainer_core/model/block.h), a final
// norm, an output matrix that may be the token embedding. Which parts it is made of the spec says; what they
// compute stands with each of them, and together in docs/models.md.
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
#include "trainer_core/loss/output_loss.h"
#include "trainer_core/model/block.h"
#include "trainer_core/model/forward_observer.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

class Transformer {
 public:
  // Resolved spec. Parameters are leaves of autograd on `device`, fp32 or, with pure_bf16, bf16, not yet
  // filled.
  Transformer(const spec::TrainingSpec& spec, at::Device device);

  // Fills the weights as model.init says (trainer_core/model/init.h).
  void Initialize(int64_t seed);

  // Negative log-likelihood of `targets`, nats, and training.z_loss. Both are int64 [sequences, length] on
  // the device. With `training` dropout draws from the device's generator and activation checkpointing
  // applies. The caller opens the PrecisionScope.
  TrainingLoss Loss(const at::Tensor& inputs, const at::Tensor& targets, Reduction reduction,
                    bool training) const;

  // [sequences x length, vocabulary], as the output matrix gives them: bf16 under bf16. Inputs as for Loss.
  at::Tensor Logits(const at::Tensor& inputs, bool training) const;

  // The mean negative log-likelihood of labels that are drawn from the model's own distribution: its
  // gradient's square estimates curvature (Gauss-Newton-Bartlett, arXiv 2305.14342).
  TrainingLoss LossOfDraws(const at::Tensor& inputs, at::Generator generator) const;

  // Of forward passes from now on; null: nobody. An activation that is recomputed is seen only once if the
  // caller ends the observation before the backward pass.
  void Observe(ForwardObserver* observer) { observer_ = observer; }

  const NamedTensors& parameters() const { return parameters_; }
  spec::Attention attention() const { return setting_.attention.kernel; }

 private:
  void BindNames();
  at::Tensor LogitsOf(const at::Tensor& hidden) const;
  at::Tensor Nll(const at::Tensor& logits, const at::Tensor& targets, Reduction reduction) const;
  TrainingLoss LossOfLogits(const at::Tensor& logits, const at::Tensor& targets, Reduction reduction) const;
  at::Tensor Embedded(const at::Tensor& inputs, bool training) const;
  at::Tensor Hidden(const at::Tensor& inputs, bool training) const;
  at::Tensor RunLayer(size_t layer, const at::Tensor& input, bool training) const;

  const spec::ModelSpec model_;
  const bool autocast_;
  const spec::SoftmaxPrecision softmax_;
  const double z_loss_;
  const int64_t recompute_every_;
  const BlockSetting setting_;
  NamedTensors parameters_;
  at::Tensor token_embedding_, output_weight_;
  at::Tensor positions_;    // what is added to the embedding; undefined if nothing is
  at::Tensor output_bias_;  // undefined if there is none
  NormWeights final_norm_;  // undefined if there is none
  std::vector<BlockWeights> blocks_;
  ForwardObserver* observer_ = nullptr;
};

}  // namespace optfleet::trainer
