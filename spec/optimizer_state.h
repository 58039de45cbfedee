// What an update rule keeps between steps, tensor by tensor. The trainer allocates exactly these; checkpoints
// hold them as "<name>.<parameter>". Pure; usable from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "spec/parameters.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

enum class StateType { kFp32, kBf16, kUint8 };

struct StateTensor {
  std::string_view name;  // "first_moment"; part of the checkpoint format
  StateType type = StateType::kFp32;
  std::vector<int64_t> shape;
  bool begins_as_weight = false;  // else with zeros

  int64_t bytes() const;
};

// Of a parameter that is updated by this rule. Bytes per element, for matrices of some size:
//   none, sgd without momentum 0 - sgd, ema_sgd, lion, signum, schedule_free_sgd 4 - adam, adamw,
//   schedule_free_adamw 8 - ademamix 12 - adafactor about 0 - adafactor_momentum, adalayer, adalayer_rows
//   about 4 - adam_8bit, adamw_8bit 2 + 8 / block_size - lion_8bit 1 + 4 / block_size - muon 4 - sophia 8 -
//   adalayer_frozen, adalayer_primed about 4 - soap 8 + 8 (rows / columns + columns / rows)
std::vector<StateTensor> StateOf(OptimizerKind kind, const OptimizerSpec& options,
                                 const Parameter& parameter);

// The same of a run in this precision: under pure_bf16 what is fp32 above is bf16.
std::vector<StateTensor> StateOf(OptimizerKind kind, const TrainingSpec& spec, const Parameter& parameter);

// Whether the parameter is a projection to queries, keys and values in one, whose rows fall into three parts.
bool IsFusedProjection(const Parameter& parameter);

}  // namespace optfleet::spec
