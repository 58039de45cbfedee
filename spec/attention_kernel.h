// Which implementation of attention runs where the spec says `auto`.
#pragma once

#include "spec/training_spec.h"

namespace optfleet::spec {

// A softmax in bf16 needs the hand-written one. In bf16 on a CPU the backward pass of LibTorch's fused kernel
// is several times slower than three products; so is its fallback with attention dropout.
inline Attention AttentionKernel(const TrainingSpec& spec, bool on_gpu) {
  if (spec.model.attention != Attention::kAuto) return spec.model.attention;
  if (spec.training.softmax_precision == SoftmaxPrecision::kBf16) return Attention::kManual;
  if (on_gpu) return Attention::kSdpa;
  const bool slow_fused_kernel =
      spec.training.precision != Precision::kFp32 || spec.model.attention_dropout > 0;
  return slow_fused_kernel ? Attention::kManual : Attention::kSdpa;
}

}  // namespace optfleet::spec
