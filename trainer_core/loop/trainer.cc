#include "trainer_core/loop/trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "spec/length_warmup.h"
#include "trainer_core/data/permutation.h"
#include "trainer_core/model/attention_backend.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"

namespace optfleet::trainer {
namespace {

// On one CPU a second thread could only take turns with the training; beside a GPU it has the CPU to itself.
int64_t BatchesAhead(at::Device device) { return device.is_cpu() && at::get_num_threads() == 1 ? 0 : 2; }

void Enter(Phase phase, Diagnostics* watcher) {
  if (watcher != nullptr) watcher->Enter(phase);
}

}  // namespace

Result<std::unique_ptr<Trainer>> Trainer::Create(const spec::TrainingSpec& spec, at::Device device) {
  auto data = DataSet::Open(spec);
  if (!data.has_value()) return Fail(data.error());
  return Create(spec, device, std::move(*data));
}

Result<std::unique_ptr<Trainer>> Trainer::Create(const spec::TrainingSpec& spec, at::Device device,
                                                 std::unique_ptr<DataSet> data) {
  if (const auto attention = AttentionUsed(spec, device); !attention.has_value())
    return Fail(attention.error());
  auto sampler = Sampler::Create(data->train().tokens.size(), spec.data.sequence_length, spec.order_seed(),
                                 spec.data.order);
  if (!sampler.has_value()) return Fail(sampler.error());
  std::unique_ptr<Trainer> trainer(new Trainer(spec, device, std::move(data), *sampler));
  at::globalContext().setAllowTF32CuBLAS(spec.training.tf32);
  if (spec.start.IsGiven()) {
    auto start = StartWeights(spec, trainer->model_.parameters());
    if (!start.has_value()) return Fail(start.error());
    trainer->start_ = std::move(*start);
  }
  auto optimizer = MakeOptimizer(spec, trainer->Optimized());
  if (!optimizer.has_value()) return Fail(optimizer.error());
  trainer->optimizer_ = std::move(*optimizer);
  if (spec.start.IsGiven() && spec.start.optimizer)
    OPTFLEET_RETURN_IF_ERROR(StartOptimizer(spec.start, trainer->optimizer_->State()));
  if (spec.averaging.IsOn())
    trainer->average_ = std::make_unique<WeightAverage>(spec, trainer->model_.parameters());
  return trainer;
}

Trainer::Trainer(const spec::TrainingSpec& spec, at::Device device, std::unique_ptr<DataSet> data,
                 Sampler sampler)
    : spec_(spec),
      schedule_(spec),
      device_(device),
      data_(std::move(data)),
      sampler_(sampler),
      evaluator_(spec, data_->validation(), device),
      model_(spec, device),
      batches_ahead_(BatchesAhead(device)),
      prefetcher_([this](int64_t step, HostBatch* batch) { BuildBatch(step, batch); }, batches_ahead_) {
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
  const auto waited_before = prefetcher_.waited();
  const int64_t sequence_length = spec::SequenceLengthAt(spec_, position);
  if (diagnostics_ != nullptr) diagnostics_->BeginStep(step);
  if (optimizer_->WantsCurvature(step)) ObserveCurvature(step, sequence_length);
  ClearGradient(model_.parameters());
  const TrainingLoss loss = AccumulateGradient(
      step, sequence_length,
      [this](const Batch& batch) {
        return model_.Loss(batch.inputs, batch.targets, Reduction::kMean, /*training=*/true);
      },
      diagnostics_);
  const spec::ScheduledValues scheduled = schedule_.At(position);
  const GradientSummary gradient = SummarizeGradient(model_.parameters());
  StepFigures figures;
  figures.sequence_length = sequence_length;
  figures.data_wait_seconds = std::chrono::duration<double>(prefetcher_.waited() - waited_before).count();
  figures.learning_rate = scheduled.learning_rate;
  figures.clip_norm = scheduled.clip_norm;
  Update(scheduled, gradient);
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
  if (average_) average_->Observe(step);
  if (diagnostics_ != nullptr)
    diagnostics_->EndStep(
        {figures.loss, figures.gradient_norm, figures.clip_norm, figures.applied, sequence_length});
  return figures;
}

void Trainer::Update(const spec::ScheduledValues& scheduled, const GradientSummary& gradient) {
  UpdateContext update{scheduled.factor, gradient.not_finite};
  update.gradient_scale = ClippingScale(gradient, scheduled.clip_norm);
  update.mixture_share = scheduled.mixture_share;
  if (spec_.training.clip_value > 0) update.gradient_bound = spec_.training.clip_value;
  if (diagnostics_ != nullptr)
    diagnostics_->BeforeUpdate(model_.parameters(), *optimizer_, update.gradient_scale);
  Enter(Phase::kOptimizer, diagnostics_);
  optimizer_->Step(update);
  Enter(Phase::kRest, diagnostics_);
  if (diagnostics_ != nullptr)
    diagnostics_->AfterUpdate(model_.parameters(), *optimizer_, update.gradient_scale);
}

// Labels are drawn by a generator that depends on seed and step alone, so a resumed run draws the same ones.
void Trainer::ObserveCurvature(int64_t step, int64_t sequence_length) {
  ClearGradient(model_.parameters());
  const auto seed = static_cast<uint64_t>(spec_.training.seed);
  const auto generator =
      at::make_generator<at::CPUGeneratorImpl>(MixBits(MixBits(seed) ^ static_cast<uint64_t>(step)));
  AccumulateGradient(
      step, sequence_length, [&](const Batch& batch) { return model_.LossOfDraws(batch.inputs, generator); },
      /*watcher=*/nullptr);
  optimizer_->ObserveCurvature(SummarizeGradient(model_.parameters()).not_finite);
}

void Trainer::BuildBatch(int64_t step, HostBatch* batch) const {
  const int64_t count = spec_.training.batch_size;
  const auto tokens = static_cast<size_t>(count * spec_.data.sequence_length);
  batch->inputs.resize(tokens);
  batch->targets.resize(tokens);
  const auto starts = sampler_.Starts((step - 1) * count, count);
  const data::Tokens& part = data_->train().tokens;
  const int64_t length = spec_.data.sequence_length;
  FillSequences(part, starts, length, batch->inputs, batch->targets);
  if (batches_ahead_ > 0) return;
  for (const int64_t start : sampler_.Starts(step * count, count)) {
    const data::Tokens next = part.Part(start, length + 1);
    AskForPages(next.data(), static_cast<size_t>(next.size() * next.width()));
  }
}

TrainingLoss Trainer::AccumulateGradient(int64_t step, int64_t sequence_length,
                                         const std::function<TrainingLoss(const Batch&)>& loss_of,
                                         Diagnostics* watcher) {
  const int64_t batch_size = spec_.training.batch_size;
  const int64_t micro_batch = spec_.training.micro_batch;
  const double share = static_cast<double>(micro_batch) / static_cast<double>(batch_size);
  Enter(Phase::kData, watcher);
  const HostBatch& whole = prefetcher_.Take(step);
  const auto tokens = static_cast<size_t>(micro_batch * spec_.data.sequence_length);
  TrainingLoss total;
  const auto add = [share](at::Tensor* sum, const at::Tensor& term) {
    if (term.defined()) *sum = sum->defined() ? *sum + term * share : term * share;
  };
  for (size_t first = 0; first < whole.inputs.size(); first += tokens) {
    Enter(Phase::kData, watcher);
    const Batch batch = MakeBatch(std::span(whole.inputs).subspan(first, tokens),
                                  std::span(whole.targets).subspan(first, tokens), sequence_length, device_);
    TrainingLoss loss;
    Enter(Phase::kForward, watcher);
    {
      if (watcher != nullptr) model_.Observe(watcher->observer());
      PrecisionScope precision(device_.type(), spec_.training.precision == spec::Precision::kBf16);
      loss = loss_of(batch);
      model_.Observe(nullptr);
    }
    add(&total.nll, loss.nll);
    add(&total.z, loss.z);
    Enter(Phase::kBackward, watcher);
    torch::autograd::backward({micro_batch == batch_size ? loss.total : loss.total * share});
    Enter(Phase::kRest, watcher);
    if (watcher != nullptr) watcher->EndMicrobatch(model_.parameters());
  }
  if (watcher != nullptr) watcher->EndGradient(model_.parameters());
  Enter(Phase::kRest, watcher);
  return total;
}

Evaluation Trainer::Evaluate(Validation which) {
  optimizer_->BeginEvaluation();
  const Evaluation evaluation = evaluator_.Run(model_, which);
  optimizer_->EndEvaluation();
  return evaluation;
}

std::optional<Evaluation> Trainer::EvaluateAverage(Validation which) {
  if (average_samples() == 0) return std::nullopt;
  average_->Begin();
  const Evaluation evaluation = evaluator_.Run(model_, which);
  average_->End();
  return evaluation;
}

void Trainer::SetAverageSamples(int64_t samples) {
  if (average_) average_->SetSamples(samples);
}

CheckpointTensors Trainer::Tensors() {
  return {model_.parameters(), optimizer_->State(), average_ ? average_->tensors() : NamedTensors()};
}

}  // namespace optfleet::trainer
