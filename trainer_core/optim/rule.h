// One update rule over a batch of parameters that share rule, peak and decay. One file per family:
// element_rules.cc, factored_rules.cc, matrix_rules.cc, quantised_rules.cc; the arithmetic is in
// trainer_core/rules, that of whole matrices in LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "spec/optimizer_spec.h"
#include "spec/optimizer_state.h"
#include "trainer_core/optim/optimizer.h"
#include "trainer_core/rules/cuda/update.h"
#include "trainer_core/rules/element.h"

namespace optfleet::trainer {

// A parameter and what its rule keeps of it, in the order of spec::StateOf.
struct Item {
  spec::Parameter what;
  at::Tensor weight;
  std::vector<spec::StateTensor> kept;
  std::vector<at::Tensor> states;

  int64_t count() const { return weight.numel(); }
  // Of runs whose weights and states are fp32.
  float* weights() const { return weight.mutable_data_ptr<float>(); }
  const float* gradients() const { return weight.grad().const_data_ptr<float>(); }
  float* state(size_t i) const { return states[i].mutable_data_ptr<float>(); }
};

struct RuleStep {
  int64_t updates = 1;       // t: this update, counted from 1
  double rate = 0;           // learning rate
  double shrink = 0;         // share of a weight that decoupled decay takes
  double coupled = 0;        // decay that is added to the gradient
  double average_share = 1;  // schedule-free: of this step in the average
  double mixture_share = 1;  // of ademamix's slow moment
  int64_t freeze = 0;        // updates before weights begin to move
  double batch_tokens = 1;
  rules::GradientTransform transform;
  // Weights on a GPU: the transform lies there, too.
  std::optional<rules::cuda::DeviceGradient> on_device;
};

class Rule {
 public:
  virtual ~Rule() = default;
  virtual void Step(const RuleStep& step, std::vector<Item>& items) = 0;
  // With the gradient at labels drawn from the model in .grad.
  virtual void ObserveCurvature(const RuleStep&, std::vector<Item>&) {}
  // What makes evaluation weights of training weights; nothing for rules that have only one kind.
  virtual bool averages() const { return false; }
  virtual void ToEvaluationWeights(std::vector<Item>&) {}
};

std::unique_ptr<Rule> MakeElementRule(spec::OptimizerKind kind, const spec::OptimizerSpec& spec);
std::unique_ptr<Rule> MakeFactoredRule(spec::OptimizerKind kind, const spec::OptimizerSpec& spec);
std::unique_ptr<Rule> MakeMatrixRule(spec::OptimizerKind kind, const spec::OptimizerSpec& spec);
std::unique_ptr<Rule> MakeQuantisedRule(spec::OptimizerKind kind, const spec::OptimizerSpec& spec);

// Splits [0, count) into pieces that depend on count alone, a multiple of `unit` each but the last, and calls
// work(begin, size) for each on the threads of LibTorch.
void InPieces(int64_t count, int64_t unit, const std::function<void(int64_t begin, int64_t size)>& work);

// The sum of term(begin, size) over such pieces, added up in their order.
double SumOverPieces(int64_t count, int64_t unit,
                     const std::function<double(int64_t begin, int64_t size)>& term);

// InPieces over all elements of all items: work(item, begin, size).
void OverElements(const std::vector<Item>& items, int64_t unit,
                  const std::function<void(const Item& item, int64_t begin, int64_t size)>& work);

}  // namespace optfleet::trainer
