// Causal self-attention over heads: softmax(q k^T / sqrt(head width)) v, each position seeing itself and what
// came before.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>

#include "spec/training_spec.h"

namespace optfleet::trainer {

// What runs where the spec says "auto". A softmax in bf16 needs the hand-written one. In bf16 on a CPU the
// backward pass of LibTorch's fused kernel is several times slower than three products; so is its fallback
// with attention dropout.
spec::Attention ChooseAttention(const spec::TrainingSpec& spec, at::DeviceType device);

struct AttentionOptions {
  spec::Attention kernel = spec::Attention::kSdpa;  // not kAuto
  int64_t heads = 1;
  double dropout = 0;                                              // of the probabilities; 0 outside training
  spec::SoftmaxPrecision softmax = spec::SoftmaxPrecision::kFp32;  // of the hand-written kernel
};

// The mask that the hand-written kernel adds: 0 where a position may look, -infinity where not; [length,
// length].
at::Tensor CausalMask(int64_t length, at::Device device, at::ScalarType type);

// qkv: [batch, length, 3 x width], the three one behind the other. Result: [batch, length, width]. `mask` is
// only used by the hand-written kernel and may be larger than length.
at::Tensor Attend(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options);

}  // namespace optfleet::trainer
