// Whoever wants to see what a forward pass computes on its way. An observer reads and never writes, so that
// nothing depends on whether there is one. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>

namespace optfleet::trainer {

// What attention's scores come from: softmax(q k^T / sqrt(head width) + bias) under the causal mask.
struct AttentionScores {
  at::Tensor queries;    // [sequences, heads, length, head width], after norm and rotation
  at::Tensor keys;       // [sequences, key heads, length, head width]; each serves heads / key heads queries
  at::Tensor bias = {};  // [heads, length, length], or undefined
};

class ForwardObserver {
 public:
  virtual ~ForwardObserver() = default;
  // [sequences, length, width], what block `layer` (from 0) hands on.
  virtual void SeeBlockOutput(int64_t layer, const at::Tensor& output) = 0;
  virtual bool WantsScores(int64_t layer) const = 0;
  virtual void SeeScores(int64_t layer, const AttentionScores& scores) = 0;
};

}  // namespace optfleet::trainer
