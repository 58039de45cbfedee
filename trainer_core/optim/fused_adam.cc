#include "trainer_core/optim/fused_adam.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {

FusedAdam::FusedAdam(const spec::OptimizerSpec& spec, NamedTensors parameters)
    : spec_(spec), parameters_(std::move(parameters)) {
  for (const auto& parameter : parameters_) {
    weights_.push_back(parameter.tensor);
    first_moments_.push_back(at::zeros_like(parameter.tensor.detach()));
    second_moments_.push_back(at::zeros_like(parameter.tensor.detach()));
  }
  updates_ = at::zeros({}, parameters_.front().tensor.options().requires_grad(false));
}

void FusedAdam::Step(const UpdateContext& context) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  gradients.reserve(weights_.size());
  for (const auto& weight : weights_) gradients.push_back(weight.grad());
  updates_.add_(1);
  // The kernel wants a count per tensor; all have the same one.
  const std::vector<at::Tensor> counts(weights_.size(), updates_);
  const double lr = spec_.learning_rate * context.factor;
  if (spec_.name == spec::OptimizerKind::kAdamW) {
    at::_fused_adamw_(weights_, gradients, first_moments_, second_moments_, /*max_exp_avg_sqs=*/{}, counts,
                      lr, spec_.beta1, spec_.beta2, spec_.weight_decay, spec_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false, /*grad_scale=*/{}, context.not_finite);
  } else {
    at::_fused_adam_(weights_, gradients, first_moments_, second_moments_, /*max_exp_avg_sqs=*/{}, counts, lr,
                     spec_.beta1, spec_.beta2, spec_.weight_decay, spec_.epsilon, /*amsgrad=*/false,
                     /*maximize=*/false, /*grad_scale=*/{}, context.not_finite);
  }
  updates_.sub_(context.not_finite);
}

NamedTensors FusedAdam::State() {
  NamedTensors state{{"updates", updates_}};
  for (size_t i = 0; i < weights_.size(); ++i) {
    state.push_back({"first_moment." + parameters_[i].name, first_moments_[i]});
    state.push_back({"second_moment." + parameters_[i].name, second_moments_[i]});
  }
  return state;
}

}  // namespace optfleet::trainer
