// Cross-entropy of one row of logits, and its gradient in the place of the logits: one trip through memory,
// no probabilities kept. No Torch here; loops per instruction set as in trainer_core/rules/cpu, with the same
// bits on every processor.
#pragma once

#include <cstdint>

#include "trainer_core/rules/storage.h"

namespace optfleet::loss {

struct RowLoss {
  float nll = 0;  // logsumexp(logits) - logits[target], nats
  float log_sum_exp = 0;
};

// The gradient of scale x (nll + z x logsumexp(logits)^2), which is
// scale x (softmax(logits) x (1 + 2 z logsumexp(logits)) - onehot(target)).
struct RowGradient {
  float scale = 1;
  float z = 0;
};

// `logits` are `width` numbers; with `gradient` they are overwritten by it, else left alone. `scratch` holds
// `width` floats. `target` is below width. Logits of -infinity have probability 0; NaN and +infinity give
// NaN. Any thread.
template <class Logit>
RowLoss LossOfRow(Logit* logits, int64_t width, int64_t target, const RowGradient* gradient, float* scratch);

template <>
RowLoss LossOfRow(float*, int64_t, int64_t, const RowGradient*, float*);
template <>
RowLoss LossOfRow(rules::BFloat16*, int64_t, int64_t, const RowGradient*, float*);

}  // namespace optfleet::loss
