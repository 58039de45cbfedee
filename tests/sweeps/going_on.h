// A sweep that goes on part after part, as a coordinator lets it: a job's value is a function of its spec.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "spec/training_spec.h"
#include "tests/sweeps/render.h"

namespace optfleet::testing {

class GoingOn {
 public:
  using Loss = double (*)(const spec::TrainingSpec& spec);  // NaN: the job has no value

  // `text` stands behind kEnough.
  GoingOn(const std::string& text, Loss loss, const std::vector<std::string>& overrides = {})
      : text_(kEnough + text), loss_(loss) {
    input_.files.push_back({"sweep.yaml", text_, ""});
    input_.overrides = overrides;
    Take();
  }

  // Another one that knows no more than is kept of this one, as after a restart.
  GoingOn Restarted() const { return *this; }

  // False behind the last part.
  bool Next() {
    const sweeps::StageStart start =
        ChooseStart(input_, [&](const std::string& hash, const std::string& metric) {
          metrics_.insert(metric);
          const double value = losses_.at(hash);
          return std::isnan(value) ? std::nullopt : std::optional(value);
        });
    if (input_.progress.bases.size() + 1 >= plan_.size()) return false;
    input_.progress.bases.push_back(start.bases);
    input_.progress.rounds.push_back(start.round);
    Take();
    return true;
  }
  void ToTheEnd() {
    while (Next()) {
    }
  }

  const std::vector<std::string>& tried() const { return tried_; }  // values on the axes, of new jobs
  double best() const { return best_; }
  const std::set<std::string>& metrics() const { return metrics_; }  // that were asked for
  const sweeps::ExpandResult& last() const { return last_; }
  const std::vector<sweeps::StagePlan>& plan() const { return plan_; }  // when it began

 private:
  void Take() {
    last_ = ExpandSweep(input_);
    ASSERT_TRUE(last_.expansion) << last_.diagnostics.Render();
    if (plan_.empty()) plan_ = last_.expansion->stages;
    input_.progress.axes = last_.expansion->axes;
    for (const sweeps::Job& job : last_.expansion->jobs) {
      const double value = loss_(job.spec);
      if (!losses_.emplace(job.hash, value).second) continue;
      std::string row;
      for (const std::string& one : job.values) row += (row.empty() ? "" : " ") + one;
      tried_.push_back(row);
      if (value < best_) best_ = value;
    }
  }

  std::string text_;
  Loss loss_;
  sweeps::SweepInput input_;
  sweeps::ExpandResult last_;
  std::vector<sweeps::StagePlan> plan_;
  std::map<std::string, double> losses_;
  std::set<std::string> metrics_;
  std::vector<std::string> tried_;
  double best_ = 1e9;
};

inline double FromOneThousandth(const spec::TrainingSpec& spec) {
  return std::fabs(std::log10(spec.optimizer.learning_rate) + 3);
}

}  // namespace optfleet::testing
