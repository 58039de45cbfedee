// The memory that each job of a plan will need, and which jobs a slot does not hold. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spec/known_specs.h"
#include "spec/memory.h"
#include "sweeps/expand.h"

namespace optfleet::sweeps {

// Predictions for one job after the other. Jobs that differ in what costs no memory (learning rate, seed,
// schedule) share one, so that large sweeps stay quick and small.
class MemoryPredictor {
 public:
  explicit MemoryPredictor(spec::MemoryDevice device) : device_(device) {}

  std::shared_ptr<const spec::MemoryPrediction> Predict(const spec::TrainingSpec& spec);

 private:
  spec::MemoryDevice device_;
  spec::KnownSpecs<std::shared_ptr<const spec::MemoryPrediction>> known_;
};

class PlannedMemory {
 public:
  PlannedMemory() = default;
  PlannedMemory(const std::vector<Job>& jobs, spec::MemoryDevice device);

  // Of the job at `index` of those given.
  const spec::MemoryPrediction& Of(size_t index) const { return *of_job_[index]; }
  int64_t BytesOf(size_t index) const { return Of(index).peak().total(); }
  // Numbers of the jobs whose predicted peak is above `slot_bytes`.
  std::vector<int64_t> NotFitting(const std::vector<Job>& jobs, int64_t slot_bytes) const;

 private:
  std::vector<std::shared_ptr<const spec::MemoryPrediction>> of_job_;
};

}  // namespace optfleet::sweeps
