#include "coordinator/rpc/stage_progress.h"

#include <string>
#include <unordered_map>

namespace optfleet::rpc {

sweeps::SweepInput InputOf(const domain::SweepSource& source) {
  sweeps::SweepInput input;
  for (const domain::SourceFile& file : source.files)
    input.files.push_back({file.path, file.text, file.folder});
  input.overrides = source.overrides;
  input.working_folder = source.working_folder;
  input.environment = source.environment;
  return input;
}

sweeps::Progress ProgressOf(const store::SweepPoints& sweep) {
  std::unordered_map<int32_t, std::string> hash_of;
  for (const auto& [hash, point] : sweep.by_hash) hash_of.emplace(point.job, hash);
  sweeps::Progress progress;
  progress.axes = sweep.sweep.axes;
  const domain::Stages& stages = sweep.sweep.stages;
  for (int32_t stage = 1; stage < stages.begun; ++stage) {
    auto& bases = progress.bases.emplace_back();
    const domain::Stage& begun = stages.all[static_cast<size_t>(stage)];
    for (const int32_t job : begun.from) bases.push_back(hash_of[job]);
    progress.rounds.push_back(begun.points);
  }
  return progress;
}

}  // namespace optfleet::rpc
