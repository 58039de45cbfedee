#include <initializer_list>

#include "spec/field_builder.h"
#include "spec/optimizer_names.h"
#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

// All but none, which only groups may have.
constexpr auto kOptimizers = [] {
  std::array<std::string_view, kOptimizerNames.size() - 1> names{};
  std::copy_n(kOptimizerNames.begin(), names.size(), names.begin());
  return names;
}();
// In the order of their enums.
constexpr std::array<std::string_view, 4> kDecayForms{"auto", "coupled", "decoupled", "decoupled_by_peak"};
constexpr std::array<std::string_view, 2> kMuonScalings{"original", "match_rms_adamw"};
constexpr std::array<std::string_view, 2> kMuonPrecisions{"fp32", "bf16"};
constexpr std::array<std::string_view, 3> kDecayOn{"all", "matrices", "linear"};

constexpr auto kOptimizer = &TrainingSpec::optimizer;
using Kind = OptimizerKind;

// Whether some parameter of the model has one of these rules.
bool AnyOf(const TrainingSpec& spec, std::initializer_list<Kind> kinds) {
  for (int group = 0; group < kParameterGroups; ++group) {
    const auto which = static_cast<ParameterGroup>(group);
    const bool among = std::find(kinds.begin(), kinds.end(), spec.optimizer.KindOf(which)) != kinds.end();
    if (among && HasGroup(spec.model, which)) return true;
  }
  return false;
}

template <Kind... kinds>
bool UsedBy(const TrainingSpec& spec) {
  return AnyOf(spec, {kinds...});
}
bool HasMomentum(const TrainingSpec& spec) {
  return UsedBy<Kind::kSgd>(spec) && spec.optimizer.momentum != 0;
}
bool Decays(const TrainingSpec& spec) {
  const auto& groups = spec.optimizer.groups;
  return spec.optimizer.weight_decay != 0 ||
         std::any_of(groups.begin(), groups.end(),
                     [](const GroupSpec& group) { return group.weight_decay.value_or(0) != 0; });
}

constexpr Use kMomentum{&UsedBy<Kind::kSgd, Kind::kEmaSgd, Kind::kScheduleFreeSgd>,
                        "by `optimizer.name` sgd, ema_sgd and schedule_free_sgd"};
constexpr Use kWithMomentum{&HasMomentum, "by `optimizer.name` sgd with a momentum above 0"};
constexpr Use kSgdOnly{&UsedBy<Kind::kSgd>, "by `optimizer.name` sgd"};
constexpr Use kBeta1{&UsedBy<Kind::kAdam, Kind::kAdamW, Kind::kLion, Kind::kSignum, Kind::kAdEmaMix,
                             Kind::kScheduleFreeAdamW, Kind::kAdafactorMomentum, Kind::kAdalayer,
                             Kind::kAdalayerRows, Kind::kAdalayerFrozen, Kind::kAdalayerPrimed,
                             Kind::kAdam8bit, Kind::kAdamW8bit, Kind::kLion8bit, Kind::kSoap, Kind::kSophia>,
                     "by all rules but sgd, ema_sgd, schedule_free_sgd, adafactor and muon"};
constexpr Use kBeta2{
    &UsedBy<Kind::kAdam, Kind::kAdamW, Kind::kLion, Kind::kAdEmaMix, Kind::kScheduleFreeAdamW,
            Kind::kAdafactorMomentum, Kind::kAdalayer, Kind::kAdalayerRows, Kind::kAdalayerPrimed,
            Kind::kAdam8bit, Kind::kAdamW8bit, Kind::kLion8bit, Kind::kSoap, Kind::kSophia>,
    "by the rules that read beta1, but signum and adalayer_frozen"};
constexpr Use kEpsilon{
    &UsedBy<Kind::kAdam, Kind::kAdamW, Kind::kAdEmaMix, Kind::kScheduleFreeAdamW, Kind::kAdafactorMomentum,
            Kind::kAdalayer, Kind::kAdalayerRows, Kind::kAdalayerFrozen, Kind::kAdalayerPrimed,
            Kind::kAdam8bit, Kind::kAdamW8bit, Kind::kSoap>,
    "by the rules that divide by a second moment, but adafactor"};
constexpr Use kMixtures{&UsedBy<Kind::kAdEmaMix>, "by `optimizer.name` ademamix"};
constexpr Use kScheduleFree{&UsedBy<Kind::kScheduleFreeSgd, Kind::kScheduleFreeAdamW>,
                            "by `optimizer.name` schedule_free_sgd and schedule_free_adamw"};
