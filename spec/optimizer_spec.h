// The part of the spec that says how weights are updated. Formulas and sources of the rules stand with their
// code: trainer_core/rules; what each of them holds in memory: spec/optimizer_state.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "spec/length.h"

namespace optfleet::spec {

// kNone: the weights stay as they are. For groups only.
enum class OptimizerKind {
  kSgd,
  kEmaSgd,
  kAdam,
  kAdamW,
  kLion,
  kSignum,
  kAdEmaMix,
  kScheduleFreeSgd,
  kScheduleFreeAdamW,
  kAdafactor,
  kAdafactorMomentum,
  kAdalayer,
  kAdalayerRows,
  kAdam8bit,
  kAdamW8bit,
  kLion8bit,
  kMuon,
  kSoap,
  kSophia,
  kAdalayerFrozen,
  kAdalayerPrimed,
  kNone
};

// What a Muon step is multiplied by, of a matrix of r rows and c columns (names of torch.optim.Muon):
// original sqrt(max(1, r / c)), match_rms_adamw 0.2 sqrt(max(r, c)).
enum class MuonScaling { kOriginal, kMatchRmsAdamW };
// Of Muon's Newton-Schulz iterations.
enum class MuonPrecision { kFp32, kBf16 };

// auto: coupled in sgd, adam, adam_8bit and the schedule-free rules, as in the packages they come from,
// decoupled in all others. by_peak: the shrinking per step is weight_decay x learning rate / peak.
enum class DecayForm { kAuto, kCoupled, kDecoupled, kDecoupledByPeak };
// Which parameters decay: all; those of two dimensions; the weights of attention and MLP.
enum class DecayOn { kAll, kMatrices, kLinear };

// What a parameter is for; each has exactly one.
enum class ParameterGroup { kEmbedding, kPosition, kOutput, kNorm, kBias, kAttention, kMlp };
inline constexpr int kParameterGroups = 7;

// What a group of parameters does differently. Nothing given: as the optimizer.
struct GroupSpec {
  std::optional<OptimizerKind> name;
  std::optional<double> learning_rate;  // peak
  std::optional<double> weight_decay;
  friend bool operator==(const GroupSpec&, const GroupSpec&) = default;

  bool IsGiven() const { return name || learning_rate || weight_decay; }
};

struct OptimizerSpec {
  OptimizerKind name = OptimizerKind::kAdamW;
  double learning_rate = 1e-3;  // peak
  std::array<GroupSpec, kParameterGroups> groups{};

  double momentum = 0.9;
  double dampening = 0;
  bool nesterov = false;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double beta3 = 0.9999;
  double epsilon = 1e-8;
  double mixture = 8;
  Length mixture_warmup = {};
  double averaging_power = 0;       // r of the schedule-free paper
  double averaging_rate_power = 2;  // its weight_lr_power
  double decay_rate = 0.8;
  double clip_threshold = 1;
  double epsilon_scale = 1e-3;
  bool rows_only = false;
  bool split_qkv = true;
  int64_t block_size = 256;
  int64_t min_8bit_size = 4096;
  double muon_momentum = 0.95;  // not `momentum`: muon always has another rule beside it
  bool muon_nesterov = true;
  MuonScaling muon_scaling = MuonScaling::kOriginal;
  int64_t muon_iterations = 5;
  MuonPrecision muon_precision = MuonPrecision::kFp32;
  int64_t precondition_frequency = 10;
  int64_t max_precondition_dim = 10000;
  double rho = 0.04;
  int64_t hessian_interval = 10;

  double weight_decay = 0;
  DecayForm decay_form = DecayForm::kAuto;
  DecayOn decay_on = DecayOn::kAll;
  friend bool operator==(const OptimizerSpec&, const OptimizerSpec&) = default;

  // The rule, peak and decay of a group. Under muon the groups that are not matrices of linear layers take
  // adamw, as its author says, unless they have a rule of their own.
  OptimizerKind KindOf(ParameterGroup group) const;
  double PeakOf(ParameterGroup group) const { return Of(group).learning_rate.value_or(learning_rate); }
  double DecayOf(ParameterGroup group) const { return Of(group).weight_decay.value_or(weight_decay); }
  const GroupSpec& Of(ParameterGroup group) const { return groups[static_cast<size_t>(group)]; }
};

// ademamix's beta3 where its slow moment has come to a share (0 to 1) of its warm-up: the average's half-life
// grows linearly from that of beta1 (arXiv 2409.03137, appendix A.1).
double SlowDecayAt(const OptimizerSpec& optimizer, double share);

// What `auto` means for a rule.
DecayForm DecayFormOf(OptimizerKind kind, DecayForm form);

}  // namespace optfleet::spec
