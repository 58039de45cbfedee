#include "trainer_core/loop/trainer.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "trainer_core/data/permutation.h"
#include "trainer_core/loop/batch.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"
#include "trainer_core/optim/gradient.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Trainer>> Trainer::Create(const spec::TrainingSpec& spec, at::Device device) {
  auto file = MappedFile::Open(spec.data.path);
  if (!file.has_value()) return Fail(file.error().In("data.path"));
  const DataParts parts = SplitByShare((*file)->bytes(), spec.data.validation_share);
  auto sampler = Sampler::Create(parts.train, spec.data.sequence_length, spec.training.seed);
  if (!sampler.has_value()) return Fail(sampler.error());
  std::unique_ptr<Trainer> trainer(new Trainer(spec, device, std::move(*file), parts, *sampler));
  auto optimizer = MakeOptimizer(spec.optimizer, trainer->Optimized());
  if (!optimizer.has_value()) return Fail(optimizer.error());
  trainer->optimizer_ = std::move(*optimizer);
  return trainer;
}

Trainer::Trainer(const spec::TrainingSpec& spec, at::Device device, std::unique_ptr<MappedFile> file,
                 DataParts parts, Sampler sampler)
    : spec_(spec),
      schedule_(spec),
      device_(device),
      file_(std::move(file)),
      parts_(parts),
      fingerprint_(Fingerprint(file_->bytes())),
      sampler_(sampler),
      evaluator_(spec, parts.validation, device),
      model_(spec, device) {
  model_.Initialize(spec.training.seed);
  // Not the seed itself: the draws of the first dropout would repeat those of the first weights.
  SeedRandom(device, static_cast<int64_t>(MixBits(static_cast<uint64_t>(spec.training.seed)) >> 1));
}

std::vector<OptimizedParameter> Trainer::Optimized() const {
  std::vector<OptimizedParameter> optimized;
  const auto listed = spec::Parameters(spec_.model);
  for (size_t i = 0; i < listed.size(); ++i) optimized.push_back({listed[i], model_.parameters()[i].tensor});
  return optimized;
}

StepFigures Trainer::Step(int64_t step, double position) {
  ClearGradient(model_.parameters());
  const at::Tensor loss = AccumulateGradient(step);
  const spec::ScheduledValues scheduled = schedule_.At(position);
  const GradientSummary gradient = SummarizeGradient(model_.parameters());
  StepFigures figures;
  figures.learning_rate = scheduled.learning_rate;
  figures.clip_norm = scheduled.clip_norm;
  optimizer_->Step({scheduled.factor, gradient.not_finite, ClippingScale(gradient, scheduled.clip_norm)});
  // One copy from the device for all figures of the step.
  const at::Tensor read = at::stack({loss, gradient.norm, gradient.not_finite}).to(at::kCPU, at::kDouble);
  const double* values = read.const_data_ptr<double>();
  figures.loss = values[0];
  figures.gradient_norm = values[1];
  figures.applied = values[2] == 0;
  if (!figures.applied) optimizer_->UncountStep();
  return figures;
}

at::Tensor Trainer::AccumulateGradient(int64_t step) {
  const int64_t batch_size = spec_.training.batch_size;
  const int64_t micro_batch = spec_.training.micro_batch;
  const double share = static_cast<double>(micro_batch) / static_cast<double>(batch_size);
  const std::vector<int64_t> starts = sampler_.Starts((step - 1) * batch_size, batch_size);
  at::Tensor total;
  for (int64_t first = 0; first < batch_size; first += micro_batch) {
    const std::span<const int64_t> rows(starts.data() + first, static_cast<size_t>(micro_batch));
    const Batch batch = MakeBatch(parts_.train, rows, spec_.data.sequence_length, device_);
    at::Tensor loss;
    {
      PrecisionScope precision(device_.type(), spec_.training.precision == spec::Precision::kBf16);
      loss = model_.Loss(batch.inputs, batch.targets, Reduction::kMean, /*training=*/true);
    }
    if (micro_batch != batch_size) loss = loss * share;
    torch::autograd::backward({loss});
    total = total.defined() ? total + loss.detach() : loss.detach();
  }
  return total;
}

Evaluation Trainer::Evaluate() {
  optimizer_->BeginEvaluation();
  const Evaluation evaluation = evaluator_.Run(model_);
  optimizer_->EndEvaluation();
  return evaluation;
}

CheckpointTensors Trainer::Tensors() { return {model_.parameters(), optimizer_->State()}; }

}  // namespace optfleet::trainer
