#include "sweeps/planned_memory.h"

#include <utility>

namespace optfleet::sweeps {
namespace {

double OneIfAny(double value) { return value > 0 ? 1 : 0; }

// The spec without what decides numbers only.
spec::TrainingSpec WithoutValues(spec::TrainingSpec spec) {
  spec.schedule = {};
  spec.budget = {};
  spec.checkpoint = {};
  spec.training.seed = 0;
  spec.data.seed.reset();
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

std::shared_ptr<const spec::MemoryPrediction> MemoryPredictor::Predict(const spec::TrainingSpec& spec) {
  spec::TrainingSpec sizes = WithoutValues(spec);
  if (const auto* known = known_.Find(sizes)) return *known;
  return known_.Add(std::move(sizes),
                    std::make_shared<spec::MemoryPrediction>(spec::PredictMemory(spec, device_)));
}

PlannedMemory::PlannedMemory(const std::vector<Job>& jobs, spec::MemoryDevice device) {
  MemoryPredictor predictor(device);
  of_job_.reserve(jobs.size());
  for (const Job& job : jobs) of_job_.push_back(predictor.Predict(job.spec));
}

std::vector<int64_t> PlannedMemory::NotFitting(const std::vector<Job>& jobs, int64_t slot_bytes) const {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (BytesOf(i) > slot_bytes) numbers.push_back(jobs[i].number);
  }
  return numbers;
}

}  // namespace optfleet::sweeps
