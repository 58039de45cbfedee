#include "trainer_core/diagnostics/diagnostics.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "trainer_core/diagnostics/peak_flops.h"

namespace optfleet::trainer {
namespace {

bool IsDue(int64_t step, int64_t every) { return every > 0 && (step == 1 || step % every == 0); }

double PeakOf(const spec::DiagnosticsSpec& spec, at::Device device, std::string_view name) {
  if (spec.peak_flops > 0) return spec.peak_flops;
  return device.is_cpu() ? 0 : PeakFlopsOf(name).value_or(0);
}

}  // namespace

std::unique_ptr<Diagnostics> Diagnostics::Create(const spec::TrainingSpec& spec, at::Device device,
                                                 std::string_view device_name, PhaseClock::Now now) {
  if (spec.diagnostics == spec::DiagnosticsSpec{}) return nullptr;
  return std::unique_ptr<Diagnostics>(new Diagnostics(spec, device, device_name, std::move(now)));
}

Diagnostics::Diagnostics(const spec::TrainingSpec& spec, at::Device device, std::string_view device_name,
                         PhaseClock::Now now)
    : spec_(spec.diagnostics),
      device_(device),
      listed_(spec::Parameters(spec.model)),
      model_(spec.model),
      sequence_length_(spec.data.sequence_length),
      tokens_per_step_(static_cast<double>(spec.training.batch_size * spec.data.sequence_length)),
      peak_flops_(PeakOf(spec_, device, device_name)),
      clock_(std::move(now)) {
  if (spec_.gradient_norms) kinds_.push_back(MakeGradientNorms());
  if (spec_.update_norms) kinds_.push_back(MakeUpdateNorms());
  if (spec_.activation_rms != spec::LayerChoice::kNone ||
      spec_.attention_entropy != spec::LayerChoice::kNone) {
    auto kind = std::make_unique<ActivationFigures>(spec);
    activations_ = kind.get();
    kinds_.push_back(std::move(kind));
  }
  if (spec_.adam_moments) kinds_.push_back(MakeAdamMoments(spec));
  if (spec_.lion_cosine) kinds_.push_back(MakeLionCosine(spec));
  if (spec_.gradient_coherence || spec_.noise_scale) {
    auto kind = std::make_unique<MicrobatchFigures>(spec);
    microbatches_ = kind.get();
    kinds_.push_back(std::move(kind));
  }
  if (spec_.clipping_rate) kinds_.push_back(MakeClippingRate());
  if (spec_.loss_spikes) kinds_.push_back(MakeLossSpikeCount(spec_));
  if (spec_.parameters_every_steps > 0) parameter_figures_ = MakeParameterFigures();
}

void Diagnostics::BeginStep(int64_t step) {
  due_ = IsDue(step, spec_.every_steps);
  parameters_due_ = IsDue(step, spec_.parameters_every_steps);
  if (due_ && spec_.phase_times) clock_.Start();
}

void Diagnostics::Enter(Phase phase) {
  if (!due_ || !spec_.phase_times) return;
  // A GPU runs behind: without waiting for it, phases would be the times of asking.
  if (!device_.is_cpu()) c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
  clock_.Enter(phase);
}

ForwardObserver* Diagnostics::observer() { return due_ ? activations_ : nullptr; }

void Diagnostics::EndMicrobatch(const NamedTensors& parameters) {
  if (!due_ || microbatches_ == nullptr) return;
  at::NoGradGuard no_grad;
  Enter(Phase::kDiagnostics);
  microbatches_->TakeGradient(parameters);
}

void Diagnostics::EndGradient(const NamedTensors& parameters) {
  if (!due_ || microbatches_ == nullptr) return;
  at::NoGradGuard no_grad;
  microbatches_->ReturnSum(parameters);
}

void Diagnostics::BeforeUpdate(const NamedTensors& parameters, Optimizer& optimizer,
                               const at::Tensor& gradient_scale) {
  if (!due_) return;
  at::NoGradGuard no_grad;
  Enter(Phase::kDiagnostics);
  for (const auto& kind : kinds_)
    kind->BeforeUpdate({listed_, parameters, optimizer, gradient_scale}, &figures_);
}

void Diagnostics::AfterUpdate(const NamedTensors& parameters, Optimizer& optimizer,
                              const at::Tensor& gradient_scale) {
  if (!records()) return;
  at::NoGradGuard no_grad;
  const UpdateView view{listed_, parameters, optimizer, gradient_scale};
  Enter(Phase::kDiagnostics);
  if (due_)
    for (const auto& kind : kinds_) kind->AfterUpdate(view, &figures_);
  if (parameters_due_) parameter_figures_->AfterUpdate(view, &figures_of_parameters_);
}

void Diagnostics::EndStep(const StepResult& result) {
  step_length_ = result.sequence_length;
  for (const auto& kind : kinds_) kind->EndStep(result, due_ ? &figures_ : nullptr);
  Enter(Phase::kRest);
}

Points Diagnostics::TakePoints(double step_seconds) {
  if (due_) {
    AddTimes(step_seconds);
    AddSpeed(tokens_per_step_ / step_seconds, step_length_, &figures_);
  }
  Points points;
  if (!records()) return points;
  // Those of parameters last: who keeps only so many keys of a record keeps the others.
  for (Figures* figures : {&figures_, &figures_of_parameters_})
    for (auto& [key, value] : figures->Take())
      points.emplace_back(*keys_.insert(std::move(key)).first, value);
  return points;
}

// The rest is what is left of the step, so that all phases make up its time.
void Diagnostics::AddTimes(double step_seconds) {
  if (!spec_.phase_times) return;
  double rest = step_seconds;
  for (const Phase phase :
       {Phase::kData, Phase::kForward, Phase::kBackward, Phase::kOptimizer, Phase::kDiagnostics}) {
    const double seconds = clock_.SecondsOf(phase);
    figures_.Add("seconds/" + std::string(kPhaseNames[static_cast<size_t>(phase)]), seconds);
    rest -= seconds;
  }
  figures_.Add("seconds/rest", rest);
  figures_.Add("seconds/checkpoint", std::exchange(checkpoint_seconds_, 0));
}

void Diagnostics::AddSpeed(double tokens_per_second, int64_t sequence_length, Figures* figures) const {
  if (!spec_.flops) return;
  const double flops = tokens_per_second * spec::FlopsPerToken(model_, sequence_length);
  figures->Add("flops_per_second", flops);
  if (peak_flops_ > 0) figures->Add("mfu", flops / peak_flops_);
}

std::vector<std::pair<std::string, double>> Diagnostics::Final(double tokens_per_second) const {
  Figures figures;
  for (const auto& kind : kinds_) kind->Final(&figures);
  if (tokens_per_second > 0) AddSpeed(tokens_per_second, sequence_length_, &figures);
  if (spec_.flops && peak_flops_ > 0) figures.Add("peak_flops_per_second", peak_flops_);
  return figures.Take();
}

Json Diagnostics::State() const {
  Json state = Json::object();
  for (const auto& kind : kinds_)
    if (!kind->name().empty()) state[kind->name()] = kind->State();
  return state;
}

Status Diagnostics::Restore(const Json& state) {
  for (const auto& kind : kinds_) {
    if (kind->name().empty()) continue;
    if (!state.contains(kind->name()))
      return Fail(Code::kDataLoss, "state.json: diagnostics lack " + kind->name());
    OPTFLEET_RETURN_IF_ERROR(kind->Restore(state.at(kind->name())));
  }
  return {};
}

}  // namespace optfleet::trainer
