// Validation: the mean negative log-likelihood of the validation part, every token weighing the same, without
// dropout and without touching gradients, random state or data order. Owned by the training thread.
#pragma once

#include <cstdint>
#include <span>

#include "spec/training_spec.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

struct Evaluation {
  double loss = 0;           // nats per token
  double perplexity = 0;     // exp(loss)
  double bits_per_byte = 0;  // loss / ln 2: a token is a byte
  int64_t tokens = 0;
};

class Evaluator {
 public:
  // Sequences are read from the front of `part`, as many as spec.evaluation.batches allows. `part` must
  // outlive the evaluator.
  Evaluator(const spec::TrainingSpec& spec, std::span<const uint8_t> part, at::Device device);

  // Whether the part holds a sequence at all.
  bool possible() const { return sequences_ > 0; }
  Evaluation Run(const Transformer& model) const;

 private:
  std::span<const uint8_t> part_;
  int64_t sequence_length_;
  int64_t sequences_;
  int64_t group_;  // sequences of one forward pass: the training's, so that validation needs no more memory
  bool bf16_;
  at::Device device_;
};

}  // namespace optfleet::trainer
