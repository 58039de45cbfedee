// The optimizer: parameters in batches that share a rule, a peak and a decay.
#pragma once

#include <memory>
#include <vector>

#include "trainer_core/optim/optimizer.h"
#include "trainer_core/optim/rule.h"

namespace optfleet::trainer {

class RuleSet final : public Optimizer {
 public:
  RuleSet(const spec::TrainingSpec& spec, std::vector<OptimizedParameter> parameters);

  void Step(const UpdateContext& context) override;
  bool WantsCurvature(int64_t step) const override;
  void ObserveCurvature(const at::Tensor& not_finite) override;
  void UncountStep() override;
  NamedTensors State() override;
  void BeginEvaluation() override;
  void EndEvaluation() override;

 private:
  struct Batch {
    spec::OptimizerKind kind;
    double peak;
    double decay;
    std::unique_ptr<Rule> rule;
    std::vector<Item> items;
    // Schedule-free rules only: sum of the weights of all steps, and the largest learning rate so far.
    at::Tensor weight_sum, largest_rate;
    std::vector<at::Tensor> training_weights;  // while evaluating
  };

  Batch& BatchOf(spec::OptimizerKind kind, double peak, double decay);
  void Add(const OptimizedParameter& parameter);
  RuleStep StepOf(Batch& batch, const UpdateContext& context, int64_t updates) const;
  // Figures that advance with every update.
  std::vector<at::Tensor> Counts() const;
  double ShareInAverage(Batch& batch, double rate, int64_t updates) const;

  const spec::TrainingSpec whole_spec_;
  const spec::OptimizerSpec& spec_;
  std::vector<Batch> batches_;
  at::Tensor updates_;                 // that were applied
  std::vector<double> counts_before_;  // the last Step
};

}  // namespace optfleet::trainer
