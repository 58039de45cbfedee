#include "trainer_core/loop/weight_average.h"

#include <ATen/ATen.h>

#include "spec/averaging.h"

namespace optfleet::trainer {

WeightAverage::WeightAverage(const spec::TrainingSpec& spec, const NamedTensors& parameters)
    : spec_(spec), parameters_(parameters) {
  for (const auto& [name, parameter] : parameters_)
    average_.push_back({name, at::zeros(parameter.sizes(), parameter.options().dtype(at::kFloat))});
}

void WeightAverage::Observe(int64_t step) {
  if (!spec::IsSampled(spec_, step)) return;
  at::NoGradGuard no_grad;
  const double share = spec::ShareOfSample(spec_.averaging, step, &samples_);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor weights = parameters_[i].tensor.detach().to(at::kFloat);
    if (share == 1)
      average_[i].tensor.copy_(weights);
    else
      average_[i].tensor.lerp_(weights, share);
  }
}

void WeightAverage::Begin() {
  at::NoGradGuard no_grad;
  aside_.clear();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor weights = parameters_[i].tensor.detach();
    const at::Tensor before = weights.clone();
    weights.copy_(average_[i].tensor);
    if (weights.scalar_type() == at::kFloat)
      average_[i].tensor.copy_(before);
    else
      aside_.push_back(before);
  }
}

void WeightAverage::End() {
  if (aside_.empty()) {
    Begin();  // the same exchange back
    return;
  }
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].tensor.detach().copy_(aside_[i]);
  aside_.clear();
}

}  // namespace optfleet::trainer
