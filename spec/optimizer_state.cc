#include "spec/optimizer_state.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

using Shape = std::vector<int64_t>;

// Adam's and Lion's states in 8 bits: codes and the scales of their blocks.
void AddQuantised(std::string_view codes, std::string_view scales, const OptimizerSpec& options,
                  const Parameter& parameter, std::vector<StateTensor>* state) {
  const int64_t blocks = (parameter.count() + options.block_size - 1) / options.block_size;
  state->push_back({codes, StateType::kUint8, parameter.shape});
  state->push_back({scales, StateType::kFp32, {blocks}});
}

// The second moments of rows and columns; one of the whole where there are none.
void AddFactors(bool columns, const Parameter& parameter, std::vector<StateTensor>* state) {
  if (parameter.shape.size() < 2) {
    state->push_back({"second_moment", StateType::kFp32, {}});
    return;
  }
  const int64_t rows = parameter.shape.front();
  state->push_back({"row_moment", StateType::kFp32, {rows}});
  if (columns) state->push_back({"column_moment", StateType::kFp32, {parameter.count() / rows}});
}

// SOAP's averages of the products of the gradient with itself, and their bases, of each side that is not too
// long.
void AddBases(const OptimizerSpec& options, const Parameter& parameter, std::vector<StateTensor>* state) {
  if (parameter.shape.size() != 2) return;
  constexpr std::string_view kProducts[] = {"left_product", "right_product"};
  constexpr std::string_view kBases[] = {"left_basis", "right_basis"};
  for (size_t side = 0; side < 2; ++side) {
    const int64_t length = parameter.shape[side];
    if (length > options.max_precondition_dim) continue;
    state->push_back({kProducts[side], StateType::kFp32, {length, length}});
    state->push_back({kBases[side], StateType::kFp32, {length, length}});
  }
}

Shape MomentsOfLayer(const OptimizerSpec& options, const Parameter& parameter) {
  return options.split_qkv && IsFusedProjection(parameter) ? Shape{3} : Shape{};
}

}  // namespace

OptimizerKind OptimizerSpec::KindOf(ParameterGroup group) const {
  const GroupSpec& own = Of(group);
  if (own.name) return *own.name;
  const bool linear = group == ParameterGroup::kAttention || group == ParameterGroup::kMlp;
  return name == OptimizerKind::kMuon && !linear ? OptimizerKind::kAdamW : name;
}

double SlowDecayAt(const OptimizerSpec& optimizer, double share) {
  if (share >= 1 || optimizer.beta1 == 0 || optimizer.beta3 == 0) return optimizer.beta3;
  const double fast = std::log(optimizer.beta1), slow = std::log(optimizer.beta3);
  return std::min(optimizer.beta3, std::exp(fast * slow / ((1 - share) * slow + share * fast)));
}

DecayForm DecayFormOf(OptimizerKind kind, DecayForm form) {
  if (form != DecayForm::kAuto) return form;
  switch (kind) {
    case OptimizerKind::kSgd:
    case OptimizerKind::kAdam:
    case OptimizerKind::kAdam8bit:
    case OptimizerKind::kScheduleFreeSgd:
    case OptimizerKind::kScheduleFreeAdamW:
      return DecayForm::kCoupled;
    default:
      return DecayForm::kDecoupled;
  }
}

int64_t StateTensor::bytes() const {
  int64_t bytes = type == StateType::kUint8 ? 1 : type == StateType::kBf16 ? 2 : 4;
  for (const int64_t extent : shape) bytes *= extent;
  return bytes;
}

bool IsFusedProjection(const Parameter& parameter) {
  return parameter.name.ends_with("attention.qkv.weight") && parameter.shape.front() % 3 == 0;
}

std::vector<StateTensor> StateOf(OptimizerKind kind, const OptimizerSpec& options,
                                 const Parameter& parameter) {
  const Shape& whole = parameter.shape;
  const StateTensor first{"first_moment", StateType::kFp32, whole};
  const StateTensor second{"second_moment", StateType::kFp32, whole};
  std::vector<StateTensor> state;
  switch (kind) {
    case OptimizerKind::kNone:
      return {};
    case OptimizerKind::kSgd:
      if (options.momentum == 0) return {};
      return {{"momentum", StateType::kFp32, whole}};
    case OptimizerKind::kEmaSgd:
      return {{"momentum", StateType::kFp32, whole}};
    case OptimizerKind::kAdam:
    case OptimizerKind::kAdamW:
      return {first, second};
    case OptimizerKind::kLion:
    case OptimizerKind::kSignum:
      return {first};
    case OptimizerKind::kAdEmaMix:
      return {first, second, {"slow_moment", StateType::kFp32, whole}};
    case OptimizerKind::kScheduleFreeSgd:
      return {{"base", StateType::kFp32, whole, /*begins_as_weight=*/true}};
    case OptimizerKind::kScheduleFreeAdamW:
      return {{"base", StateType::kFp32, whole, /*begins_as_weight=*/true}, second};
    case OptimizerKind::kAdafactor:
      if (whole.size() < 2) return {second};
      AddFactors(/*columns=*/true, parameter, &state);
      return state;
    case OptimizerKind::kAdafactorMomentum:
      state = {first};
      AddFactors(!options.rows_only, parameter, &state);
      return state;
    case OptimizerKind::kAdalayer:
      return {first, {"second_moment", StateType::kFp32, MomentsOfLayer(options, parameter)}};
    case OptimizerKind::kAdalayerFrozen:
    case OptimizerKind::kAdalayerPrimed:
      if (parameter.group == ParameterGroup::kOutput && whole.size() >= 2)
        return {first, {"row_moment", StateType::kFp32, {whole.front()}}};
      return {first, {"second_moment", StateType::kFp32, MomentsOfLayer(options, parameter)}};
    case OptimizerKind::kAdalayerRows:
      state = {first};
      AddFactors(/*columns=*/false, parameter, &state);
      return state;
    case OptimizerKind::kAdam8bit:
    case OptimizerKind::kAdamW8bit:
      if (parameter.count() < options.min_8bit_size) return {first, second};
      AddQuantised("first_codes", "first_scales", options, parameter, &state);
      AddQuantised("second_codes", "second_scales", options, parameter, &state);
      return state;
    case OptimizerKind::kLion8bit:
      if (parameter.count() < options.min_8bit_size) return {first};
      AddQuantised("first_codes", "first_scales", options, parameter, &state);
      return state;
    case OptimizerKind::kMuon:
      return {{"momentum", StateType::kFp32, whole}};
    case OptimizerKind::kSoap:
      state = {first, second};
      AddBases(options, parameter, &state);
      return state;
    case OptimizerKind::kSophia:
      return {first, {"hessian", StateType::kFp32, whole}};
  }
  return {};
}

std::vector<StateTensor> StateOf(OptimizerKind kind, const TrainingSpec& spec, const Parameter& parameter) {
  std::vector<StateTensor> state = StateOf(kind, spec.optimizer, parameter);
  if (spec.training.precision != Precision::kPureBf16) return state;
  for (StateTensor& tensor : state)
    if (tensor.type == StateType::kFp32) tensor.type = StateType::kBf16;
  return state;
}

}  // namespace optfleet::spec
