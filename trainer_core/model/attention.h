// Causal self-attention over heads: softmax(q k^T / sqrt(head width) + bias) v, each position seeing itself
// and what came before. Which kernel runs: trainer_core/model/attention_backend.h.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>

#include "spec/training_spec.h"
#include "trainer_core/model/forward_observer.h"
#include "trainer_core/model/norm.h"
#include "trainer_core/model/positions.h"

namespace optfleet::trainer {

// What runs where the spec says "auto", and why: spec/attention_kernel.h.
spec::Attention ChooseAttention(const spec::TrainingSpec& spec, at::DeviceType device);

struct AttentionOptions {
  spec::Attention kernel = spec::Attention::kSdpa;  // not kAuto
  int64_t heads = 1;
  double dropout = 0;                                              // of the probabilities; 0 outside training
  spec::SoftmaxPrecision softmax = spec::SoftmaxPrecision::kFp32;  // of the hand-written kernel
  int64_t kv_heads = 0;  // each serves heads / kv_heads query heads, in their order; 0: heads
};

// What happens to queries and keys before they meet; what is undefined does not.
struct QueryKeyParts {
  NormWeights q_norm, k_norm;  // over all heads together, before the split
  NormOptions norm;
  RotaryTables rotary;
};

// The mask that the hand-written kernel adds: 0 where a position may look, -infinity where not; [length,
// length].
at::Tensor CausalMask(int64_t length, at::Device device, at::ScalarType type);

// qkv: [batch, length, (heads + 2 kv_heads) x head width]: queries, keys and values one behind the other,
// each by head. Result: [batch, length, heads x head width]. `mask` may be larger than length: CausalMask,
// which sdpa does not need, or AlibiMask, which both take.
at::Tensor Attend(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options,
                  const QueryKeyParts& parts = {});

// What Attend's softmax is taken of, for who looks on; computed anew, without a gradient.
AttentionScores ScoresOf(const at::Tensor& qkv, const at::Tensor& mask, const AttentionOptions& options,
                         const QueryKeyParts& parts);

}  // namespace optfleet::trainer
