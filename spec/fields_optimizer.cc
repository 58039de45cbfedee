#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 3> kOptimizers{"sgd", "adam", "adamw"};

constexpr auto kOptimizer = &TrainingSpec::optimizer;

bool IsSgd(const TrainingSpec& spec) { return spec.optimizer.name == OptimizerKind::kSgd; }
bool IsAdam(const TrainingSpec& spec) { return !IsSgd(spec); }
bool HasMomentum(const TrainingSpec& spec) { return IsSgd(spec) && spec.optimizer.momentum != 0; }

constexpr Use kBySgd{&IsSgd, "by `optimizer.name` sgd"};
constexpr Use kByAdam{&IsAdam, "by `optimizer.name` adam and adamw"};
constexpr Use kWithMomentum{&HasMomentum, "by `optimizer.name` sgd with a momentum above 0"};

constexpr std::array kFields{
    Choice<kOptimizer, &OptimizerSpec::name, kOptimizers>("optimizer.name",
                                                          "Update rule, as in torch.optim."),
    Plain<kOptimizer, &OptimizerSpec::learning_rate>("optimizer.learning_rate", From(0, 1e6), "",
                                                     "Peak of the schedule."),
    Plain<kOptimizer, &OptimizerSpec::momentum>("optimizer.momentum", Below(0, 1), "",
                                                "Share of the old momentum that is kept.", kBySgd),
    Plain<kOptimizer, &OptimizerSpec::dampening>("optimizer.dampening", From(0, 1), "",
                                                 "Share of the gradient kept out of the momentum.",
                                                 kWithMomentum),
    Plain<kOptimizer, &OptimizerSpec::nesterov>("optimizer.nesterov", kUnbounded, "",
                                                "Nesterov's look-ahead; with momentum and without dampening.",
                                                kBySgd),
    Plain<kOptimizer, &OptimizerSpec::beta1>("optimizer.beta1", Below(0, 1), "", "Decay of the first moment.",
                                             kByAdam),
    Plain<kOptimizer, &OptimizerSpec::beta2>("optimizer.beta2", Below(0, 1), "",
                                             "Decay of the second moment.", kByAdam),
    Plain<kOptimizer, &OptimizerSpec::epsilon>("optimizer.epsilon", From(0, 1), "",
                                               "Added to the root of the second moment.", kByAdam),
    Plain<kOptimizer, &OptimizerSpec::weight_decay>(
        "optimizer.weight_decay", From(0, 1e6), "",
        "Added to the gradient by `sgd` and `adam`, decoupled from it in `adamw`."),
};

}  // namespace

std::span<const Field> OptimizerFields() { return kFields; }

}  // namespace optfleet::spec
