#include "optctl/commands/epochs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "common/mapped_file.h"
#include "common/text.h"
#include "optctl/commands/plan_view.h"
#include "spec/data/data_parts.h"
#include "spec/epochs.h"
#include "spec/parameters.h"

namespace optfleet::commands {
namespace {

// Opens each file once for all jobs that read it alike.
class Sequences {
 public:
  // Nothing if the data cannot be read here, or has no whole sequence: who trains on it says why.
  std::optional<int64_t> Of(const spec::TrainingSpec& spec) {
    const spec::DataSpec& data = spec.data;
    const Key key(data.path, data.format, data.token_bytes, data.validation_path, data.validation_share,
                  data.sequence_length);
    const auto known = known_.find(key);
    return known != known_.end() ? known->second : known_[key] = Count(spec);
  }

 private:
  using Key = std::tuple<std::string, spec::DataFormat, int64_t, std::string, double, int64_t>;

  static std::optional<int64_t> Count(const spec::TrainingSpec& spec) {
    const auto file = MappedFile::Open(spec.data.path);
    if (!file.has_value()) return std::nullopt;
    const auto sequences = data::CountTrainingSequences((*file)->bytes(), spec);
    return sequences.has_value() && *sequences > 0 ? std::optional(*sequences) : std::nullopt;
  }

  std::map<Key, std::optional<int64_t>> known_;
};

bool IsByEpochs(const sweeps::Job& job) { return job.spec.budget.epochs > 0; }

}  // namespace

bool AnyByEpochs(const sweeps::Expansion& expansion) {
  return std::any_of(expansion.jobs.begin(), expansion.jobs.end(), IsByEpochs);
}

std::vector<sweeps::Job> JobsByEpochs(const sweeps::Expansion& expansion) {
  std::vector<sweeps::Job> jobs;
  for (const sweeps::Job& job : expansion.jobs)
    if (IsByEpochs(job)) jobs.push_back(job);
  return jobs;
}

std::vector<EpochsProblem> SetStepsOfEpochs(std::vector<sweeps::Job>* jobs) {
  std::vector<EpochsProblem> problems;
  Sequences sequences;
  for (sweeps::Job& job : *jobs) {
    if (!IsByEpochs(job)) continue;
    const auto count = sequences.Of(job.spec);
    if (!count) continue;
    const std::string epochs = FormatNumber(job.spec.budget.epochs);
    for (const spec::Problem& problem : spec::ResolveEpochs(*count, &job.spec))
      problems.push_back({job.spec.data.path,
                          "job " + std::to_string(job.number) + ", `budget.epochs` " + epochs + " of " +
                              FormatCount(*count) + " sequences: " + problem.message,
                          problem.remedy});
  }
  return problems;
}

sweeps::Expansion WithStepsOfEpochs(const sweeps::Expansion& expansion) {
  sweeps::Expansion known = expansion;
  SetStepsOfEpochs(&known.jobs);
  return known;
}

void AddStepsOfEpochs(const sweeps::Expansion& expansion, const sweeps::Expansion& known, Json* plan) {
  for (size_t i = 0; i < expansion.jobs.size(); ++i) {
    if (!IsByEpochs(expansion.jobs[i])) continue;
    Json& job = (*plan)["jobs"][i];
    const spec::TrainingSpec& spec = known.jobs[i].spec;
    const bool is_known = spec.budget.steps > 0;
    job["steps"] = is_known ? Json(spec.budget.steps) : Json(nullptr);
    job["tokens"] = is_known ? Json(spec.budget.tokens) : Json(nullptr);
    job["flops"] = is_known ? Json(spec::FlopsOfRun(spec)) : Json(nullptr);
  }
}

}  // namespace optfleet::commands
