// One kind of diagnostics: a small class that watches the steps and adds its figures. None of them may change
// a number of the training. Owned by the training thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/result.h"
#include "spec/parameters.h"
#include "spec/training_spec.h"
#include "trainer_core/diagnostics/figures.h"
#include "trainer_core/model/forward_observer.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

class Optimizer;

// What an update is made of. All tensors are the live ones.
struct UpdateView {
  const std::vector<spec::Parameter>& listed;  // as parameters
  const NamedTensors& parameters;  // .grad is defined: that of the step's whole batch, not clipped
  Optimizer& optimizer;
  const at::Tensor& gradient_scale;  // of clipping: fp32 scalar
};

struct StepResult {
  double loss = 0;  // nats
  double gradient_norm = 0;
  double clip_norm = 0;  // 0: no clipping
  bool applied = true;
  int64_t sequence_length = 0;
};

// Every call but EndStep, State and Restore happens only in steps whose figures are recorded.
class Kind {
 public:
  virtual ~Kind() = default;
  virtual void BeforeUpdate(const UpdateView&, Figures*) {}
  virtual void AfterUpdate(const UpdateView&, Figures*) {}
  // Of every step. `figures` is null where nothing is recorded.
  virtual void EndStep(const StepResult&, Figures*) {}

  // The name of the kind's part of a checkpoint's state.json; empty: it keeps nothing between steps.
  virtual std::string name() const { return ""; }
  virtual Json State() const { return {}; }
  virtual Status Restore(const Json&) { return {}; }
  // Of the whole run, for result.json.
  virtual void Final(Figures*) const {}
};

std::unique_ptr<Kind> MakeGradientNorms();
std::unique_ptr<Kind> MakeUpdateNorms();
std::unique_ptr<Kind> MakeAdamMoments(const spec::TrainingSpec& spec);
std::unique_ptr<Kind> MakeLionCosine(const spec::TrainingSpec& spec);
std::unique_ptr<Kind> MakeParameterFigures();
std::unique_ptr<Kind> MakeClippingRate();
std::unique_ptr<Kind> MakeLossSpikeCount(const spec::DiagnosticsSpec& spec);

// "blocks.3" of "blocks.3.mlp.up.weight", "final_norm" of "final_norm.bias".
std::string PlaceOf(const std::string& parameter);

// Layers of a choice, ascending, each once.
std::vector<int64_t> ChosenLayers(spec::LayerChoice choice, int64_t layers);

}  // namespace optfleet::trainer
