// Updates of weights from gradients, as spec/optimizer_spec.h says. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <limits>
#include <memory>
#include <vector>

#include "common/result.h"
#include "spec/parameters.h"
#include "spec/training_spec.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

struct OptimizedParameter {
  spec::Parameter what;
  at::Tensor weight;  // contiguous, fp32, or bf16 in runs with pure_bf16; its .grad is alike
};

struct UpdateContext {
  double factor = 1;      // of the schedule: the learning rate of a group is its peak x factor
  at::Tensor not_finite;  // fp32 scalar on the device: 1 if the gradient is not finite, and then nothing
                          // changes; 0 otherwise
  at::Tensor gradient_scale = {};  // fp32 scalar on the device, of clipping; the stored .grad are not scaled.
                                   // Undefined: 1
  // Of each element, after scaling.
  double gradient_bound = std::numeric_limits<double>::infinity();
  double mixture_share = 1;  // spec::ScheduledValues
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Reads the parameters' .grad, which are all defined. Counts the update at once, also where not_finite
  // makes the device leave it out: on a GPU nobody waits to learn that.
  virtual void Step(const UpdateContext& context) = 0;

  // The caller has read that not_finite was 1 in the last Step, which then no longer counts. Before the next
  // Step and before State() is read; at most once for a Step.
  virtual void UncountStep() = 0;

  // Rules that know curvature take the gradient of the loss at labels drawn from the model before some steps.
  virtual bool WantsCurvature(int64_t /*step*/) const { return false; }
  // That gradient is in .grad. `not_finite` as in UpdateContext.
  virtual void ObserveCurvature(const at::Tensor& /*not_finite*/) {}

  // Everything a checkpoint needs. The tensors are the live ones: copying into them restores the optimizer.
  // Names are part of the checkpoint format: do not rename.
  virtual NamedTensors State() = 0;

  // Averaging rules train at other weights than they evaluate at. Between the two calls the weights are those
  // to evaluate, save or hand on; no Step. Training weights come back bit for bit.
  virtual void BeginEvaluation() {}
  virtual void EndEvaluation() {}
};

// Of the spec: `optimizer`, and what rules read besides (precision, tokens of a batch, schedule.freeze).
// INVALID_ARGUMENT for a weight that is no matrix but would be updated as one.
Result<std::unique_ptr<Optimizer>> MakeOptimizer(const spec::TrainingSpec& spec,
                                                 std::vector<OptimizedParameter> parameters);

}  // namespace optfleet::trainer
