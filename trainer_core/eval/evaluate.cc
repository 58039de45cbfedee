#include "trainer_core/eval/evaluate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "trainer_core/data/sampler.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/model/precision_scope.h"

namespace optfleet::trainer {

Evaluator::Evaluator(const spec::TrainingSpec& spec, const DataPart& part, at::Device device)
    : part_(part),
      sequence_length_(spec.data.sequence_length),
      sequences_(CountSequences(part.tokens.size(), sequence_length_)),
      group_(spec.training.micro_batch),
      bf16_(spec.training.precision == spec::Precision::kBf16),
      device_(device) {
  const int64_t limit = spec.evaluation.batches * spec.training.batch_size;
  if (limit > 0) sequences_ = std::min(sequences_, limit);
}

Evaluation Evaluator::Run(const Transformer& model) const {
  at::NoGradGuard no_grad;
  double total = 0;
  for (int64_t first = 0; first < sequences_; first += group_) {
    std::vector<int64_t> starts;
    for (int64_t i = first; i < std::min(first + group_, sequences_); ++i)
      starts.push_back(i * sequence_length_);
    const Batch batch = MakeBatch(part_.tokens, starts, sequence_length_, device_);
    PrecisionScope precision(device_.type(), bf16_);
    total += model.Loss(batch.inputs, batch.targets, Reduction::kSum, /*training=*/false).item<double>();
  }
  Evaluation result;
  result.tokens = sequences_ * sequence_length_;
  result.loss = total / static_cast<double>(result.tokens);
  result.perplexity = std::exp(result.loss);
  if (part_.utf8_bytes.value_or(0) > 0) {
    const double tokens_per_byte =
        static_cast<double>(part_.tokens.size()) / static_cast<double>(*part_.utf8_bytes);
    result.bits_per_byte = result.loss / std::numbers::ln2 * tokens_per_byte;
  }
  return result;
}

}  // namespace optfleet::trainer
