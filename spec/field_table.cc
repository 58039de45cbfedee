#include <array>
#include <type_traits>

#include "spec/fields.h"

namespace optfleet::spec {
namespace {

using Names = std::span<const std::string_view>;

// In the order of their enums.
constexpr std::array<std::string_view, 3> kAttentions{"auto", "sdpa", "manual"};
constexpr std::array<std::string_view, 3> kOptimizers{"sgd", "adam", "adamw"};
constexpr std::array<std::string_view, 2> kSchedules{"constant", "cosine"};
constexpr std::array<std::string_view, 2> kPrecisions{"fp32", "bf16"};

template <auto group, auto member>
using MemberType = std::remove_cvref_t<decltype((TrainingSpec{}.*group).*member)>;

template <auto group, auto member>
Value GetPlain(const TrainingSpec& spec) {
  return Value(std::in_place_type<MemberType<group, member>>, (spec.*group).*member);
}

template <auto group, auto member>
void SetPlain(TrainingSpec& spec, const Value& value) {
  (spec.*group).*member = std::get<MemberType<group, member>>(value);
}

template <auto group, auto member, const auto& names>
Value GetChoice(const TrainingSpec& spec) {
  return Value(std::in_place_type<std::string>, names[static_cast<size_t>((spec.*group).*member)]);
}

template <auto group, auto member, const auto& names>
void SetChoice(TrainingSpec& spec, const Value& value) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == std::get<std::string>(value))
      (spec.*group).*member = static_cast<MemberType<group, member>>(i);
}

template <auto group, auto member>
constexpr Field Plain(std::string_view key, Range range, std::string_view unit, std::string_view doc) {
  using T = MemberType<group, member>;
  constexpr FieldType type = std::is_same_v<T, bool>      ? FieldType::kBoolean
                             : std::is_same_v<T, int64_t> ? FieldType::kInteger
                             : std::is_same_v<T, double>  ? FieldType::kNumber
                                                          : FieldType::kText;
  return {key, type, range, Names(), unit, doc, &GetPlain<group, member>, &SetPlain<group, member>};
}

template <auto group, auto member, const auto& names>
constexpr Field Choice(std::string_view key, std::string_view doc) {
  return {key,
          FieldType::kChoice,
          Range{},
          Names(names),
          "",
          doc,
          &GetChoice<group, member, names>,
          &SetChoice<group, member, names>};
}

constexpr Range From(double min, double max) { return {min, max, false, false}; }
constexpr Range Above(double min, double max) { return {min, max, true, false}; }
constexpr Range Below(double min, double max) { return {min, max, false, true}; }
constexpr Range Between(double min, double max) { return {min, max, true, true}; }
constexpr Range kUnbounded{};  // booleans and texts

constexpr double kMost =
    1048576;  // 2^20: bounds of widths and batches keep every product below within 64 bits
constexpr double kMostSteps = 1e12;
constexpr double kMostTokens = 1e15;

constexpr auto kModel = &TrainingSpec::model;
constexpr auto kOptimizer = &TrainingSpec::optimizer;
constexpr auto kSchedule = &TrainingSpec::schedule;
constexpr auto kData = &TrainingSpec::data;
constexpr auto kTraining = &TrainingSpec::training;
constexpr auto kBudget = &TrainingSpec::budget;
constexpr auto kEvaluation = &TrainingSpec::evaluation;
constexpr auto kCheckpoint = &TrainingSpec::checkpoint;

