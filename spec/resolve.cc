#include "spec/resolve.h"

#include <algorithm>

#include "spec/fields.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kByteValues = 256;

void FillModelAndBatch(TrainingSpec* spec) {
  if (spec->model.mlp_width == 0) spec->model.mlp_width = 4 * spec->model.width;
  if (spec->model.context == 0) spec->model.context = spec->data.sequence_length;
  if (spec->training.micro_batch == 0) spec->training.micro_batch = spec->training.batch_size;
}

// In the order of the table, as a use may depend on keys further up.
void ResetUnused(TrainingSpec* spec) {
  static const TrainingSpec defaults;
  for (const Field& field : Fields())
    if (!IsUsed(field, *spec)) field.set(*spec, field.get(defaults));
  const int64_t steps = spec->budget.steps;
  EvaluationSpec& evaluation = spec->evaluation;
  if (steps > 0 && evaluation.every_steps >= steps) evaluation.every_steps = 0;
  if (evaluation.log_spaced == 1) evaluation.log_spaced = 0;  // the last step alone
  if (evaluation.final_batches == evaluation.batches) evaluation.final_batches.reset();
}

void CheckModel(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const ModelSpec& model = spec.model;
  if (model.width % model.heads != 0)
    problems->push_back(
        {"heads_divide_width",
         {"model.heads", "model.width"},
         Show("model.width", model.width) + " is not a multiple of " + Show("model.heads", model.heads),
         "choose a number of heads that divides the width"});
  if (model.context < spec.data.sequence_length)
    problems->push_back({"context_covers_sequence",
                         {"model.context", "data.sequence_length"},
                         Show("model.context", model.context) + " is shorter than " +
                             Show("data.sequence_length", spec.data.sequence_length),
                         "raise the context, or leave it out to take the sequence length"});
  if (model.vocab_size < kByteValues)
    problems->push_back({"vocabulary_holds_bytes",
                         {"model.vocab_size"},
                         Show("model.vocab_size", model.vocab_size) +
                             " is less than the 256 values of a byte, as which `data.path` is read",
                         "use 256 or more"});
  if (spec.training.recompute_every > model.layers)
    problems->push_back({"recompute_within_layers",
                         {"training.recompute_every", "model.layers"},
                         Show("training.recompute_every", spec.training.recompute_every) + " is more than " +
                             Show("model.layers", model.layers),
                         "use 0 for no recomputation, or at most the number of layers"});
}

// The fused kernel of attention has a softmax of its own.
void CheckPrecision(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const bool fused = spec.model.attention == Attention::kSdpa;
  if (!fused || spec.training.softmax_precision == SoftmaxPrecision::kFp32) return;
  problems->push_back({"fused_softmax_is_fp32",
                       {"training.softmax_precision", "model.attention"},
                       "`training.softmax_precision` is bf16, but `model.attention` sdpa computes it in fp32",
                       "use the attention auto or manual"});
}

void CheckEvaluation(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (spec.evaluation.log_spaced == 0 || spec.budget.seconds == 0) return;
  problems->push_back({"log_spaced_needs_steps",
                       {"evaluation.log_spaced", "budget.seconds"},
                       Show("evaluation.log_spaced", spec.evaluation.log_spaced) +
                           " spreads validations over the steps of the run, and a budget of `budget.seconds` "
                           "does not tell how many these are",
                       "validate by `evaluation.every_steps`, or give the budget in steps, tokens or FLOPs"});
}

void CheckBatch(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const TrainingOptions& training = spec.training;
  if (training.batch_size % training.micro_batch != 0)
    problems->push_back({"micro_batch_divides_batch",
                         {"training.micro_batch", "training.batch_size"},
                         Show("training.batch_size", training.batch_size) + " is not a multiple of " +
                             Show("training.micro_batch", training.micro_batch),
                         "choose a micro batch that divides the batch"});
  if (spec.data.path.empty())
    problems->push_back(
        {"data_is_given", {"data.path"}, "`data.path` is missing", "name the text file to train on"});
}

}  // namespace

std::vector<Problem> Resolve(TrainingSpec* spec) {
  std::vector<Problem> problems;
  FillModelAndBatch(spec);
  const bool has_end = ResolveBudget(spec, &problems);
  ResetUnused(spec);
  CheckModel(*spec, &problems);
  CheckBatch(*spec, &problems);
  CheckPrecision(*spec, &problems);
  CheckEvaluation(*spec, &problems);
  ResolveSchedule(has_end, spec, &problems);
  CheckOptimizer(*spec, &problems);
  return problems;
}

}  // namespace optfleet::spec
