// Answers requests of evaluation tasks: how likely a model finds a continuation after a context. Owned by the
// training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/result.h"
#include "spec/training_spec.h"
#include "trainer_core/eval/tasks/figures.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

struct ScorerOptions {
  int64_t length = 0;           // tokens of the longest input; longer contexts lose their front
  int64_t batch_tokens = 4096;  // of one forward pass, padding included; one request may be more
  std::function<void(int64_t done, int64_t requests)> on_batch = {};  // after each pass
};

class Scorer {
 public:
  // The model, which must outlive the scorer, and the spec it was made from: precision and softmax.
  Scorer(const Transformer& model, const spec::TrainingSpec& spec, at::Device device, ScorerOptions options);

  // One score per request, in their order. Requests of like length go through the model together, the longest
  // first, padded behind, where a causal model does not look: what is in a batch depends on the requests
  // alone. INVALID_ARGUMENT for a continuation longer than `length` and for a token that the model does not
  // have. Throws c10::OutOfMemoryError.
  Result<std::vector<RequestScore>> Score(std::span<const TokenRequest> requests) const;

 private:
  struct Row {
    std::vector<int64_t> inputs;
    std::vector<int64_t> targets;  // of the last inputs, one each
    size_t request = 0;
  };
  Status Check(std::span<const TokenRequest> requests) const;
  Row MakeRow(const TokenRequest& request, size_t index) const;
  void ScoreBatch(std::span<const Row> rows, std::vector<RequestScore>* scores) const;

  const Transformer& model_;
  const int64_t vocab_size_;
  const bool bf16_;
  const spec::SoftmaxPrecision softmax_;
  const at::Device device_;
  const ScorerOptions options_;
};

}  // namespace optfleet::trainer
