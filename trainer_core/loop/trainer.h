// One training run without its surroundings: model, optimizer, data order, one step after the other. Knows no
// file but the data, no clock and no log. Owned by the training thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/result.h"
#include "spec/schedule.h"
#include "spec/training_spec.h"
#include "trainer_core/checkpoint/checkpoint.h"
#include "trainer_core/data/mapped_file.h"
#include "trainer_core/data/parts.h"
#include "trainer_core/data/sampler.h"
#include "trainer_core/eval/evaluate.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/model/transformer.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {

struct StepFigures {
  double loss = 0;           // mean over the tokens of the whole batch, before the update; nats
  double z_loss = 0;         // weighed; no part of loss
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
  double clip_norm = 0;  // the bound of this step; 0: none
  bool applied = true;   // false: the gradient was not finite and the update was left out
};

class Trainer {
 public:
  // The spec is resolved. Reads the data file, makes the model and fills it from the seed. NOT_FOUND and so
  // on for the data file, FAILED_PRECONDITION if it is too short or the
  // attention does not run on the device. Throws c10::OutOfMemoryError.
  static Result<std::unique_ptr<Trainer>> Create(const spec::TrainingSpec& spec, at::Device device);

  // Step number `step`, from 1, at its place in the schedule (spec::PositionOf). next batch ->
  // forward/backward per microbatch -> clip -> optimizer, masked where the gradient is not finite. Throws
  // c10::OutOfMemoryError.
  StepFigures Step(int64_t step, double position);

  bool can_evaluate() const { return evaluator_.possible(); }
  // On the validation part, at the weights that the optimizer evaluates at. Throws c10::OutOfMemoryError.
  Evaluation Evaluate();
  const Transformer& model() const { return model_; }
  const DataFingerprint& data() const { return fingerprint_; }

  // The live tensors, for writing and for loading a checkpoint.
  CheckpointTensors Tensors();

 private:
  Trainer(const spec::TrainingSpec& spec, at::Device device, std::unique_ptr<MappedFile> file,
          DataParts parts, Sampler sampler);
  // Adds the gradient of the mean over the step's batch to .grad.
  TrainingLoss AccumulateGradient(int64_t step, const std::function<TrainingLoss(const Batch&)>& loss_of);
  void ObserveCurvature(int64_t step);
  std::vector<OptimizedParameter> Optimized() const;

  const spec::TrainingSpec spec_;
  const spec::Schedule schedule_;
  const at::Device device_;
  const std::unique_ptr<MappedFile> file_;
  const DataParts parts_;
  const DataFingerprint fingerprint_;
  const Sampler sampler_;
  const Evaluator evaluator_;
  Transformer model_;
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace optfleet::trainer
