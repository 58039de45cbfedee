// Activation checkpointing (Chen et al., arXiv 1604.06174): a function keeps only its input and runs a second
// time in the backward pass.
//
// The second run sees the same random state and the same precision as the first, so the gradients equal those
// without it bit for bit; the random state after the backward pass is what it was before. Gradients of
// parameters that `body` uses are added to their .grad as in any backward pass. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <functional>

namespace optfleet::trainer {

struct RecomputeOptions {
  bool bf16 = false;
  bool random = false;  // whether `body` draws random numbers
};

// body(input), where `body` must stay callable until the backward pass is over.
at::Tensor Recompute(const at::Tensor& input, std::function<at::Tensor(const at::Tensor&)> body,
                     const RecomputeOptions& options);

}  // namespace optfleet::trainer