constexpr Use kPaperAdafactor{&UsedBy<Kind::kAdafactor>, "by `optimizer.name` adafactor"};
constexpr Use kFactoredMomentum{&UsedBy<Kind::kAdafactorMomentum>, "by `optimizer.name` adafactor_momentum"};
constexpr Use kSplits{&UsedBy<Kind::kAdalayer, Kind::kAdalayerFrozen, Kind::kAdalayerPrimed, Kind::kMuon>,
                      "by `optimizer.name` adalayer, adalayer_frozen, adalayer_primed and muon"};
constexpr Use kMuonOnly{&UsedBy<Kind::kMuon>, "by `optimizer.name` muon"};
constexpr Use kSoapOnly{&UsedBy<Kind::kSoap>, "by `optimizer.name` soap"};
constexpr Use kSophiaOnly{&UsedBy<Kind::kSophia>, "by `optimizer.name` sophia"};
constexpr Use k8bit{&UsedBy<Kind::kAdam8bit, Kind::kAdamW8bit, Kind::kLion8bit>,
                    "by `optimizer.name` adam_8bit, adamw_8bit and lion_8bit"};
constexpr Use kDecay{&Decays, "with a weight decay above 0"};

constexpr std::array kRuleFields{
    Choice<kOptimizer, &OptimizerSpec::name, kOptimizers>("optimizer.name", "Update rule."),
    Plain<kOptimizer, &OptimizerSpec::learning_rate>("optimizer.learning_rate", From(0, 1e6), "",
                                                     "Peak of the schedule."),
};

