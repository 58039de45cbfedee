// The memory that each job of a plan will need, and which jobs a slot does not hold. Pure.
#pragma once

#include <string>
#include <vector>

#include "spec/memory.h"
#include "sweeps/expand.h"

namespace optfleet::sweeps {

// Jobs that differ in what costs no memory (learning rate, seed, schedule) share a prediction, so that large
// sweeps stay quick and small.
class PlannedMemory {
 public:
  PlannedMemory() = default;
  PlannedMemory(const std::vector<Job>& jobs, spec::MemoryDevice device);

  // Of the job at `index` of those given.
  const spec::MemoryPrediction& Of(size_t index) const { return distinct_[of_job_[index]]; }
  int64_t BytesOf(size_t index) const { return Of(index).peak().total(); }
  // Numbers of the jobs whose predicted peak is above `slot_bytes`.
  std::vector<int64_t> NotFitting(const std::vector<Job>& jobs, int64_t slot_bytes) const;

 private:
  std::vector<spec::MemoryPrediction> distinct_;
  std::vector<size_t> of_job_;
};

}  // namespace optfleet::sweeps
