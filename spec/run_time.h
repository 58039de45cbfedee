// How long a run will take on a kind of device, from runs that ended there: what `optctl plan` shows.
//
// A run's time is steps x seconds of a step, validations, checkpoints, and what else its slot is taken for
// (the process starts, data is read, the first step is slower, the end is reported). A step's seconds are
// those that an equal shape took (spec/step_shape.h), else the model's (spec/speed_model.h). Pure; a RunTimes
// is constant.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "spec/speed_model.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

// A run that succeeded, in one attempt or more.
struct MeasuredRun {
  TrainingSpec spec;         // resolved
  int64_t steps = 0;         // above 0
  double train_seconds = 0;  // spent in all of them
  // The next three of a run in one attempt only; nothing where that is not known.
  std::optional<double> validation_seconds;  // spent in all of them
  std::optional<double> checkpoint_seconds;
  std::optional<double> held_seconds;  // its slots were taken for
};

enum class TimeSource {
  kNone,      // nothing is known
  kMeasured,  // runs of an equal shape
  kScaled,    // other shapes, by the model
  kGiven      // tokens per second that somebody gave
};
std::string_view NameOf(TimeSource source);  // "measured"

struct RunTime {
  TimeSource source = TimeSource::kNone;
  double train_seconds = 0;
  double validation_seconds = 0;  // all of them
  double checkpoint_seconds = 0;
  double other_seconds = 0;
  bool validation_is_known = true;  // else it is not counted: how much the data holds was never seen
  double total() const { return train_seconds + validation_seconds + checkpoint_seconds + other_seconds; }
};

class RunTimes {
 public:
  RunTimes() = default;
  // Runs on one kind of device, in any order. Those that make no sense are left out.
  RunTimes(std::vector<MeasuredRun> runs, bool on_gpu);

  bool empty() const { return runs_ == 0; }
  size_t runs() const { return runs_; }
  size_t shapes() const { return shapes_.size(); }
  // SpeedModel::MedianFactorOff of the model of steps.
  std::optional<double> MedianFactorOff() const;

  // The spec is resolved. kNone without a timed run, or where the budget's steps are not known.
  RunTime Of(const TrainingSpec& spec) const;

 private:
  struct Shape {
    TrainingSpec shape;
    double step_seconds = 0;  // medians
    std::optional<double> sequence_seconds;
    size_t runs = 0;
  };
  // How much the whole validation part of some data holds, which the spec does not say: seconds to go through
  // it over the model's for a sequence.
  struct WholePart {
    DataSpec data;
    double sequences = 0;
  };

  const SpeedModel& forward() const;
  double SequenceByModel(const TrainingSpec& spec) const;  // to validate one
  const Shape* Find(const TrainingSpec& shape) const;
  double StepSeconds(const TrainingSpec& spec, const TrainingSpec& shape, TimeSource* source) const;
  std::optional<double> ValidationSeconds(const TrainingSpec& spec, const TrainingSpec& shape,
                                          int64_t batches) const;

  bool on_gpu_ = false;
  size_t runs_ = 0;
  std::vector<Shape> shapes_;
  std::vector<WholePart> whole_parts_;
  std::optional<SpeedModel> steps_, validations_;
  double checkpoint_seconds_per_byte_ = 0;
  double other_seconds_ = 0;
};

// Validations of a run: between its steps, and the last one. `steps` in the place of the budget's where that
// ends by time.
struct Validations {
  int64_t between = 0;
  int64_t last = 0;
};
Validations CountValidations(const TrainingSpec& spec, int64_t steps);
// Checkpoints that it writes by itself.
int64_t CountCheckpoints(const TrainingSpec& spec, int64_t steps);

}  // namespace optfleet::spec