constexpr std::array kOptionFields{
    Plain<kOptimizer, &OptimizerSpec::momentum>("optimizer.momentum", Below(0, 1), "",
                                                "Share of the old momentum that is kept.", kMomentum),
    Plain<kOptimizer, &OptimizerSpec::dampening>("optimizer.dampening", From(0, 1), "",
                                                 "Share of the gradient kept out of the momentum.",
                                                 kWithMomentum),
    Plain<kOptimizer, &OptimizerSpec::nesterov>("optimizer.nesterov", kUnbounded, "",
                                                "Nesterov's look-ahead; with momentum and without dampening.",
                                                kSgdOnly),
    Plain<kOptimizer, &OptimizerSpec::beta1>("optimizer.beta1", Below(0, 1), "", "Decay of the first moment.",
                                             kBeta1),
    Plain<kOptimizer, &OptimizerSpec::beta2>("optimizer.beta2", Below(0, 1), "",
                                             "Decay of the second moment; in lion that of the momentum.",
                                             kBeta2),
    Plain<kOptimizer, &OptimizerSpec::beta3>("optimizer.beta3", Below(0, 1), "",
                                             "Decay of the slow first moment.", kMixtures),
    Plain<kOptimizer, &OptimizerSpec::epsilon>("optimizer.epsilon", From(0, 1), "",
                                               "Added to the root of the second moment.", kEpsilon),
    Plain<kOptimizer, &OptimizerSpec::mixture>("optimizer.mixture", From(0, 1000), "",
                                               "Weight of the slow first moment (alpha).", kMixtures),
    Plain<kOptimizer, &OptimizerSpec::mixture_warmup>(
        "optimizer.mixture_warmup", kUnbounded, "",
        "The slow moment's weight and decay grow to their values until its end.", kMixtures),
    Plain<kOptimizer, &OptimizerSpec::averaging_power>("optimizer.averaging_power", From(0, 100), "",
                                                       "Steps weigh step^power in the average.",
                                                       kScheduleFree),
    Plain<kOptimizer, &OptimizerSpec::averaging_rate_power>(
        "optimizer.averaging_rate_power", From(0, 100), "",
        "Steps weigh (largest learning rate so far)^power in the average.", kScheduleFree),
    Plain<kOptimizer, &OptimizerSpec::decay_rate>("optimizer.decay_rate", From(0, 10), "",
                                                  "The second moment's decay at step t is 1 - t^-decay_rate.",
                                                  kPaperAdafactor),
    Plain<kOptimizer, &OptimizerSpec::clip_threshold>("optimizer.clip_threshold", Above(0, 1e6), "",
                                                      "Bound of an update's root mean square.",
                                                      kPaperAdafactor),
    Plain<kOptimizer, &OptimizerSpec::epsilon_scale>(
        "optimizer.epsilon_scale", From(0, 1000), "",
        "Least root mean square of a weight, to which steps are relative.", kPaperAdafactor),
    Plain<kOptimizer, &OptimizerSpec::rows_only>("optimizer.rows_only", kUnbounded, "",
                                                 "One second moment per row instead of rows times columns.",
                                                 kFactoredMomentum),
    Plain<kOptimizer, &OptimizerSpec::split_qkv>(
        "optimizer.split_qkv", kUnbounded, "",
        "The three parts of a fused projection are treated as matrices of their own.", kSplits),
    Plain<kOptimizer, &OptimizerSpec::block_size>("optimizer.block_size", From(1, 2048), "elements",
                                                  "Elements that share the scale of an 8-bit state.", k8bit),
    Plain<kOptimizer, &OptimizerSpec::min_8bit_size>("optimizer.min_8bit_size", From(0, 1e12), "elements",
                                                     "Smaller parameters keep a 32-bit state.", k8bit),
    Plain<kOptimizer, &OptimizerSpec::muon_momentum>("optimizer.muon_momentum", Below(0, 1), "",
                                                     "Decay of muon's average gradient.", kMuonOnly),
    Plain<kOptimizer, &OptimizerSpec::muon_nesterov>("optimizer.muon_nesterov", kUnbounded, "",
                                                     "Nesterov's look-ahead in muon.", kMuonOnly),
    Choice<kOptimizer, &OptimizerSpec::muon_scaling, kMuonScalings>(
        "optimizer.muon_scaling",
        "Factor of a step: `original` sqrt(max(1, rows / columns)), `match_rms_adamw` 0.2 sqrt(max(rows, "
        "columns)).",
        kMuonOnly),
    Plain<kOptimizer, &OptimizerSpec::muon_iterations>("optimizer.muon_iterations", From(1, 20), "iterations",
                                                       "Newton-Schulz iterations of a step.", kMuonOnly),
    Choice<kOptimizer, &OptimizerSpec::muon_precision, kMuonPrecisions>(
        "optimizer.muon_precision",
        "Of those iterations; `bf16` as its authors and PyTorch, faster where a processor has products of "
        "it.",
        kMuonOnly),
    Plain<kOptimizer, &OptimizerSpec::precondition_frequency>("optimizer.precondition_frequency",
                                                              From(1, 1e6), "updates",
                                                              "soap turns its bases so often.", kSoapOnly),
    Plain<kOptimizer, &OptimizerSpec::max_precondition_dim>(
        "optimizer.max_precondition_dim", From(0, kMost), "elements",
        "Longer sides of a matrix get no basis.", kSoapOnly),
    Plain<kOptimizer, &OptimizerSpec::rho>("optimizer.rho", Above(0, 1e6), "",
                                           "Curvature, times this and the tokens of a batch, bounds a step.",
                                           kSophiaOnly),
    Plain<kOptimizer, &OptimizerSpec::hessian_interval>(
        "optimizer.hessian_interval", From(1, 1e6), "steps",
        "sophia renews its curvature so often, by a second backward pass.", kSophiaOnly),
    Plain<kOptimizer, &OptimizerSpec::weight_decay>("optimizer.weight_decay", From(0, 1e6), "",
                                                    "How fast weights shrink (lambda)."),
    Choice<kOptimizer, &OptimizerSpec::decay_form, kDecayForms>(
        "optimizer.decay_form",
        "`coupled` adds it to the gradient, `decoupled` shrinks by learning rate x decay, "
        "`decoupled_by_peak` by "
        "decay x learning rate / peak; `auto` is coupled in sgd, adam, adam_8bit and the schedule-free "
        "rules, "
        "decoupled in the others.",
        kDecay),
    Choice<kOptimizer, &OptimizerSpec::decay_on, kDecayOn>(
        "optimizer.decay_on",
        "`matrices`: parameters of two dimensions; `linear`: the weights of attention and MLP.", kDecay),
};

}  // namespace

std::vector<Field> OptimizerFields() {
  std::vector<Field> fields(kRuleFields.begin(), kRuleFields.end());
  const std::vector<Field> groups = GroupFields();
  fields.insert(fields.end(), groups.begin(), groups.end());  // above the options: they decide which are read
  fields.insert(fields.end(), kOptionFields.begin(), kOptionFields.end());
  return fields;
}

}  // namespace optfleet::spec
