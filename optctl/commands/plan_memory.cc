#include "optctl/commands/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace optfleet::commands {
namespace {

constexpr size_t kNumbersShown = 12;

// The spec without what decides numbers only.
spec::TrainingSpec WithoutValues(spec::TrainingSpec spec) {
  spec.schedule = {};
  spec.budget = {};
  spec.checkpoint = {};
  spec.training.seed = 0;
  spec.optimizer.learning_rate = 0;
  spec.optimizer.weight_decay = 0;
  spec.optimizer.beta1 = spec.optimizer.beta2 = 0;
  return spec;
}

}  // namespace

std::vector<spec::MemoryPrediction> PredictAll(const std::vector<sweeps::Job>& jobs,
                                               spec::MemoryDevice device) {
  std::vector<std::pair<spec::TrainingSpec, spec::MemoryPrediction>> known;
  std::vector<spec::MemoryPrediction> all;
  all.reserve(jobs.size());
  for (const sweeps::Job& job : jobs) {
    spec::TrainingSpec sizes = WithoutValues(job.spec);
    auto found =
        std::find_if(known.rbegin(), known.rend(), [&](const auto& entry) { return entry.first == sizes; });
    if (found == known.rend()) {
      known.emplace_back(std::move(sizes), spec::PredictMemory(job.spec, device));
      found = known.rbegin();
    }
    all.push_back(found->second);
  }
  return all;
}

std::vector<int64_t> NotFitting(const std::vector<sweeps::Job>& jobs,
                                const std::vector<spec::MemoryPrediction>& memory, int64_t slot_bytes) {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (memory[i].peak().total() > slot_bytes) numbers.push_back(jobs[i].number);
  }
  return numbers;
}

std::string NumbersText(const std::vector<int64_t>& numbers) {
  const size_t shown = std::min(numbers.size(), kNumbersShown);
  std::string text = fmt::format(
      "{}", fmt::join(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < numbers.size()) text += fmt::format(" and {} more", numbers.size() - shown);
  return text;
}

}  // namespace optfleet::commands
