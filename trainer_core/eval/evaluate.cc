#include "trainer_core/eval/evaluate.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "trainer_core/data/sampler.h"
#include "trainer_core/eval/token_scores.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/model/precision_scope.h"

namespace optfleet::trainer {

Evaluator::Evaluator(const spec::TrainingSpec& spec, const DataPart& part, at::Device device)
    : part_(part),
      evaluation_(spec.evaluation),
      sequence_length_(spec.data.sequence_length),
      sequences_(CountSequences(part.tokens.size(), sequence_length_)),
      batch_size_(spec.training.batch_size),
      group_(spec.training.micro_batch),
      bf16_(spec.training.precision == spec::Precision::kBf16),
      softmax_(spec.training.softmax_precision),
      device_(device) {}

Evaluation Evaluator::Run(const Transformer& model, Validation which) const {
  at::NoGradGuard no_grad;
  const int64_t batches = which == Validation::kFinal
                              ? evaluation_.final_batches.value_or(evaluation_.batches)
                              : evaluation_.batches;
  const int64_t sequences = batches > 0 ? std::min(sequences_, batches * batch_size_) : sequences_;
  ValidationSum sum(batch_size_, sequence_length_, part_.BytesPerToken());
  for (int64_t first = 0; first < sequences; first += group_)
    Add(model, first, std::min(group_, sequences - first), &sum);
  return sum.Figures();
}

void Evaluator::Add(const Transformer& model, int64_t first, int64_t count, ValidationSum* sum) const {
  std::vector<int64_t> starts;
  for (int64_t i = first; i < first + count; ++i) starts.push_back(i * sequence_length_);
  const Batch batch = MakeBatch(part_.tokens, starts, sequence_length_, device_);
  PrecisionScope precision(device_.type(), bf16_);
  if (evaluation_.metrics == spec::ValidationMetrics::kStandard) {
    sum->Add(count,
             model.Loss(batch.inputs, batch.targets, Reduction::kSum, /*training=*/false).nll.item<double>());
    return;
  }
  const TokenScores scores =
      ScoreTokens(model.Logits(batch.inputs, /*training=*/false), batch.targets.reshape({-1}), softmax_);
  const at::Tensor of_sequences =
      scores.nll.to(at::kDouble).view({count, sequence_length_}).sum(1).to(at::kCPU).contiguous();
  sum->Add(scores.sum.item<double>(),
           std::span<const double>(of_sequences.const_data_ptr<double>(), static_cast<size_t>(count)),
           scores.greedy.sum().item<int64_t>());
}

}  // namespace optfleet::trainer
