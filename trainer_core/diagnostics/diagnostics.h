// The figures of a run that its spec's `diagnostics` asks for; docs/diagnostics.md says what each means. The
// trainer calls it at the stations of a step; where nothing is asked for there is none (a null pointer). It
// reads weights, gradients and activations and changes none. Owned by the training thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "trainer_core/diagnostics/activations.h"
#include "trainer_core/diagnostics/kind.h"
#include "trainer_core/diagnostics/microbatches.h"
#include "trainer_core/diagnostics/phase_clock.h"
#include "trainer_core/metrics/recorder.h"

namespace optfleet::trainer {

class Diagnostics {
 public:
  // Null if the spec asks for nothing. `device_name` is what the driver calls the device.
  static std::unique_ptr<Diagnostics> Create(const spec::TrainingSpec& spec, at::Device device,
                                             std::string_view device_name, PhaseClock::Now now);

  // The stations of a step, in this order.
  void BeginStep(int64_t step);
  void Enter(Phase phase);      // of which the step's time is made
  ForwardObserver* observer();  // of forward passes; null if nobody looks at those of this step
  void EndMicrobatch(const NamedTensors& parameters);  // its backward pass is over
  void EndGradient(const NamedTensors& parameters);    // that of all microbatches
  void BeforeUpdate(const NamedTensors& parameters, Optimizer& optimizer, const at::Tensor& gradient_scale);
  void AfterUpdate(const NamedTensors& parameters, Optimizer& optimizer, const at::Tensor& gradient_scale);
  void EndStep(const StepResult& result);

  // The figures of the step that has ended and took so long; none in a step that records nothing. Keys live
  // as long as this object.
  Points TakePoints(double step_seconds);
  // A checkpoint took so long; told with the next points.
  void AddCheckpointSeconds(double seconds) { checkpoint_seconds_ += seconds; }

  // For result.json: figures of the whole run.
  std::vector<std::pair<std::string, double>> Final(double tokens_per_second) const;

  // What kinds keep between steps, for a checkpoint. DATA_LOSS if it is not from State().
  Json State() const;
  Status Restore(const Json& state);

 private:
  Diagnostics(const spec::TrainingSpec& spec, at::Device device, std::string_view device_name,
              PhaseClock::Now now);
  void AddTimes(double step_seconds);
  void AddSpeed(double tokens_per_second, int64_t sequence_length, Figures* figures) const;
  bool records() const { return due_ || parameters_due_; }

  const spec::DiagnosticsSpec spec_;
  const at::Device device_;
  const std::vector<spec::Parameter> listed_;
  const spec::ModelSpec model_;
  const int64_t sequence_length_;              // once a warm-up of it is over
  const double tokens_per_step_, peak_flops_;  // peak: 0 where it is not known
  PhaseClock clock_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::unique_ptr<Kind> parameter_figures_;   // has steps of its own
  ActivationFigures* activations_ = nullptr;  // these two are among kinds_
  MicrobatchFigures* microbatches_ = nullptr;
  bool due_ = false, parameters_due_ = false;
  int64_t step_length_ = 0;  // sequence length of the step that has ended
  double checkpoint_seconds_ = 0;
  Figures figures_, figures_of_parameters_;
  std::set<std::string, std::less<>> keys_;
};

}  // namespace optfleet::trainer
