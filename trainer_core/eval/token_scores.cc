#include "trainer_core/eval/token_scores.h"

#include <ATen/ATen.h>

#include "trainer_core/loss/output_loss.h"
#include "trainer_core/model/softmax.h"

namespace optfleet::trainer {

TokenScores ScoreTokens(const at::Tensor& logits, const at::Tensor& targets,
                        spec::SoftmaxPrecision precision) {
  if (precision == spec::SoftmaxPrecision::kFp32) {
    const RowLosses losses = LossOfRows(logits, targets);
    return {.sum = losses.sum, .nll = losses.nll, .greedy = logits.argmax(-1).eq(targets)};
  }
  const at::Tensor log_chances = LogSoftmax(logits, precision).to(at::kFloat);
  return {.sum = at::nll_loss(log_chances, targets, /*weight=*/{}, at::Reduction::Sum),
          .nll = at::nll_loss(log_chances, targets, /*weight=*/{}, at::Reduction::None),
          .greedy = log_chances.argmax(-1).eq(targets)};
}

}  // namespace optfleet::trainer