constexpr std::array kFields{
    Plain<kModel, &ModelSpec::layers>("model.layers", From(1, 4096), "layers", "Transformer blocks."),
    Plain<kModel, &ModelSpec::width>("model.width", From(1, kMost), "",
                                     "Width of the residual stream; a multiple of `model.heads`."),
    Plain<kModel, &ModelSpec::heads>("model.heads", From(1, kMost), "heads", "Attention heads of a block."),
    Plain<kModel, &ModelSpec::mlp_width>("model.mlp_width", From(0, 4 * kMost), "",
                                         "Inner width of the MLP; 0 takes 4 x `model.width`."),
    Plain<kModel, &ModelSpec::vocab_size>("model.vocab_size", From(2, 16 * kMost), "tokens",
                                          "Rows of the embedding; text read as bytes needs 256."),
    Plain<kModel, &ModelSpec::context>("model.context", From(0, kMost), "tokens",
                                       "Rows of the position table; 0 takes `data.sequence_length`."),
    Plain<kModel, &ModelSpec::tie_output>("model.tie_output", kUnbounded, "",
                                          "Whether the output matrix is the token embedding."),
    Plain<kModel, &ModelSpec::bias>("model.bias", kUnbounded, "",
                                    "Whether linear layers and norms have a bias."),
    Choice<kModel, &ModelSpec::attention, kAttentions>(
        "model.attention",
        "Implementation: `sdpa` is fused, `manual` written out; `auto` takes the faster one."),
    Plain<kModel, &ModelSpec::embedding_dropout>("model.embedding_dropout", Below(0, 1), "",
                                                 "Share of the embedded input that is dropped."),
    Plain<kModel, &ModelSpec::attention_dropout>("model.attention_dropout", Below(0, 1), "",
                                                 "Share of the attention weights that is dropped."),
    Plain<kModel, &ModelSpec::residual_dropout>("model.residual_dropout", Below(0, 1), "",
                                                "Share of each branch's output that is dropped."),
    Plain<kModel, &ModelSpec::init_std>("model.init_std", From(0, 10), "",
                                        "Standard deviation of the initial weights."),
    Plain<kModel, &ModelSpec::norm_epsilon>("model.norm_epsilon", Above(0, 1), "",
                                            "Added to the variance inside a norm."),

    Choice<kOptimizer, &OptimizerSpec::name, kOptimizers>("optimizer.name",
                                                          "Update rule, as in torch.optim."),
    Plain<kOptimizer, &OptimizerSpec::learning_rate>("optimizer.learning_rate", From(0, 1e6), "",
                                                     "Peak of the schedule."),
    Plain<kOptimizer, &OptimizerSpec::momentum>("optimizer.momentum", Below(0, 1), "",
                                                "Share of the old momentum that is kept; `sgd` only."),
    Plain<kOptimizer, &OptimizerSpec::dampening>(
        "optimizer.dampening", From(0, 1), "", "Share of the gradient kept out of the momentum; `sgd` only."),
    Plain<kOptimizer, &OptimizerSpec::nesterov>(
        "optimizer.nesterov", kUnbounded, "",
        "Nesterov's look-ahead; `sgd` only, with momentum and without dampening."),
    Plain<kOptimizer, &OptimizerSpec::beta1>("optimizer.beta1", Below(0, 1), "",
                                             "Decay of the first moment; `adam` and `adamw`."),
    Plain<kOptimizer, &OptimizerSpec::beta2>("optimizer.beta2", Below(0, 1), "",
                                             "Decay of the second moment; `adam` and `adamw`."),
    Plain<kOptimizer, &OptimizerSpec::epsilon>("optimizer.epsilon", From(0, 1), "",
                                               "Added to the root of the second moment; `adam` and `adamw`."),
    Plain<kOptimizer, &OptimizerSpec::weight_decay>(
        "optimizer.weight_decay", From(0, 1e6), "",
        "Added to the gradient by `sgd` and `adam`, decoupled from it in `adamw`."),

    Choice<kSchedule, &ScheduleSpec::name, kSchedules>("schedule.name", "Learning rate after the warm-up."),
    Plain<kSchedule, &ScheduleSpec::warmup_steps>("schedule.warmup_steps", From(0, kMostSteps), "steps",
                                                  "Linear rise; the peak is reached at this step."),
    Plain<kSchedule, &ScheduleSpec::final_ratio>("schedule.final_ratio", From(0, 1), "",
                                                 "Last learning rate over the peak; `cosine` only."),

    Plain<kData, &DataSpec::path>("data.path", kUnbounded, "",
                                  "Text file, read as bytes: one token is one byte."),
    Plain<kData, &DataSpec::sequence_length>("data.sequence_length", From(1, kMost), "tokens",
                                             "Length of a training sequence."),
    Plain<kData, &DataSpec::validation_share>("data.validation_share", Between(0, 1), "",
                                              "The last share of the file validates, the rest trains."),

    Plain<kTraining, &TrainingOptions::batch_size>("training.batch_size", From(1, kMost), "sequences",
                                                   "Batch of one optimizer step."),
    Plain<kTraining, &TrainingOptions::micro_batch>(
        "training.micro_batch", From(0, kMost), "sequences",
        "Batch of one forward pass; divides `training.batch_size`; 0 takes all of it."),
    Plain<kTraining, &TrainingOptions::clip_norm>("training.clip_norm", From(0, 1e9), "",
                                                  "Bound of the gradient's global 2-norm; 0 does not clip."),
    Choice<kTraining, &TrainingOptions::precision, kPrecisions>(
        "training.precision", "`bf16` computes by autocast over fp32 master weights."),
    Plain<kTraining, &TrainingOptions::recompute_every>(
        "training.recompute_every", From(0, 4096), "layers",
        "Every n-th layer recomputes its activations in the backward pass; 0 none, 1 all."),
    Plain<kTraining, &TrainingOptions::seed>("training.seed", From(0, 4294967295.0), "",
                                             "Of initial weights, dropout and the order of the data."),

    Plain<kBudget, &BudgetSpec::steps>("budget.steps", From(0, kMostSteps), "steps",
                                       "Optimizer steps; give this or `budget.tokens`, 0 is not given."),
    Plain<kBudget, &BudgetSpec::tokens>("budget.tokens", From(0, kMostTokens), "tokens",
                                        "Training tokens, rounded up to whole steps; 0 is not given."),

    Plain<kEvaluation, &EvaluationSpec::every_steps>(
        "evaluation.every_steps", From(0, kMostSteps), "steps",
        "Validates so often, and always at the end; 0 only then."),
    Plain<kEvaluation, &EvaluationSpec::batches>(
        "evaluation.batches", From(0, 1e9), "batches",
        "At most so many batches of a validation; 0 takes the whole validation part."),

    Plain<kCheckpoint, &CheckpointSpec::every_steps>(
        "checkpoint.every_steps", From(0, kMostSteps), "steps",
        "Writes a checkpoint so often; 0 only when asked to stop."),
    Plain<kCheckpoint, &CheckpointSpec::keep>("checkpoint.keep", From(1, 1000), "checkpoints",
                                              "Newest good checkpoints that are kept."),
};

constexpr std::array<std::string_view, 8> kGroups{"model",    "optimizer", "schedule",   "data",
                                                  "training", "budget",    "evaluation", "checkpoint"};

}  // namespace

std::span<const Field> Fields() { return kFields; }
Names Groups() { return kGroups; }

}  // namespace optfleet::spec
