#include "sweeps/planned_memory.h"

#include <algorithm>

namespace optfleet::sweeps {
namespace {

constexpr ptrdiff_t kRemembered = 256;  // distinct predictions that a job is compared with

double OneIfAny(double value) { return value > 0 ? 1 : 0; }

// The spec without what decides numbers only.
spec::TrainingSpec WithoutValues(spec::TrainingSpec spec) {
  spec.schedule = {};
  spec.budget = {};
  spec.checkpoint = {};
  spec.training.seed = 0;
  spec.training.clip_norm = 0;
  spec.training.z_loss = OneIfAny(spec.training.z_loss);
  for (double* share : {&spec.model.embedding_dropout, &spec.model.attention_dropout,
                        &spec.model.residual_dropout, &spec.optimizer.momentum})
    *share = OneIfAny(*share);
  for (double* value : {&spec.optimizer.learning_rate, &spec.optimizer.weight_decay, &spec.optimizer.beta1,
                        &spec.optimizer.beta2, &spec.optimizer.epsilon, &spec.model.init_std})
    *value = 0;
  return spec;
}

}  // namespace

PlannedMemory::PlannedMemory(const std::vector<Job>& jobs, spec::MemoryDevice device) {
  std::vector<spec::TrainingSpec> known;
  for (const Job& job : jobs) {
    spec::TrainingSpec sizes = WithoutValues(job.spec);
    // Neighbours are most alike.
    const auto end = known.rbegin() + std::min(std::ssize(known), kRemembered);
    const auto found = std::find(known.rbegin(), end, sizes);
    if (found != end) {
      of_job_.push_back(static_cast<size_t>(known.rend() - found) - 1);
      continue;
    }
    of_job_.push_back(known.size());
    known.push_back(std::move(sizes));
    distinct_.push_back(spec::PredictMemory(job.spec, device));
  }
}

std::vector<int64_t> PlannedMemory::NotFitting(const std::vector<Job>& jobs, int64_t slot_bytes) const {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (BytesOf(i) > slot_bytes) numbers.push_back(jobs[i].number);
  }
  return numbers;
}

}  // namespace optfleet::sweeps
