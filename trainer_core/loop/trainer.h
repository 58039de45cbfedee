// One training run without its surroundings: model, optimizer, data order, one step after the other. Knows no
// file but the data, no clock and no log. Owned by the training thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "common/result.h"
#include "spec/schedule.h"
#include "spec/training_spec.h"
#include "trainer_core/checkpoint/checkpoint.h"
#include "trainer_core/data/data_set.h"
#include "trainer_core/data/prefetcher.h"
#include "trainer_core/data/sampler.h"
#include "trainer_core/diagnostics/diagnostics.h"
#include "trainer_core/eval/evaluate.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/loop/start.h"
#include "trainer_core/loop/weight_average.h"
#include "trainer_core/model/transformer.h"
#include "trainer_core/optim/gradient.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {

struct StepFigures {
  double loss = 0;           // mean over the tokens of the whole batch, before the update; nats
  double z_loss = 0;         // weighed; no part of loss
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
  double clip_norm = 0;          // the bound of this step; 0: none
  bool applied = true;           // false: the gradient was not finite and the update was left out
  int64_t sequence_length = 0;   // of this step: spec/length_warmup.h
  double data_wait_seconds = 0;  // for a batch that was not ready
};

class Trainer {
 public:
  // The spec is resolved and knows its steps (trainer_core/data/epochs.h). Makes the model and fills it from
  // the seed, then from start.weights. FAILED_PRECONDITION if the data is too short, the weights do not match
  // or the attention does not run on the device. Throws c10::OutOfMemoryError.
  static Result<std::unique_ptr<Trainer>> Create(const spec::TrainingSpec& spec, at::Device device,
                                                 std::unique_ptr<DataSet> data);
  // The same on the spec's data files, which it reads: NOT_FOUND and so on (DataSet::Open).
  static Result<std::unique_ptr<Trainer>> Create(const spec::TrainingSpec& spec, at::Device device);

  // Step number `step`, from 1, at its place in the schedule (spec::PositionOf). next batch ->
  // forward/backward per microbatch -> clip -> optimizer, masked where the gradient is not finite. Throws
  // c10::OutOfMemoryError.
  StepFigures Step(int64_t step, double position);

  // Who watches the steps from now on, and outlives this; null: nobody. Changes no number of them.
  void Watch(Diagnostics* diagnostics) { diagnostics_ = diagnostics; }

  bool can_evaluate() const { return evaluator_.possible(); }
  // On the validation part, at the weights that the optimizer evaluates at. Throws c10::OutOfMemoryError.
  Evaluation Evaluate(Validation which);
  // The same at the average of the weights; nothing before it has samples, or without `averaging`.
  std::optional<Evaluation> EvaluateAverage(Validation which);
  // Weights that the average holds; a resumed run sets what its checkpoint says.
  int64_t average_samples() const { return average_ ? average_->samples() : 0; }
  void SetAverageSamples(int64_t samples);
  // What came of the spec's `start`, if it is given.
  const std::optional<StartReport>& start() const { return start_; }
  const Transformer& model() const { return model_; }
  const DataSet& data() const { return *data_; }
  int64_t sequences_per_epoch() const { return sampler_.sequences_per_epoch(); }

  // The live tensors, for writing and for loading a checkpoint.
  CheckpointTensors Tensors();

 private:
  Trainer(const spec::TrainingSpec& spec, at::Device device, std::unique_ptr<DataSet> data, Sampler sampler);
  // All sequences of a step; in the prefetcher's thread, if it has one.
  void BuildBatch(int64_t step, HostBatch* batch) const;
  // Adds the gradient of the mean over the step's batch, cut into sequences of the given length, to .grad.
  // `watcher` may be null.
  TrainingLoss AccumulateGradient(int64_t step, int64_t sequence_length,
                                  const std::function<TrainingLoss(const Batch&)>& loss_of,
                                  Diagnostics* watcher);
  void Update(const spec::ScheduledValues& scheduled, const GradientSummary& gradient);
  void ObserveCurvature(int64_t step, int64_t sequence_length);
  std::vector<OptimizedParameter> Optimized() const;

  const spec::TrainingSpec spec_;
  const spec::Schedule schedule_;
  const at::Device device_;
  const std::unique_ptr<DataSet> data_;
  const Sampler sampler_;
  const Evaluator evaluator_;
  Transformer model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;  // null without `averaging`
  std::optional<StartReport> start_;
  Diagnostics* diagnostics_ = nullptr;
  const int64_t batches_ahead_;  // 0: without a thread
  Prefetcher prefetcher_;        // the last member: its thread uses those above
};

}  // namespace optfleet::trainer
