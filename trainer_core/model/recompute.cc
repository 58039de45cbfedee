#include "trainer_core/model/recompute.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <utility>

#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"

namespace optfleet::trainer {
namespace {

using torch::autograd::variable_list;

class RecomputeNode final : public torch::autograd::Node {
 public:
  RecomputeNode(const at::Tensor& input, std::function<at::Tensor(const at::Tensor&)> body,
                const RecomputeOptions& options)
      : input_(input, /*is_output=*/false),
        body_(std::move(body)),
        options_(options),
        device_(input.device()) {
    if (options_.random) random_before_ = SaveRandomState(device_);
  }

  variable_list apply(variable_list&& output_gradients) override {
    if (!output_gradients[0].defined()) return {at::Tensor()};
    at::Tensor input = input_.unpack().detach().requires_grad_();
    const at::Tensor random_now = options_.random ? SaveRandomState(device_) : at::Tensor();
    if (options_.random) RestoreRandomState(device_, random_before_);
    at::Tensor output;
    {
      at::AutoGradMode record(true);
      PrecisionScope precision(device_.type(), options_.bf16);
      output = body_(input);
    }
    if (options_.random) RestoreRandomState(device_, random_now);
    torch::autograd::backward({output}, {output_gradients[0]});
    return {input.grad()};
  }

  void release_variables() override { input_.reset_data(); }

 private:
  torch::autograd::SavedVariable input_;
  std::function<at::Tensor(const at::Tensor&)> body_;
  RecomputeOptions options_;
  at::Device device_;
  at::Tensor random_before_;
};

}  // namespace

at::Tensor Recompute(const at::Tensor& input, std::function<at::Tensor(const at::Tensor&)> body,
                     const RecomputeOptions& options) {
  auto node = std::make_shared<RecomputeNode>(input, body, options);
  node->set_next_edges(torch::autograd::collect_next_edges(input));
  at::Tensor output;
  {
    at::NoGradGuard forget;
    output = body(input);
  }
  torch::autograd::set_history(output, node);
  return output;
}

}  // namespace optfleet::trainer
