// From an expanded sweep to what the engine takes. Pure functions.
#pragma once

#include <vector>

#include "coordinator/engine/inputs.h"
#include "spec/canonical.h"
#include "sweeps/expand.h"
#include "sweeps/planned_memory.h"

namespace optfleet::rpc {

// `predicted_bytes`: of the job's spec; counts where the sweep asks for predicted memory.
domain::Resources ResourcesOf(const sweeps::Resources& asked, int64_t predicted_bytes);

// That memory is predicted for: a GPU's where the sweep asks for one.
spec::MemoryDevice MemoryDeviceOf(const sweeps::Resources& asked);

// Turns jobs into points, portion by portion, in order. `sweep` needs no jobs.
class PointMaker {
 public:
  explicit PointMaker(const sweeps::Expansion& sweep);
  std::vector<engine::Point> Make(const std::vector<sweeps::Job>& jobs);

 private:
  std::vector<std::string> axes_;
  sweeps::Resources resources_;
  sweeps::MemoryPredictor memory_;
  spec::CanonicalWriter canonical_;
};

// Of all its jobs.
std::vector<engine::Point> PointsOf(const sweeps::Expansion& expansion);

std::vector<domain::Parameter> ParametersOf(const std::vector<std::string>& axes, const sweeps::Job& job);

// None of which has begun.
std::vector<domain::Stage> StagesOf(const sweeps::Expansion& expansion);

domain::SweepSource SourceOf(sweeps::SweepInput source, const sweeps::Expansion& expansion);

}  // namespace optfleet::rpc
