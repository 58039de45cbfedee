#include "spec/run_time.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/median.h"
#include "spec/evaluation_steps.h"
#include "spec/parameters.h"
#include "spec/step_shape.h"

namespace optfleet::spec {
namespace {

double Real(int64_t value) { return static_cast<double>(value); }

double MedianOrZero(std::vector<double> values) { return values.empty() ? 0 : Median(std::move(values)); }

int64_t LastBatches(const TrainingSpec& spec) {
  return spec.evaluation.final_batches.value_or(spec.evaluation.batches);
}

// What a run with checkpoints writes each time.
double CheckpointBytes(const TrainingSpec& spec) {
  const StateBytes state = BytesOfState(spec);
  return Real(state.total() - state.gradients);
}

bool MakesSense(const MeasuredRun& run) {
  return run.steps > 0 && run.train_seconds > 0 && std::isfinite(run.train_seconds) &&
         run.spec.training.micro_batch > 0;
}

// The same part of the same file, cut into the same sequences.
bool SameWholePart(const DataSpec& a, const DataSpec& b) {
  return a.path == b.path && a.validation_path == b.validation_path && a.format == b.format &&
         a.token_bytes == b.token_bytes && a.validation_share == b.validation_share &&
         a.sequence_length == b.sequence_length;
}

// Sequences of all validations of a run; 0 where some go through a whole part, whose size the spec does not
// say.
double ValidatedSequences(const TrainingSpec& spec, int64_t steps) {
  const Validations counts = CountValidations(spec, steps);
  const int64_t between = spec.evaluation.batches, last = LastBatches(spec);
  if (last == 0 || (counts.between > 0 && between == 0)) return 0;
  return Real((counts.between * between + counts.last * last) * spec.training.batch_size);
}

// How often all validations of a run go through a whole part; 0 where some do not.
double WholeValidations(const TrainingSpec& spec, int64_t steps) {
  const Validations counts = CountValidations(spec, steps);
  if (LastBatches(spec) > 0 || (counts.between > 0 && spec.evaluation.batches > 0)) return 0;
  return Real(counts.between + counts.last);
}

// Runs of one shape.
struct Timed {
  TrainingSpec shape;
  const MeasuredRun* first;
  std::vector<double> step_seconds, sequence_seconds;
};

std::vector<Timed> ByShape(const std::vector<MeasuredRun>& runs) {
  std::vector<Timed> timed;
  for (const MeasuredRun& run : runs) {
    const TrainingSpec shape = StepShape(run.spec);
    auto found =
        std::find_if(timed.begin(), timed.end(), [&](const Timed& one) { return one.shape == shape; });
    if (found == timed.end()) found = timed.insert(timed.end(), {shape, &run, {}, {}});
    found->step_seconds.push_back(run.train_seconds / Real(run.steps));
    const double sequences = ValidatedSequences(run.spec, run.steps);
    if (run.validation_seconds.value_or(0) > 0 && sequences > 0)
      found->sequence_seconds.push_back(*run.validation_seconds / sequences);
  }
  return timed;
}

// What slots were taken for beside steps, validations and checkpoints.
std::vector<double> OtherSeconds(const std::vector<MeasuredRun>& runs) {
  std::vector<double> others;
  for (const MeasuredRun& run : runs) {
    const double counted =
        run.train_seconds + run.validation_seconds.value_or(0) + run.checkpoint_seconds.value_or(0);
    if (run.held_seconds) others.push_back(std::max(0.0, *run.held_seconds - counted));
  }
  return others;
}

std::vector<double> CheckpointSecondsPerByte(const std::vector<MeasuredRun>& runs) {
  std::vector<double> per_byte;
  for (const MeasuredRun& run : runs) {
    const int64_t written = CountCheckpoints(run.spec, run.steps);
    if (written > 0 && run.checkpoint_seconds.value_or(0) > 0)
      per_byte.push_back(*run.checkpoint_seconds / (Real(written) * CheckpointBytes(run.spec)));
  }
  return per_byte;
}

}  // namespace

std::string_view NameOf(TimeSource source) {
  constexpr std::string_view kNames[] = {"unknown", "measured", "scaled", "given"};
  return kNames[static_cast<size_t>(source)];
}

Validations CountValidations(const TrainingSpec& spec, int64_t steps) {
  Validations counts{0, 1};
  const EvaluationSpec& evaluation = spec.evaluation;
  if (evaluation.every_steps > 0) counts.between = std::max<int64_t>(0, (steps - 1) / evaluation.every_steps);
  if (evaluation.log_spaced > 0)
    for (const int64_t step : LogSpacedSteps(evaluation.log_spaced, steps))
      counts.between +=
          step < steps && (evaluation.every_steps == 0 || step % evaluation.every_steps != 0) ? 1 : 0;
  return counts;
}

int64_t CountCheckpoints(const TrainingSpec& spec, int64_t steps) {
  const CheckpointSpec& checkpoint = spec.checkpoint;
  int64_t count = 0;
  if (checkpoint.every_steps > 0) count += steps / checkpoint.every_steps;
  if (checkpoint.keep_every_steps > 0 && checkpoint.keep_every_steps != checkpoint.every_steps)
    count += steps / checkpoint.keep_every_steps;
  // Of the best ones every validation may write one; most of a good run do.
  if (checkpoint.keep_best > 0) count += CountValidations(spec, steps).between + 1;
  const bool at_last = checkpoint.every_steps > 0 && steps % checkpoint.every_steps == 0;
  if (checkpoint.at_end && !at_last && checkpoint.keep_best == 0) ++count;
  return count;
}

RunTimes::RunTimes(std::vector<MeasuredRun> runs, bool on_gpu) : on_gpu_(on_gpu) {
  std::erase_if(runs, [](const MeasuredRun& run) { return !MakesSense(run); });
  runs_ = runs.size();
  other_seconds_ = MedianOrZero(OtherSeconds(runs));
  checkpoint_seconds_per_byte_ = MedianOrZero(CheckpointSecondsPerByte(runs));
  std::vector<TimedShape> steps, validations;
  for (Timed& timed : ByShape(runs)) {
    const TrainingSpec& spec = timed.first->spec;
    Shape shape{timed.shape, Median(timed.step_seconds), std::nullopt, timed.step_seconds.size()};
    steps.push_back({shape.shape, WorkOfStep(spec, on_gpu), shape.step_seconds, Real(shape.runs)});
    if (!timed.sequence_seconds.empty()) {
      shape.sequence_seconds = Median(timed.sequence_seconds);
      const double batches = Real(std::max<int64_t>(1, LastBatches(spec)));
      validations.push_back({shape.shape, WorkOfValidation(spec, batches, on_gpu),
                             *shape.sequence_seconds * batches * Real(spec.training.batch_size),
                             Real(timed.sequence_seconds.size())});
    }
    shapes_.push_back(std::move(shape));
  }
  steps_ = SpeedModel::Fit(std::move(steps), UsualSpeed(on_gpu));
  validations_ = SpeedModel::Fit(std::move(validations), UsualSpeed(on_gpu));
  for (const MeasuredRun& run : runs) {
    const double times = WholeValidations(run.spec, run.steps);
    if (run.validation_seconds.value_or(0) <= 0 || times == 0) continue;
    whole_parts_.push_back({run.spec.data, *run.validation_seconds / times / SequenceByModel(run.spec)});
  }
}

// Without a timed validation a forward pass is a third of what the model of steps says of all three.
const SpeedModel& RunTimes::forward() const { return validations_ ? *validations_ : *steps_; }

double RunTimes::SequenceByModel(const TrainingSpec& spec) const {
  return forward().Seconds(StepShape(spec), WorkOfValidation(spec, 1, on_gpu_)) /
         Real(spec.training.batch_size);
}

std::optional<double> RunTimes::MedianFactorOff() const {
  return steps_ ? steps_->MedianFactorOff() : std::nullopt;
}

const RunTimes::Shape* RunTimes::Find(const TrainingSpec& shape) const {
  const auto found =
      std::find_if(shapes_.begin(), shapes_.end(), [&](const Shape& one) { return one.shape == shape; });
  return found == shapes_.end() ? nullptr : &*found;
}

double RunTimes::StepSeconds(const TrainingSpec& spec, const TrainingSpec& shape, TimeSource* source) const {
  if (const Shape* equal = Find(shape)) {
    *source = TimeSource::kMeasured;
    return equal->step_seconds;
  }
  *source = TimeSource::kScaled;
  return steps_->Seconds(shape, WorkOfStep(spec, on_gpu_));
}

// Of one validation. `batches` 0: the whole part.
std::optional<double> RunTimes::ValidationSeconds(const TrainingSpec& spec, const TrainingSpec& shape,
                                                  int64_t batches) const {
  const double sequences = Real(batches * spec.training.batch_size);
  if (batches > 0) {
    const Shape* equal = Find(shape);
    if (equal != nullptr && equal->sequence_seconds) return *equal->sequence_seconds * sequences;
    return forward().Seconds(shape, WorkOfValidation(spec, Real(batches), on_gpu_));
  }
  std::vector<double> whole;
  for (const WholePart& part : whole_parts_)
    if (SameWholePart(part.data, spec.data)) whole.push_back(part.sequences);
  if (whole.empty()) return std::nullopt;
  return Median(std::move(whole)) * SequenceByModel(spec);
}

RunTime RunTimes::Of(const TrainingSpec& spec) const {
  RunTime time;
  // A run of epochs has steps once somebody has looked at its data.
  if (empty() || (spec.budget.steps <= 0 && spec.budget.seconds <= 0)) return time;
  const TrainingSpec shape = StepShape(spec);
  const double step = StepSeconds(spec, shape, &time.source);
  int64_t steps = spec.budget.steps;
  time.train_seconds = step * Real(steps);
  if (spec.budget.seconds > 0) {
    time.train_seconds = spec.budget.seconds;
    steps = static_cast<int64_t>(spec.budget.seconds / step) + 1;
  }
  const Validations counts = CountValidations(spec, steps);
  for (const auto& [count, batches] :
       {std::pair(counts.between, spec.evaluation.batches), std::pair(counts.last, LastBatches(spec))}) {
    if (count == 0) continue;
    const auto seconds = ValidationSeconds(spec, shape, batches);
    time.validation_is_known &= seconds.has_value();
    time.validation_seconds += Real(count) * seconds.value_or(0);
  }
  time.checkpoint_seconds =
      Real(CountCheckpoints(spec, steps)) * CheckpointBytes(spec) * checkpoint_seconds_per_byte_;
  time.other_seconds = other_seconds_;
  return time;
}

}  // namespace optfleet::spec
