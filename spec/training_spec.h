// The spec: everything that decides what one training run computes. A plain value; two runs with equal specs,
// equal data and the same numerics version train to the same numbers.
//
// Keys, types, defaults, ranges, units and one-line docs stand in one table (spec/fields.h), which also
// validates, documents and fills defaults; this struct only holds the values. A spec is *resolved* when every
// value that follows from others (marked "0: ...") has been filled in; jobs hold resolved specs only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spec/diagnostics_spec.h"
#include "spec/length.h"
#include "spec/model_spec.h"
#include "spec/optimizer_spec.h"
#include "spec/weights_spec.h"

namespace optfleet::spec {

enum class ScheduleKind {
  kConstant,
  kCosine,
  kLinear,
  kOneCycle,
  kInverseSqrt,
  kMaxCosineInverseSqrt,
  kWarmupStableDecay,
  kWarmRestarts,
  kStages
};
enum class DecayShape { kLinear, kCosine, kExponential, kMirrorCosine, kSquare, kSqrt };
// bf16: autocast over fp32 master weights. pure_bf16: weights, gradients and optimizer state are bf16, too.
enum class Precision { kFp32, kBf16, kPureBf16 };
enum class SoftmaxPrecision { kFp32, kBf16 };
enum class OnNonFinite { kSkip, kStop };
enum class ValidationMetrics { kStandard, kAll };

// Formulas: spec/schedule.h.
struct ScheduleSpec {
  ScheduleKind name = ScheduleKind::kCosine;
  Length warmup = {};             // the rise to the peak, which is reached at its end
  double start_ratio = 0;         // the rise begins at learning_rate x start_ratio
  double final_ratio = 0.1;       // the fall ends at learning_rate x final_ratio
  Length horizon = Percent(100);  // from the start of the run to the end of the fall
  DecayShape shape = DecayShape::kLinear;
  Length decay = Percent(20);  // warmup_stable_decay: the last part of the horizon
  Length cycle = Percent(25);  // warm_restarts: the first cycle
  int64_t cycle_factor = 1;    // warm_restarts: each cycle over the one before
  std::string stages = {};     // spec/stages.h
  Length freeze = {};          // no learning before its end; the whole curve is shifted by it
  Length rewarm_start = {};    // no learning before; then linear up to the curve at rewarm_end
  Length rewarm_end = {};      // 0: no second warm-up
  friend bool operator==(const ScheduleSpec&, const ScheduleSpec&) = default;
};

// What a data file holds; auto: found by its content (docs/data.md).
enum class DataFormat { kAuto, kText, kTokens, kNanoGpt, kLlmC, kNpy };
enum class DataOrder { kShuffled, kSequential, kRandomWindows };

struct DataSpec {
  std::string path;
  DataFormat format = DataFormat::kAuto;  // of both files
  int64_t token_bytes = 2;                // 2 or 4: of a token where the file does not say
  std::string validation_path;            // empty: a share of `path` validates
  int64_t sequence_length = 128;          // tokens of one training sequence
  double validation_share = 0.1;          // the last share of the file validates, the rest trains
  DataOrder order = DataOrder::kShuffled;
  Length length_warmup = {};         // up to its end sequences are shorter: spec/length_warmup.h
  int64_t length_start = 0;          // tokens of the first sequences; 0: an eighth of sequence_length
  std::optional<int64_t> seed = {};  // of the order; nothing: training.seed
  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

struct TrainingOptions {
  int64_t batch_size = 16;  // sequences of one optimizer step
  int64_t micro_batch = 0;  // sequences of one forward pass, divides batch_size; 0: batch_size
  double clip_norm = 1.0;   // global 2-norm of the gradient; 0: no clipping
  Length clip_warmup = {};  // up to its end the bound is clip_norm x clip_warmup_factor
  double clip_warmup_factor = 10;
  double clip_value = 0;  // each element of the gradient is bounded to [-clip_value, clip_value]; 0: not
  OnNonFinite on_non_finite = OnNonFinite::kSkip;
  double z_loss = 0;  // weight of the mean squared log of the softmax's denominator; no part of `loss`
  Precision precision = Precision::kFp32;
  SoftmaxPrecision softmax_precision = SoftmaxPrecision::kFp32;  // of attention and loss
  bool tf32 = false;                                             // products of fp32 on a GPU
  int64_t recompute_every = 0;  // activation checkpointing of every n-th layer; 0: none, 1: all
  int64_t seed = 0;
  friend bool operator==(const TrainingOptions&, const TrainingOptions&) = default;
};

// Exactly one of the six is given. Resolving turns tokens and flops into steps, and fills tokens. A budget of
// seconds stays, with no steps and no tokens, and so does one of epochs, up to where the data is known
// (spec/epochs.h); device hours become seconds.
struct BudgetSpec {
  int64_t steps = 0;
  int64_t tokens = 0;       // rounded up to whole steps
  double flops = 0;         // spec/parameters.h FlopsPerToken; rounded up to whole steps; 0 when resolved
  double seconds = 0;       // spent in steps, all attempts together; ends with the step that uses them up
  double epochs = 0;        // passes over the training data; rounded up to whole steps
  double device_hours = 0;  // time in steps of all devices together; 0 when resolved
  friend bool operator==(const BudgetSpec&, const BudgetSpec&) = default;
};

struct EvaluationSpec {
  int64_t every_steps = 0;  // 0: only at the end
  int64_t log_spaced = 0;   // besides, at so many steps in even ratios; spec/evaluation_steps.h
  int64_t batches = 0;      // at most so many batches of batch_size sequences; 0: the whole validation part
  std::optional<int64_t> final_batches = {};  // of the last validation; nothing: as batches
  ValidationMetrics metrics = ValidationMetrics::kStandard;
  friend bool operator==(const EvaluationSpec&, const EvaluationSpec&) = default;
};

struct CheckpointSpec {
  int64_t every_steps = 0;       // 0: only when asked to stop
  int64_t keep = 2;              // newest ones
  int64_t keep_every_steps = 0;  // written so often and kept for good; 0: none
  int64_t keep_best = 0;         // of the steps that were validated, those with the least val_loss
  bool at_end = false;           // one of the last step, kept for good
  friend bool operator==(const CheckpointSpec&, const CheckpointSpec&) = default;
};

struct TrainingSpec {
  ModelSpec model;
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  DataSpec data;
  TrainingOptions training;
  BudgetSpec budget;
  EvaluationSpec evaluation;
  CheckpointSpec checkpoint;
  StartSpec start;
  AveragingSpec averaging;
  DiagnosticsSpec diagnostics;
  // Of the order of the data.
  int64_t order_seed() const { return data.seed.value_or(training.seed); }
  friend bool operator==(const TrainingSpec&, const TrainingSpec&) = default;
};

}  // namespace optfleet::spec
