// What a watcher knows of a sweep from round to round: asks the coordinator, sees what changed, estimates
// what is left. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "optctl/commands/client.h"
#include "optctl/output/sweep_view.h"
#include "optctl/output/time_left.h"

namespace optfleet::commands {

class SweepFollower {
 public:
  // `with_curves`: also reads the newest losses of some running jobs, which only a live view shows.
  SweepFollower(std::string sweep, bool with_curves) : name_(std::move(sweep)), with_curves_(with_curves) {}

  // One round at `seconds` of a clock that never runs backwards. The sweep is read each time; the list of its
  // jobs no more often than ten times as long as reading it takes, so that a large sweep is watched gently.
  // After an error the old state stays.
  Status Poll(Client& client, double seconds);

  const v1::Sweep& sweep() const { return sweep_; }
  const std::vector<v1::Job>& jobs() const { return jobs_; }
  bool is_over() const;  // ended, or held by its guard

  output::SweepProgress Progress() const;
  // One line per job that began to run or ended between the last two lists; for the first list only jobs that
  // run.
  std::vector<std::string> TakeChanges();

 private:
  Status ReadJobs(Client& client, double seconds);
  Status ReadCurves(Client& client);
  void Compare(const std::vector<v1::Job>& before);

  const std::string name_;
  const bool with_curves_;
  v1::Sweep sweep_;
  std::vector<v1::Job> jobs_;
  std::vector<std::string> changes_;
  double next_list_ = 0;
  output::TimeLeft left_;
  std::map<std::string, output::TimeLeft> job_left_;   // running jobs, by name
  std::map<std::string, std::vector<double>> losses_;  // the same
};

// "quickstart/17  succeeded  adamw lr=3e-3 batch 16  val_loss 1.874": one line about a job's new condition.
std::string ChangeLine(const v1::Job& job, const std::string& objective);

// The sentence that names the best job or why there is none, as results and the report have it.
std::string Answer(const v1::Sweep& sweep, const std::vector<v1::Job>& jobs);

}  // namespace optfleet::commands
