#include "trainer_core/loop/trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include "trainer_core/data/permutation.h"
#include "trainer_core/model/attention_backend.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"
#include "trainer_core/optim/gradient.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Trainer>> Trainer::Create(const spec::TrainingSpec& spec, at::Device device) {
  if (const auto attention = AttentionUsed(spec, device); !attention.has_value())
    return Fail(attention.error());
  auto file = MappedFile::Open(spec.data.path);
  if (!file.has_value()) return Fail(file.error().In("data.path"));
  const DataParts parts = SplitByShare((*file)->bytes(), spec.data.validation_share);
  auto sampler = Sampler::Create(parts.train, spec.data.sequence_length, spec.training.seed);
  if (!sampler.has_value()) return Fail(sampler.error());
  std::unique_ptr<Trainer> trainer(new Trainer(spec, device, std::move(*file), parts, *sampler));
  at::globalContext().setAllowTF32CuBLAS(spec.training.tf32);
  auto optimizer = MakeOptimizer(spec, trainer->Optimized());
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
  if (optimizer_->WantsCurvature(step)) ObserveCurvature(step);
  ClearGradient(model_.parameters());
  const TrainingLoss loss = AccumulateGradient(
      step, [this](const Batch& batch) { return model_.LossToTrain(batch.inputs, batch.targets); });
  const spec::ScheduledValues scheduled = schedule_.At(position);
  const GradientSummary gradient = SummarizeGradient(model_.parameters());
  StepFigures figures;
  figures.learning_rate = scheduled.learning_rate;
  figures.clip_norm = scheduled.clip_norm;
  UpdateContext update{scheduled.factor, gradient.not_finite};
  update.gradient_scale = ClippingScale(gradient, scheduled.clip_norm);
  update.mixture_share = scheduled.mixture_share;
  if (spec_.training.clip_value > 0) update.gradient_bound = spec_.training.clip_value;
  optimizer_->Step(update);
  // One copy from the device for all figures of the step.
  const at::Tensor z = loss.z.defined() ? loss.z : at::zeros_like(loss.nll);
  const at::Tensor read =
      at::stack({loss.nll, gradient.norm, gradient.not_finite, z}).to(at::kCPU, at::kDouble);
  const double* values = read.const_data_ptr<double>();
  figures.loss = values[0];
  figures.gradient_norm = values[1];
  figures.applied = values[2] == 0;
  figures.z_loss = values[3];
  if (!figures.applied) optimizer_->UncountStep();
  return figures;
}

// Labels are drawn by a generator that depends on seed and step alone, so a resumed run draws the same ones.
void Trainer::ObserveCurvature(int64_t step) {
  ClearGradient(model_.parameters());
  const auto seed = static_cast<uint64_t>(spec_.training.seed);
  const auto generator =
      at::make_generator<at::CPUGeneratorImpl>(MixBits(MixBits(seed) ^ static_cast<uint64_t>(step)));
  AccumulateGradient(step, [&](const Batch& batch) {
    return TrainingLoss{model_.LossOfDraws(batch.inputs, generator), {}};
  });
  optimizer_->ObserveCurvature(SummarizeGradient(model_.parameters()).not_finite);
}

TrainingLoss Trainer::AccumulateGradient(int64_t step,
                                         const std::function<TrainingLoss(const Batch&)>& loss_of) {
  const int64_t batch_size = spec_.training.batch_size;
  const int64_t micro_batch = spec_.training.micro_batch;
  const double share = static_cast<double>(micro_batch) / static_cast<double>(batch_size);
  const std::vector<int64_t> starts = sampler_.Starts((step - 1) * batch_size, batch_size);
  TrainingLoss total;
  const auto add = [](at::Tensor* sum, const at::Tensor& term) {
    *sum = sum->defined() ? *sum + term.detach() : term.detach();
  };
  for (int64_t first = 0; first < batch_size; first += micro_batch) {
    const std::span<const int64_t> rows(starts.data() + first, static_cast<size_t>(micro_batch));
    const Batch batch = MakeBatch(parts_.train, rows, spec_.data.sequence_length, device_);
    TrainingLoss loss;
    {
      PrecisionScope precision(device_.type(), spec_.training.precision == spec::Precision::kBf16);
      loss = loss_of(batch);
    }
    if (micro_batch != batch_size) loss.nll = loss.nll * share;
    add(&total.nll, loss.nll);
    if (loss.z.defined()) {
      if (micro_batch != batch_size) loss.z = loss.z * share;
      add(&total.z, loss.z);
    }
    torch::autograd::backward({loss.z.defined() ? loss.nll + loss.z : loss.nll});
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
