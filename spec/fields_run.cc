#include "spec/field_builder.h"

namespace optfleet::spec {
namespace {

constexpr std::array<std::string_view, 3> kPrecisions{"fp32", "bf16", "pure_bf16"};
constexpr std::array<std::string_view, 2> kSoftmaxPrecisions{"fp32", "bf16"};
constexpr std::array<std::string_view, 2> kOnNonFinite{"skip", "stop"};
constexpr std::array<std::string_view, 2> kMetrics{"standard", "all"};

constexpr auto kTraining = &TrainingSpec::training;
constexpr auto kBudget = &TrainingSpec::budget;
constexpr auto kEvaluation = &TrainingSpec::evaluation;
constexpr auto kCheckpoint = &TrainingSpec::checkpoint;

bool Clips(const TrainingSpec& spec) { return spec.training.clip_norm > 0; }
bool ClipsLooselyFirst(const TrainingSpec& spec) {
  return Clips(spec) && spec.training.clip_warmup.amount > 0;
}

bool ComputesInBf16(const TrainingSpec& spec) { return spec.training.precision != Precision::kFp32; }

constexpr Use kInBf16{&ComputesInBf16, "with `training.precision` bf16 and pure_bf16"};
constexpr Use kClipping{&Clips, "with a `training.clip_norm` above 0"};
constexpr Use kClipWarmup{&ClipsLooselyFirst, "with a `training.clip_warmup` above 0"};

Value GetFinalBatches(const TrainingSpec& spec) {
  const auto& batches = spec.evaluation.final_batches;
  return batches ? Value(*batches) : Value(std::string(kInherit));
}

void SetFinalBatches(TrainingSpec& spec, const Value& value) {
  const int64_t* batches = std::get_if<int64_t>(&value);
  spec.evaluation.final_batches = batches == nullptr ? std::nullopt : std::optional(*batches);
}

constexpr std::array kFields{
    Plain<kTraining, &TrainingOptions::batch_size>("training.batch_size", From(1, kMost), "sequences",
                                                   "Batch of one optimizer step."),
    Plain<kTraining, &TrainingOptions::micro_batch>(
        "training.micro_batch", From(0, kMost), "sequences",
        "Batch of one forward pass; divides `training.batch_size`; 0 takes all of it."),
    Plain<kTraining, &TrainingOptions::clip_norm>("training.clip_norm", From(0, 1e9), "",
                                                  "Bound of the gradient's global 2-norm; 0 does not clip."),
    Plain<kTraining, &TrainingOptions::clip_warmup>(
        "training.clip_warmup", kUnbounded, "",
        "Up to its end the bound is `training.clip_norm` x `training.clip_warmup_factor`.", kClipping),
    Plain<kTraining, &TrainingOptions::clip_warmup_factor>("training.clip_warmup_factor", From(0, 1e9), "",
                                                           "Factor of the bound.", kClipWarmup),
    Plain<kTraining, &TrainingOptions::clip_value>(
        "training.clip_value", From(0, 1e9), "",
        "Bound of each element of the gradient, after `training.clip_norm`; 0 does not clip."),
    Choice<kTraining, &TrainingOptions::on_non_finite, kOnNonFinite>(
        "training.on_non_finite",
        "A gradient that is not finite: `skip` leaves the update out, and ends the run as diverged after 20 "
        "in "
        "a row; `stop` ends it at once."),
    Plain<kTraining, &TrainingOptions::z_loss>(
        "training.z_loss", From(0, 1), "",
        "Weight of the mean squared log-sum-exp of the logits, added to what is trained, not to `loss`."),
    Choice<kTraining, &TrainingOptions::precision, kPrecisions>(
        "training.precision",
        "`bf16` computes by autocast over fp32 master weights; under `pure_bf16` weights, gradients and "
        "optimizer state are bf16, too."),
    Choice<kTraining, &TrainingOptions::softmax_precision, kSoftmaxPrecisions>(
        "training.softmax_precision",
        "Of attention and loss. `bf16` is a known mistake, to show what it does: seen at validation as well.",
        kInBf16),
    Plain<kTraining, &TrainingOptions::tf32>("training.tf32", kUnbounded, "",
                                             "Products of fp32 take TF32 on a GPU; nothing on a CPU."),
    Plain<kTraining, &TrainingOptions::recompute_every>(
        "training.recompute_every", From(0, 4096), "layers",
        "Every n-th layer recomputes its activations in the backward pass; 0 none, 1 all."),
    Plain<kTraining, &TrainingOptions::seed>("training.seed", From(0, kMostSeed), "",
                                             "Of initial weights and dropout, and of the order of the data "
                                             "where `data.seed` gives none."),

    Plain<kBudget, &BudgetSpec::steps>("budget.steps", From(0, kMostSteps), "steps",
                                       "Optimizer steps; give one budget, 0 is not given."),
    Plain<kBudget, &BudgetSpec::tokens>("budget.tokens", From(0, kMostTokens), "tokens",
                                        "Training tokens, rounded up to whole steps; 0 is not given."),
    Plain<kBudget, &BudgetSpec::flops>(
        "budget.flops", From(0, 1e36), "floating-point operations",
        "Work of training, counted as `optctl plan` does, rounded up to whole steps; 0 is not given."),
    Plain<kBudget, &BudgetSpec::seconds>("budget.seconds", From(0, 1e9), "seconds",
                                         "Time spent in steps, all attempts together; 0 is not given."),
    Plain<kBudget, &BudgetSpec::epochs>(
        "budget.epochs", From(0, 1e6), "epochs",
        "Passes over the training data, rounded up to whole steps; 0 is not given."),
    Plain<kBudget, &BudgetSpec::device_hours>(
        "budget.device_hours", From(0, 250'000), kDeviceHours,
        "Time spent in steps by all devices of a job together: `budget.seconds` is this / `resources.slots`; "
        "may be written `3h` or `30min`; 0 is not given."),

    Plain<kEvaluation, &EvaluationSpec::every_steps>(
        "evaluation.every_steps", From(0, kMostSteps), "steps",
        "Validates so often, and always at the end; 0 only then."),
    Plain<kEvaluation, &EvaluationSpec::batches>(
        "evaluation.batches", From(0, 1e9), "batches",
        "At most so many batches of a validation; 0 takes the whole validation part."),
    Plain<kEvaluation, &EvaluationSpec::log_spaced>("evaluation.log_spaced", From(0, 1000), "validations",
                                                    "Validates, besides, at so many steps in even ratios: at "
                                                    "steps x 10^x, x from -2.1 to 0, rounded down "
                                                    "to hundreds where that is not 0; 0 does not."),
    Field{"evaluation.final_batches", FieldType::kOwnInteger, From(0, 1e9), Names(), "batches",
          "At most so many batches of the last validation; 0 takes the whole validation part; inherit takes "
          "`evaluation.batches`.",
          &GetFinalBatches, &SetFinalBatches, Use{},
          &SameMember<kEvaluation, &EvaluationSpec::final_batches>},
    Choice<kEvaluation, &EvaluationSpec::metrics, kMetrics>(
        "evaluation.metrics",
        "`standard` records val_loss, val_perplexity and val_bits_per_byte; `all` next-token accuracy and "
        "the "
        "perplexities of other definitions, too."),

    Plain<kCheckpoint, &CheckpointSpec::every_steps>(
        "checkpoint.every_steps", From(0, kMostSteps), "steps",
        "Writes a checkpoint so often; 0 only when asked to stop."),
    Plain<kCheckpoint, &CheckpointSpec::keep>("checkpoint.keep", From(1, 1000), "checkpoints",
                                              "Newest checkpoints that are kept."),
    Plain<kCheckpoint, &CheckpointSpec::keep_every_steps>(
        "checkpoint.keep_every_steps", From(0, kMostSteps), "steps",
        "Writes a checkpoint so often, too, and keeps it for good; 0 keeps none."),
    Plain<kCheckpoint, &CheckpointSpec::keep_best>(
        "checkpoint.keep_best", From(0, 1000), "checkpoints",
        "Kept for good: those with the least `val_loss`, written at the validations that find it; 0 none."),
    Plain<kCheckpoint, &CheckpointSpec::at_end>(
        "checkpoint.at_end", kUnbounded, "", "Writes a checkpoint of the last step and keeps it for good."),
};

}  // namespace

std::span<const Field> RunFields() { return kFields; }

}  // namespace optfleet::spec
