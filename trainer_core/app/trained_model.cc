#include "trainer_core/app/trained_model.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "spec/json.h"
#include "spec/parameters.h"
#include "spec/resolve.h"
#include "trainer_core/app/spec_file.h"
#include "trainer_core/checkpoint/checkpoint.h"
#include "trainer_core/checkpoint/tensor_file.h"
#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

Result<spec::TrainingSpec> SpecOfRun(const std::string& folder) {
  const auto job = rundir::ReadJob(folder);
  if (!job.has_value()) return Fail(job.error());
  auto spec = spec::FromJson(job->spec);
  if (!spec.has_value()) return Fail(spec.error().In("job.json: spec"));
  const auto problems = spec::Resolve(&*spec);
  if (!problems.empty())
    return Fail(Error(Code::kInvalidArgument, problems.front().message).In("job.json: spec"));
  return spec;
}

// Weights and optimizer of a checkpoint; the optimizer turns what it trains at into what it evaluates at.
Status LoadCheckpointOf(const std::string& folder, const spec::TrainingSpec& spec, const Transformer& model) {
  std::vector<OptimizedParameter> optimized;
  const auto listed = spec::Parameters(spec.model);
  for (size_t i = 0; i < listed.size(); ++i) optimized.push_back({listed[i], model.parameters()[i].tensor});
  const auto optimizer = MakeOptimizer(spec, std::move(optimized));
  if (!optimizer.has_value()) return Fail(optimizer.error());
  const auto state = LoadCheckpoint(folder, {model.parameters(), (*optimizer)->State()});
  if (!state.has_value()) return Fail(state.error());
  (*optimizer)->BeginEvaluation();  // and never ends: the weights stay
  return {};
}

}  // namespace

Result<spec::TrainingSpec> SpecOf(const ModelSource& source) {
  if (!source.config.empty()) return ReadSpecFile(source.config);
  const fs::path run = fs::absolute(source.checkpoint).lexically_normal() / ".." / "..";
  const std::string folder = run.lexically_normal();
  std::error_code error;
  if (source.checkpoint.empty() || !fs::exists(fs::path(folder) / rundir::kJobFile, error))
    return Fail(Code::kInvalidArgument,
                "nothing says which model these weights belong to; name its spec file with --config");
  return SpecOfRun(folder);
}

Result<std::unique_ptr<Transformer>> LoadModel(const ModelSource& source, const spec::TrainingSpec& spec,
                                               at::Device device) {
  auto model = std::make_unique<Transformer>(spec, device);
  OPTFLEET_RETURN_IF_ERROR(source.checkpoint.empty() ? ReadTensorsInto(source.weights, model->parameters())
                                                     : LoadCheckpointOf(source.checkpoint, spec, *model));
  return model;
}

}  // namespace optfleet::trainer
