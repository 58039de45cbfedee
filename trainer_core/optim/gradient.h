// The gradient as a whole: its 2-norm, the factor of its clipping and whether it is finite, without asking
// the device for a value. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

struct GradientSummary {
  at::Tensor norm;        // fp32 scalar, before clipping
  at::Tensor not_finite;  // fp32 scalar, 1 if norm is infinite or NaN, else 0
};

GradientSummary SummarizeGradient(const NamedTensors& parameters);

// min(1, clip_norm / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_ computes it in fp32, beside the norm; 1
// for clip_norm 0. Updates multiply by it; the stored .grad stay.
at::Tensor ClippingScale(const GradientSummary& summary, double clip_norm);

// Forgets all .grad; the next backward pass makes new ones.
void ClearGradient(const NamedTensors& parameters);

}  // namespace optfleet::trainer
