// Validation: the mean negative log-likelihood of the validation part, every token weighing the same, without
// dropout and without touching gradients, random state or data order. Owned by the training thread.
#pragma once

#include <cstdint>
#include <optional>

#include "spec/training_spec.h"
#include "trainer_core/data/data_set.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

struct Evaluation {
  double loss = 0;                      // nats per token
  double perplexity = 0;                // exp(loss)
  std::optional<double> bits_per_byte;  // loss / ln 2 x tokens / bytes of the part's text, where it is known
  int64_t tokens = 0;
};

class Evaluator {
 public:
  // Sequences are read from the front of `part`, as many as spec.evaluation.batches allows. The tokens of
  // `part` must outlive the evaluator.
  Evaluator(const spec::TrainingSpec& spec, const DataPart& part, at::Device device);

  // Whether the part holds a sequence at all.
  bool possible() const { return sequences_ > 0; }
  Evaluation Run(const Transformer& model) const;

 private:
  DataPart part_;
  int64_t sequence_length_;
  int64_t sequences_;
  int64_t group_;  // sequences of one forward pass: the training's, so that validation needs no more memory
  bool bf16_;
  at::Device device_;
};

}  // namespace optfleet::trainer
