#include "trainer_core/optim/fused_sgd.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {

FusedSgd::FusedSgd(const spec::OptimizerSpec& spec, NamedTensors parameters)
    : spec_(spec), parameters_(std::move(parameters)) {
  for (const auto& parameter : parameters_) {
    weights_.push_back(parameter.tensor);
    if (spec_.momentum > 0) momenta_.push_back(at::zeros_like(parameter.tensor.detach()));
  }
  updates_ = at::zeros({}, parameters_.front().tensor.options().requires_grad(false));
}

void FusedSgd::Step(const UpdateContext& context) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  gradients.reserve(weights_.size());
  for (const auto& weight : weights_) gradients.push_back(weight.grad());
  if (!any_update_) any_update_ = updates_.item<float>() > 0;
  at::_fused_sgd_(weights_, gradients, momenta_, spec_.weight_decay, spec_.momentum,
                  spec_.learning_rate * context.factor, spec_.dampening, spec_.nesterov, /*maximize=*/false,
                  /*is_first_step=*/!any_update_,
                  /*grad_scale=*/{}, context.not_finite);
  updates_.add_(1);
  updates_.sub_(context.not_finite);
}

NamedTensors FusedSgd::State() {
  NamedTensors state{{"updates", updates_}};
  for (size_t i = 0; i < momenta_.size(); ++i)
    state.push_back({"momentum." + parameters_[i].name, momenta_[i]});
  return state;
}

}  // namespace optfleet::trainer
