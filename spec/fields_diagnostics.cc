#include "spec/field_builder.h"
#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 3> kLayerChoices{"none", "ends", "all"};

constexpr auto kDiagnostics = &TrainingSpec::diagnostics;
using Kind = OptimizerKind;

// Whether some parameter of the model is updated by one of these rules.
template <Kind... kinds>
bool UpdatesBy(const TrainingSpec& spec) {
  for (int group = 0; group < kParameterGroups; ++group) {
    const auto which = static_cast<ParameterGroup>(group);
    const Kind kind = spec.optimizer.KindOf(which);
    if (HasGroup(spec.model, which) && ((kind == kinds) || ...)) return true;
  }
  return false;
}

bool Clips(const TrainingSpec& spec) { return spec.training.clip_norm > 0; }
bool Accumulates(const TrainingSpec& spec) {
  return spec.training.micro_batch > 0 && spec.training.micro_batch < spec.training.batch_size;
}
bool FindsNoise(const TrainingSpec& spec) { return Accumulates(spec) && spec.diagnostics.noise_scale; }
bool FindsSpikes(const TrainingSpec& spec) { return spec.diagnostics.loss_spikes; }
bool CountsFlops(const TrainingSpec& spec) { return spec.diagnostics.flops; }
bool HasAnyKind(const TrainingSpec& spec) {
  const DiagnosticsSpec& on = spec.diagnostics;
  return on.gradient_norms || on.update_norms || on.activation_rms != LayerChoice::kNone ||
         on.attention_entropy != LayerChoice::kNone || on.adam_moments || on.lion_cosine ||
         on.clipping_rate || on.gradient_coherence || on.noise_scale || on.loss_spikes || on.phase_times ||
         on.flops;
}

constexpr Use kByAdam{&UpdatesBy<Kind::kAdam, Kind::kAdamW>, "by `optimizer.name` adam and adamw"};
constexpr Use kByLion{&UpdatesBy<Kind::kLion>, "by `optimizer.name` lion"};
constexpr Use kClipping{&Clips, "with a `training.clip_norm` above 0"};
constexpr Use kAccumulating{&Accumulates, "with a `training.micro_batch` below `training.batch_size`"};
constexpr Use kNoise{&FindsNoise, "with `diagnostics.noise_scale`"};
constexpr Use kSpikes{&FindsSpikes, "with `diagnostics.loss_spikes`"};
constexpr Use kFlops{&CountsFlops, "with `diagnostics.flops`"};
constexpr Use kAnyKind{&HasAnyKind, "with another key of `diagnostics` that is on"};

constexpr std::array kFields{
    Plain<kDiagnostics, &DiagnosticsSpec::gradient_norms>(
        "diagnostics.gradient_norms", kUnbounded, "",
        "Records the gradient's 2-norm of each block and table, and of all norm layers, before clipping."),
    Plain<kDiagnostics, &DiagnosticsSpec::update_norms>(
        "diagnostics.update_norms", kUnbounded, "",
        "Records the 2-norm of each block's update and its ratio to that of the weights."),
    Choice<kDiagnostics, &DiagnosticsSpec::activation_rms, kLayerChoices>(
        "diagnostics.activation_rms",
        "Records the root mean square of the outputs of blocks: `ends` of the first, middle and last one."),
    Choice<kDiagnostics, &DiagnosticsSpec::attention_entropy, kLayerChoices>(
        "diagnostics.attention_entropy",
        "Records the mean entropy of attention's rows, of at most 2 heads and 128 tokens, in nats."),
    Plain<kDiagnostics, &DiagnosticsSpec::adam_moments>(
        "diagnostics.adam_moments", kUnbounded, "",
        "Records the 2-norms of Adam's corrected moments and of their signal-to-noise ratio.", kByAdam),
    Plain<kDiagnostics, &DiagnosticsSpec::lion_cosine>(
        "diagnostics.lion_cosine", kUnbounded, "",
        "Records the cosine of Lion's update before and after its sign.", kByLion),
    Plain<kDiagnostics, &DiagnosticsSpec::clipping_rate>(
        "diagnostics.clipping_rate", kUnbounded, "", "Records the share of steps so far that were clipped.",
        kClipping),
    Plain<kDiagnostics, &DiagnosticsSpec::gradient_coherence>(
        "diagnostics.gradient_coherence", kUnbounded, "",
        "Records the mean cosine of the gradients of consecutive microbatches.", kAccumulating),
    Plain<kDiagnostics, &DiagnosticsSpec::noise_scale>(
        "diagnostics.noise_scale", kUnbounded, "",
        "Records the gradient noise scale, in sequences, from the gradients of microbatches.", kAccumulating),
    Plain<kDiagnostics, &DiagnosticsSpec::noise_decay>(
        "diagnostics.noise_decay", Below(0, 1), "",
        "Decay of the averages over recorded steps whose ratio is the noise scale.", kNoise),
    Plain<kDiagnostics, &DiagnosticsSpec::loss_spikes>(
        "diagnostics.loss_spikes", kUnbounded, "",
        "Records how often the training loss left its recent range upwards, and for how many steps."),
    Plain<kDiagnostics, &DiagnosticsSpec::spike_window>("diagnostics.spike_window", From(8, 10000), "steps",
                                                        "Losses that a loss is compared with.", kSpikes),
    Plain<kDiagnostics, &DiagnosticsSpec::spike_threshold>(
        "diagnostics.spike_threshold", Above(0, 1000), "robust standard deviations",
        "A loss so far above the median of the window is a spike.", kSpikes),
    Plain<kDiagnostics, &DiagnosticsSpec::phase_times>(
        "diagnostics.phase_times", kUnbounded, "",
        "Records the seconds of a step's phases; on a GPU such a step waits for the device between them."),
    Plain<kDiagnostics, &DiagnosticsSpec::flops>("diagnostics.flops", kUnbounded, "",
                                                 "Records floating-point operations per second and, where "
                                                 "the device's peak is known, their share of it."),
    Plain<kDiagnostics, &DiagnosticsSpec::peak_flops>(
        "diagnostics.peak_flops", From(0, 1e21), "floating-point operations per second",
        "Peak of the device; 0 takes that of dense bf16 of GPUs known by name, and none on a CPU.", kFlops),
    Plain<kDiagnostics, &DiagnosticsSpec::every_steps>(
        "diagnostics.every_steps", From(1, kMostSteps), "steps",
        "Records the keys above at the first step and so often.", kAnyKind),
    Plain<kDiagnostics, &DiagnosticsSpec::parameters_every_steps>(
        "diagnostics.parameters_every_steps", From(0, kMostSteps), "steps",
        "Records min, max, mean and 2-norm of every weight, gradient and moment so often; 0 never."),
};

}  // namespace

std::span<const Field> DiagnosticsFields() { return kFields; }

}  // namespace optfleet::spec
