// How a model judged each of n tokens. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include "spec/training_spec.h"

namespace optfleet::trainer {

struct TokenScores {
  at::Tensor sum;     // fp32 scalar: of nll, rounded as Transformer::Loss does with Reduction::kSum
  at::Tensor nll;     // fp32 [n], nats
  at::Tensor greedy;  // bool [n]: the token was the likeliest one; of equal ones the one argmax names
};

// logits: [n, vocabulary], targets: int64 [n].
TokenScores ScoreTokens(const at::Tensor& logits, const at::Tensor& targets,
                        spec::SoftmaxPrecision precision);

}  // namespace optfleet::trainer
