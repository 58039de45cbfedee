// From an expanded sweep to what the engine takes. Pure functions.
#pragma once

#include <vector>

#include "coordinator/engine/inputs.h"
#include "sweeps/expand.h"
#include "sweeps/planned_memory.h"

namespace optfleet::rpc {

// `predicted_bytes`: of the job's spec; counts where the sweep asks for predicted memory.
domain::Resources ResourcesOf(const sweeps::Resources& asked, int64_t predicted_bytes);

// All jobs, in order.
std::vector<engine::Point> PointsOf(const sweeps::Expansion& expansion);

// The same part by part: `count` jobs from `first` on, counted from 0. The expansion must outlive it.
class PointMaker {
 public:
  explicit PointMaker(const sweeps::Expansion& expansion);
  std::vector<engine::Point> Make(size_t first, size_t count) const;

 private:
  const sweeps::Expansion& expansion_;
  sweeps::PlannedMemory memory_;
};

std::vector<domain::Parameter> ParametersOf(const sweeps::Expansion& expansion, const sweeps::Job& job);

domain::SweepSource SourceOf(sweeps::SweepInput source, const sweeps::Expansion& expansion);

}  // namespace optfleet::rpc
