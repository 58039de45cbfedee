#include "trainer_core/model/norm.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {

at::Tensor Norm(const at::Tensor& input, const NormWeights& weights, const NormOptions& options) {
  const at::Tensor& gain = weights.gain;
  if (options.kind == spec::NormKind::kRmsNorm)
    return at::rms_norm(input.to(at::kFloat), {gain.size(0)}, gain.to(at::kFloat), options.epsilon)
        .to(input.scalar_type());
  if (input.scalar_type() != gain.scalar_type())  // bf16 of autocast, and a gain in fp32
    return at::layer_norm(input.to(gain.scalar_type()), {gain.size(0)}, gain, weights.bias, options.epsilon)
        .to(input.scalar_type());
  return at::layer_norm(input, {gain.size(0)}, gain, weights.bias, options.epsilon);
}

}  // namespace optfleet::trainer
