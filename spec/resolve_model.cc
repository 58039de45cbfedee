#include <algorithm>
#include <cmath>

#include "common/text.h"
#include "spec/model_size.h"
#include "spec/parameters.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

std::string ShownSize(const ModelSpec& model) {
  return model.block_parameters > 0 ? Show("model.block_parameters", model.block_parameters)
                                    : Show("model.from_flops", FormatNumber(model.from_flops));
}

bool HasBudget(const BudgetSpec& budget) {
  return budget.steps != 0 || budget.tokens != 0 || budget.flops != 0 || budget.seconds != 0;
}

// The width or the layers that a size asks for, and the tokens that a compute budget leaves for this size.
void ApplySize(TrainingSpec* spec, std::vector<Problem>* problems) {
  ModelSpec& model = spec->model;
  if (model.block_parameters == 0 && model.from_flops == 0) return;
  if (model.block_parameters > 0 && model.from_flops > 0) {
    problems->push_back({"one_size",
                         {"model.from_flops", "model.block_parameters"},
                         "`model.block_parameters` and `model.from_flops` are both given",
                         "keep one; 0 takes back a value given elsewhere"});
    model.block_parameters = 0;
  }
  const double flops = model.from_flops;
  const auto sized = Sized(model);
  if (!sized.has_value()) {
    problems->push_back({"size_is_reached",
                         {"model.block_parameters", "model.from_flops", "model.layers", "model.width"},
                         ShownSize(model) + " is far from every size that the other keys of the model allow",
                         "change the size, or the keys that it does not decide"});
    model.block_parameters = 0;
    model.from_flops = 0;
    return;
  }
  model = *sized;
  if (flops == 0 || HasBudget(spec->budget)) return;
  ModelSpec whole = model;
  if (whole.head_width > 0) whole.heads = std::max<int64_t>(1, whole.width / whole.head_width);
  if (whole.mlp_width == 0) whole.mlp_width = 4 * whole.width;
  const double tokens = TokensOfFlops(flops, static_cast<double>(CountParameters(whole)));
  spec->budget.tokens = std::max<int64_t>(1, std::llround(std::min(tokens, 1e15)));
}

void ApplyHeadWidth(ModelSpec* model, std::vector<Problem>* problems) {
  if (model->head_width == 0) return;
  if (model->width % model->head_width != 0)
    problems->push_back({"head_width_divides_width",
                         {"model.head_width", "model.width"},
                         Show("model.width", model->width) + " is not a multiple of " +
                             Show("model.head_width", model->head_width),
                         "choose a head width that divides the width"});
  else
    model->heads = model->width / model->head_width;
  model->head_width = 0;
}

// What says the same as leaving it out is left out.
void LeaveOutChoices(ModelSpec* model) {
  if (model->kv_heads == model->heads) model->kv_heads = 0;
  const auto leave_out = [model](Choose ModelSpec::*choice, bool (ModelSpec::*outcome)() const) {
    ModelSpec without = *model;
    without.*choice = Choose::kAuto;
    if ((without.*outcome)() == (model->*outcome)()) model->*choice = Choose::kAuto;
  };
  leave_out(&ModelSpec::final_norm, &ModelSpec::has_final_norm);
  leave_out(&ModelSpec::norm_bias, &ModelSpec::has_norm_bias);
  leave_out(&ModelSpec::attention_bias, &ModelSpec::has_attention_bias);
  leave_out(&ModelSpec::mlp_bias, &ModelSpec::has_mlp_bias);
  leave_out(&ModelSpec::output_bias, &ModelSpec::has_output_bias);
}

void CheckHeads(const ModelSpec& model, std::vector<Problem>* problems) {
  if (model.heads % model.key_value_heads() != 0)
    problems->push_back(
        {"kv_heads_divide_heads",
         {"model.kv_heads", "model.heads"},
         Show("model.heads", model.heads) + " is not a multiple of " + Show("model.kv_heads", model.kv_heads),
         "choose a number of heads for keys and values that divides the heads"});
  if (model.width % model.heads != 0) {
    problems->push_back(
        {"heads_divide_width",
         {"model.heads", "model.width"},
         Show("model.width", model.width) + " is not a multiple of " + Show("model.heads", model.heads),
         "choose a number of heads that divides the width"});
    return;
  }
  if (model.position == PositionKind::kRotary && model.width_of_head() % 2 != 0)
    problems->push_back({"rotary_turns_pairs",
                         {"model.heads", "model.width", "model.position"},
                         "`model.position` rotary turns pairs of a head, but " +
                             Show("model.width", model.width) + " in " + Show("model.heads", model.heads) +
                             " makes heads of " + std::to_string(model.width_of_head()),
                         "choose heads of an even width"});
}

void CheckPositions(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const ModelSpec& model = spec.model;
  if (model.position == PositionKind::kSinusoidal && model.width % 2 != 0)
    problems->push_back(
        {"sinusoids_come_in_pairs",
         {"model.width", "model.position"},
         "`model.position` sinusoidal needs an even width, found " + Show("model.width", model.width),
         "choose an even width"});
  if (model.context < spec.data.sequence_length)
    problems->push_back({"context_covers_sequence",
                         {"model.context", "data.sequence_length"},
                         Show("model.context", model.context) + " is shorter than " +
                             Show("data.sequence_length", spec.data.sequence_length),
                         "raise the context, or leave it out to take the sequence length"});
}

void CheckResidual(const ModelSpec& model, std::vector<Problem>* problems) {
  if (model.residual == ResidualKind::kPlain || model.norm_placement == NormPlacement::kPre) return;
  problems->push_back({"weighted_residuals_are_pre_norm",
                       {"model.residual", "model.norm_placement"},
                       "`model.residual` weighted is defined for `model.norm_placement` pre only",
                       "use the placement pre, or plain residuals"});
}

// The fused kernels of attention have a softmax of their own.
void CheckSoftmax(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (!IsSdpa(spec.model.attention) || spec.training.softmax_precision == SoftmaxPrecision::kFp32) return;
  problems->push_back({"fused_softmax_is_fp32",
                       {"training.softmax_precision", "model.attention"},
                       "`training.softmax_precision` is bf16, but `model.attention` sdpa computes it in fp32",
                       "use the attention auto or manual"});
}

}  // namespace

void ResolveModel(TrainingSpec* spec, std::vector<Problem>* problems) {
  ModelSpec& model = spec->model;
  ApplySize(spec, problems);
  ApplyHeadWidth(&model, problems);
  if (model.mlp_width == 0) model.mlp_width = 4 * model.width;
  if (model.context == 0) model.context = spec->data.sequence_length;
  model.vocab_size += (model.vocab_multiple - model.vocab_size % model.vocab_multiple) % model.vocab_multiple;
  model.vocab_multiple = 1;
  LeaveOutChoices(&model);
}

void CheckModel(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const ModelSpec& model = spec.model;
  CheckHeads(model, problems);
  CheckPositions(spec, problems);
  CheckResidual(model, problems);
  CheckSoftmax(spec, problems);
  if (spec.training.recompute_every > model.layers)
    problems->push_back({"recompute_within_layers",
                         {"training.recompute_every", "model.layers"},
                         Show("training.recompute_every", spec.training.recompute_every) + " is more than " +
                             Show("model.layers", model.layers),
                         "use 0 for no recomputation, or at most the number of layers"});
}

}  // namespace optfleet::spec
