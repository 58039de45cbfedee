// How long a shape takes on a device, from shapes that were timed there.
//
// The model of a step's cost is a sum: seconds = sum over spec/step_work.h's terms of work x seconds per
// unit, none of them negative. The seconds per unit are fitted by least squares of the relative errors, held
// towards those of a usual device of the kind times one factor, so that a single timed shape gives a fit, and
// many decide all but what they say nothing about. What the sum leaves over for the timed shapes that are
// most alike (another rule, another kernel) is then taken over, less the further they are. Pure; a fitted
// model is constant.
#pragma once

#include <optional>
#include <vector>

#include "spec/step_work.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

struct TimedShape {
  TrainingSpec shape;  // of StepShape
  Work work;
  double seconds = 0;  // above 0; what is timed more than once stands here as its median
  double weight = 1;   // how many were timed
};

class SpeedModel {
 public:
  // nullopt without a timed shape. `usual`: seconds per unit of each term on a usual device, all above 0.
  // Cost: the number of shapes times some thousand additions.
  static std::optional<SpeedModel> Fit(std::vector<TimedShape> timed, const Work& usual);

  double Seconds(const TrainingSpec& shape, const Work& work) const;
  // Seconds of each timed shape by the others alone over those that were measured, as the median of the
  // factor (1.1: off by 10 % up or down); nullopt with fewer than three. At most 60 of them are left out in
  // turn.
  std::optional<double> MedianFactorOff() const;

  const Work& seconds_per_unit() const { return rates_; }
  size_t shapes() const { return timed_.size(); }

 private:
  SpeedModel(std::vector<TimedShape> timed, const Work& usual);
  double Correction(const TrainingSpec& shape) const;

  std::vector<TimedShape> timed_;
  Work usual_;
  Work rates_;                     // seconds per unit
  std::vector<double> left_over_;  // log of seconds over the sum, of each timed shape
};

// Seconds per unit of one core of a server's CPU, and of a GPU: orders of magnitude, which the fit moves.
const Work& UsualSpeed(bool on_gpu);

}  // namespace optfleet::spec
