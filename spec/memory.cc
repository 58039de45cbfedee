#include "spec/memory.h"

#include <algorithm>

#include "spec/attention_kernel.h"
#include "spec/memory_update.h"
#include "spec/memory_walk.h"
#include "spec/optimizer_state.h"

namespace optfleet::spec {
namespace {

constexpr MemoryPart kWorkspace = &MemoryParts::workspace;
constexpr int64_t kUnits[] = {64, 512};  // CPU, CUDA

// What a GPU's libraries and allocator hold beside tensors. cuBLAS takes 8,519,680 bytes for each handle of
// an A100 and four times as much on an H100; the caching allocator cuts its blocks from segments of 20 MiB
// and more, of which a part stays unused: 2 % is a guess, nothing here was measured.
constexpr int64_t kBlasWorkspace = 8519680;
constexpr int64_t kFragmentation = 50;  // one part in 50

// All blocks are alike but for the shares of weighted residuals, so two models of few blocks tell of any
// depth.
template <typename Sum>
int64_t OverParameters(const ModelSpec& model, Sum sum) {
  if (model.residual == ResidualKind::kWeighted) return sum(Parameters(model));
  ModelSpec few = model;
  few.layers = 1;
  const int64_t with_one = sum(Parameters(few));
  if (model.layers == 1) return with_one;
  few.layers = 2;
  return with_one + (model.layers - 1) * (sum(Parameters(few)) - with_one);
}

int64_t BytesOfWeight(const TrainingSpec& spec) {
  return spec.training.precision == Precision::kPureBf16 ? 2 : 4;
}

int64_t RoundUp(int64_t bytes, int64_t unit) { return (bytes + unit - 1) / unit * unit; }

// Masks and tables of positions.
std::vector<int64_t> Tables(const TrainingSpec& spec, bool on_gpu) {
  const ModelSpec& model = spec.model;
  const int64_t length = spec.data.sequence_length;
  const int64_t product = spec.training.precision == Precision::kFp32 ? 4 : 2;
  const int64_t weight = BytesOfWeight(spec);
  std::vector<int64_t> tables;
  if (model.position == PositionKind::kAlibi)
    tables.push_back(model.heads * length * length * product);
  else if (AttentionKernel(spec, on_gpu) == Attention::kManual)
    tables.push_back(length * length * product);
  if (model.position == PositionKind::kSinusoidal)
    tables.push_back(std::max(length, model.context) * model.width * weight);
  if (model.position == PositionKind::kRotary)
    tables.insert(tables.end(), 2, length * (model.width_of_head() / 2) * 4);
  return tables;
}

// Weights, optimizer state and what else is there from the first step to the last.
void HoldState(const TrainingSpec& spec, MemoryDevice device, MemoryLedger* ledger) {
  const int64_t unit = kUnits[device == MemoryDevice::kCuda ? 1 : 0];
  const StateBytes state = BytesOfState(spec);
  const int64_t element = BytesOfWeight(spec);
  const auto rounded_copy = [&](int64_t bytes_per_element) {
    return OverParameters(spec.model, [&](const std::vector<Parameter>& parameters) {
      int64_t bytes = 0;
      for (const Parameter& parameter : parameters)
        bytes += RoundUp(parameter.count() * bytes_per_element, unit);
      return bytes;
    });
  };
  const int64_t optimizer = OverParameters(spec.model, [&](const std::vector<Parameter>& parameters) {
    int64_t bytes = 0;
    for (const Parameter& parameter : parameters) {
      for (const StateTensor& tensor : StateOf(spec.optimizer.KindOf(parameter.group), spec, parameter))
        bytes += RoundUp(tensor.bytes(), unit);
    }
    return bytes;
  });
  ledger->HoldMany(&MemoryParts::weights, state.weights, rounded_copy(element));
  if (state.average > 0) ledger->HoldMany(&MemoryParts::average, state.average, rounded_copy(4));
  ledger->HoldMany(&MemoryParts::optimizer, state.optimizer, optimizer);
  const bool on_gpu = device == MemoryDevice::kCuda;
  for (const int64_t bytes : Tables(spec, on_gpu)) ledger->Hold(kWorkspace, bytes);
  if (on_gpu) ledger->Hold(kWorkspace, kBlasWorkspace);
}

// The whole of the weights, while schedule-free rules are evaluated at their averages, or bf16 weights at the
// run's average.
int64_t EvaluationCopies(const TrainingSpec& spec) {
  const int64_t element = BytesOfWeight(spec);
  if (spec.averaging.IsOn() && element == 2) return CountParameters(spec.model) * element;
  return OverParameters(spec.model, [&](const std::vector<Parameter>& parameters) {
    int64_t bytes = 0;
    for (const Parameter& parameter : parameters) {
      const OptimizerKind kind = spec.optimizer.KindOf(parameter.group);
      if (kind == OptimizerKind::kScheduleFreeSgd || kind == OptimizerKind::kScheduleFreeAdamW)
        bytes += parameter.count() * element;
    }
    return bytes;
  });
}

bool DrawsLabels(const TrainingSpec& spec) {
  const int64_t sophia = OverParameters(spec.model, [&](const std::vector<Parameter>& parameters) {
    return std::count_if(parameters.begin(), parameters.end(), [&](const Parameter& parameter) {
      return spec.optimizer.KindOf(parameter.group) == OptimizerKind::kSophia;
    });
  });
  return sophia > 0;
}

// What diagnostics of microbatches (docs/diagnostics.md) keep of gradients, in the steps that record them.
int64_t GradientCopies(const TrainingSpec& spec) {
  const int64_t copies = spec.diagnostics.gradient_coherence ? 2 : spec.diagnostics.noise_scale ? 1 : 0;
  return copies * CountParameters(spec.model) * BytesOfWeight(spec);
}

}  // namespace

std::array<std::pair<std::string_view, int64_t>, 8> Named(const MemoryParts& parts) {
  return {{{"weights", parts.weights},
           {"gradients", parts.gradients},
           {"optimizer", parts.optimizer},
           {"average", parts.average},
           {"activations", parts.activations},
           {"logits", parts.logits},
           {"workspace", parts.workspace},
           {"slack", parts.slack}}};
}

std::string_view NameOf(MemoryPhase phase) {
  constexpr std::string_view kNames[] = {"forward", "backward", "update", "validation"};
  return kNames[static_cast<size_t>(phase)];
}

MemoryPhase MemoryPrediction::peak_phase() const {
  const auto largest =
      std::max_element(phases.begin(), phases.end(),
                       [](const MemoryParts& a, const MemoryParts& b) { return a.total() < b.total(); });
  return static_cast<MemoryPhase>(largest - phases.begin());
}

MemoryPrediction PredictMemory(const TrainingSpec& spec, MemoryDevice device) {
  MemoryLedger ledger(kUnits[device == MemoryDevice::kCuda ? 1 : 0]);
  HoldState(spec, device, &ledger);
  MemoryWalk walk(spec, device, &ledger);
  const bool in_parts = spec.training.micro_batch < spec.training.batch_size;
  if (DrawsLabels(spec)) {
    walk.Curvature(/*accumulates=*/false);
    if (in_parts) walk.Curvature(/*accumulates=*/true);
    ledger.Drop({&MemoryParts::gradients, BytesOfState(spec).gradients});  // cleared before the step's own
  }
  walk.Microbatch(/*accumulates=*/false);
  if (in_parts) {
    const int64_t copies = GradientCopies(spec);
    // Diagnostics take a microbatch's gradients away, so that those of the next are new.
    if (copies > 0) ledger.Drop({&MemoryParts::gradients, BytesOfState(spec).gradients});
    const Holding taken = ledger.Hold(kWorkspace, copies);
    walk.Microbatch(/*accumulates=*/copies == 0);
    ledger.Drop(taken);
  }
  ledger.Enter(MemoryPhase::kUpdate);
  const Holding before =
      ledger.Hold(kWorkspace, spec.diagnostics.update_norms ? BytesOfState(spec).weights : 0);
  ledger.Touch(kWorkspace, UpdateTemporaries(spec, device));
  ledger.Drop(before);
  if (spec.data.validation_share > 0) {
    ledger.Enter(MemoryPhase::kValidation);
    const Holding copies = ledger.Hold(kWorkspace, EvaluationCopies(spec));
    walk.Validate();
    ledger.Drop(copies);
  }
  MemoryPrediction prediction = ledger.prediction();
  if (device == MemoryDevice::kCuda) {
    for (MemoryParts& parts : prediction.phases) parts.slack += parts.total() / kFragmentation;
  }
  return prediction;
}

}  // namespace optfleet::spec
