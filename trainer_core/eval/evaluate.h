// Validation: how well a model predicts the validation part, without dropout and without touching gradients,
// random state or data order. Owned by the training thread.
#pragma once

#include <cstdint>
#include <optional>

#include "spec/training_spec.h"
#include "trainer_core/data/data_set.h"
#include "trainer_core/eval/validation_sum.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {

// Which of a run's validations: evaluation.batches or evaluation.final_batches bound it.
enum class Validation { kBetween, kFinal };

class Evaluator {
 public:
  // Sequences are read from the front of `part`, whose tokens must outlive the evaluator.
  Evaluator(const spec::TrainingSpec& spec, const DataPart& part, at::Device device);

  // Whether the part holds a sequence at all.
  bool possible() const { return sequences_ > 0; }
  Evaluation Run(const Transformer& model, Validation which) const;

 private:
  void Add(const Transformer& model, int64_t first, int64_t count, ValidationSum* sum) const;

  const DataPart part_;
  const spec::EvaluationSpec evaluation_;
  const int64_t sequence_length_;
  const int64_t sequences_;
  const int64_t batch_size_;
  // Sequences of one forward pass: the training's, so that validation needs no more memory.
  const int64_t group_;
  const bool bf16_;
  const spec::SoftmaxPrecision softmax_;
  const at::Device device_;
};

}  // namespace optfleet::trainer
