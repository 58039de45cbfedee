#include "trainer_core/app/trained_model.h"

#include <ATen/ATen.h>

#include <cstdio>

#include "spec/json.h"
#include "spec/parameters.h"
#include "spec/resolve.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/checkpoint/checkpoint.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {
namespace {

Result<spec::TrainingSpec> SpecOfCheckpoint(const std::string& folder) {
  const auto state = ReadRunState(folder);
  if (!state.has_value()) return Fail(state.error());
  auto spec = spec::FromJson(state->spec);
  if (!spec.has_value()) return Fail(spec.error().In(folder + ": spec"));
  const auto problems = spec::Resolve(&*spec);
  if (!problems.empty())
    return Fail(Error(Code::kInvalidArgument, problems.front().message).In(folder + ": spec"));
  return spec;
}

// Weights and optimizer of a checkpoint; the optimizer turns what it trains at into what it evaluates at.
Status LoadCheckpointOf(const ModelSource& source, const spec::TrainingSpec& spec, const Transformer& model) {
  const NamedTensors& weights = model.parameters();
  const auto listed = spec::Parameters(spec.model);
  std::vector<OptimizedParameter> optimized;
  NamedTensors average;
  for (size_t i = 0; i < listed.size(); ++i) {
    optimized.push_back({listed[i], weights[i].tensor});
    if (spec.averaging.IsOn())
      average.push_back({weights[i].name, at::empty_like(weights[i].tensor.detach(), at::kFloat)});
  }
  const auto optimizer = MakeOptimizer(spec, std::move(optimized));
  if (!optimizer.has_value()) return Fail(optimizer.error());
  const auto state = LoadCheckpoint(source.checkpoint, {weights, (*optimizer)->State(), average});
  if (!state.has_value()) return Fail(state.error());
  (*optimizer)->BeginEvaluation();  // and never ends: the weights stay
  if (!source.average) return {};
  if (state->average_samples == 0)
    return Fail(Code::kFailedPrecondition, source.checkpoint + " holds no average of its weights");
  for (size_t i = 0; i < average.size(); ++i) weights[i].tensor.detach().copy_(average[i].tensor);
  return {};
}

}  // namespace

Status FindCheckpoint(ModelSource* source) {
  std::vector<std::string> damaged;
  const auto chosen = ChooseCheckpoint(source->checkpoint, &damaged);
  for (const std::string& what : damaged) fprintf(stderr, "passed over: %s\n", what.c_str());
  if (!chosen.has_value()) return Fail(chosen.error());
  source->checkpoint = chosen->path;
  return {};
}

Result<spec::TrainingSpec> SpecOf(const ModelSource& source) {
  return source.checkpoint.empty() ? ReadModelSpecFile(source.config) : SpecOfCheckpoint(source.checkpoint);
}

Result<std::unique_ptr<Transformer>> LoadModel(const ModelSource& source, const spec::TrainingSpec& spec,
                                               at::Device device) {
  auto model = std::make_unique<Transformer>(spec, device);
  OPTFLEET_RETURN_IF_ERROR(source.checkpoint.empty() ? ReadTensorsInto(source.weights, model->parameters())
                                                     : LoadCheckpointOf(source, spec, *model));
  return model;
}

}  // namespace optfleet::trainer
