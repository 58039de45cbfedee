#include "coordinator/rpc/points.h"

#include <utility>

#include "sweeps/planned_memory.h"

namespace optfleet::rpc {

domain::Resources ResourcesOf(const sweeps::Resources& asked, int64_t predicted_bytes) {
  using Memory = sweeps::Resources::Memory;
  using Device = sweeps::Resources::Device;
  domain::Resources resources;
  resources.slots = asked.slots.value_or(1);
  resources.share = asked.share.value_or(domain::kWholeSlot);
  const Device device = asked.device.value_or(Device::kAny);
  if (device != Device::kAny)
    resources.kind = device == Device::kGpu ? domain::SlotKind::kGpu : domain::SlotKind::kCpu;
  switch (asked.memory.value_or(Memory::kPredicted)) {
    case Memory::kPredicted:
      resources.memory_bytes = domain::RoundedPrediction(predicted_bytes);
      resources.memory_is_predicted = true;
      break;
    case Memory::kBytes:
      resources.memory_bytes = asked.memory_bytes;
      break;
    case Memory::kAny:
      break;
  }
  resources.host_memory_bytes = asked.host_memory_bytes.value_or(0);
  resources.labels = asked.labels.value_or(std::vector<std::string>());
  return resources;
}

spec::MemoryDevice MemoryDeviceOf(const sweeps::Resources& asked) {
  return asked.device == sweeps::Resources::Device::kGpu ? spec::MemoryDevice::kCuda
                                                         : spec::MemoryDevice::kCpu;
}

std::vector<domain::Parameter> ParametersOf(const std::vector<std::string>& axes, const sweeps::Job& job) {
  std::vector<domain::Parameter> parameters;
  parameters.reserve(axes.size());
  for (size_t axis = 0; axis < axes.size(); ++axis) parameters.push_back({axes[axis], job.values[axis]});
  return parameters;
}

PointMaker::PointMaker(const sweeps::Expansion& sweep)
    : axes_(sweep.axes), resources_(sweep.resources), memory_(MemoryDeviceOf(sweep.resources)) {}

std::vector<engine::Point> PointMaker::Make(const std::vector<sweeps::Job>& jobs) {
  std::vector<engine::Point> points;
  points.reserve(jobs.size());
  for (const sweeps::Job& job : jobs) {
    points.push_back({.spec_json = canonical_.TextOf(job.spec),
                      .spec_hash = job.hash,
                      .parameters = ParametersOf(axes_, job),
                      .total_steps = job.spec.budget.steps,
                      .resources = ResourcesOf(resources_, memory_.Predict(job.spec)->peak().total())});
  }
  return points;
}

std::vector<engine::Point> PointsOf(const sweeps::Expansion& expansion) {
  return PointMaker(expansion).Make(expansion.jobs);
}

std::vector<domain::Stage> StagesOf(const sweeps::Expansion& expansion) {
  std::vector<domain::Stage> stages;
  for (const sweeps::StagePlan& stage : expansion.stages)
    stages.push_back({.name = stage.name, .base = stage.base, .from = {}, .round = stage.round});
  return stages;
}

domain::SweepSource SourceOf(sweeps::SweepInput source, const sweeps::Expansion& expansion) {
  domain::SweepSource result;
  for (sweeps::SweepFile& file : source.files)
    result.files.push_back({std::move(file.path), std::move(file.text), std::move(file.folder)});
  result.overrides = std::move(source.overrides);
  result.working_folder = std::move(source.working_folder);
  result.environment = expansion.environment;
  return result;
}

}  // namespace optfleet::rpc
