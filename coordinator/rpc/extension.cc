#include "coordinator/rpc/extension.h"

#include <algorithm>
#include <utility>

#include "coordinator/engine/extension.h"

namespace optfleet::rpc {

Extension::Extension(Backend* backend, engine::ExtendSweep head, const sweeps::SweepInput& source,
                     const store::SweepPoints& known, FinishedJobs* finished, bool validate_only)
    : head_(std::move(head)),
      source_(source),
      known_(known),
      finished_(finished),
      validate_only_(validate_only),
      large_(backend) {}

void Extension::Begin(const sweeps::Expansion& sweep) {
  head_.sweep_id = known_.sweep.id;
  head_.revision = known_.sweep.revision;
  head_.source = SourceOf(source_, sweep);
  head_.axes = sweep.axes;
  head_.objective = sweep.objective;
  if (!head_.stage && !sweep.stages.empty()) head_.stages = StagesOf(sweep);
  Keep(engine::CheckFits(known_.sweep, head_));
  maker_.emplace(sweep);
}

bool Extension::Take(std::vector<sweeps::Job> jobs) {
  std::vector<sweeps::Job> fresh;
  for (sweeps::Job& job : jobs) {
    const auto known = known_.by_hash.find(job.hash);
    ++total_;
    if (known == known_.by_hash.end()) {
      fresh.push_back(std::move(job));
    } else {
      AddParameters(known->second, ParametersOf(head_.axes, job));
    }
  }
  fresh_ += static_cast<int32_t>(fresh.size());
  if (validate_only_) return !failed_;
  if (held_ + fresh.size() > kMostPointsAtOnce) WriteHeld();
  std::vector<engine::Point> points = maker_->Make(fresh);
  if (finished_ != nullptr) Keep(finished_->TakeOver(fresh, &points));
  for (engine::Point& point : points) part_.points.push_back(std::move(point));
  held_ += fresh.size();
  stopped_ = failed_ || (is_large_ && !GoesOn());
  return !stopped_;
}

engine::ExtendSweep Extension::TakeInput(int32_t merged_points) {
  engine::ExtendSweep input = std::move(head_);
  input.merged_points = merged_points;
  input.points = std::move(part_.points);
  input.parameters = std::move(part_.parameters);
  return input;
}

Result<engine::SweepAnswer> Extension::Finish(int32_t merged_points) {
  WriteHeld();
  if (GoesOn()) Keep(large_.Finish(merged_points));
  if (!failed_) return large_.answer();
  large_.Abandon();
  return Fail(*failed_);
}

// A job keeps the values that it has, as they were spelled first.
void Extension::AddParameters(const store::KnownPoint& known, const std::vector<domain::Parameter>& now) {
  std::vector<domain::Parameter> all = known.parameters;
  for (const domain::Parameter& one : now) {
    if (std::none_of(all.begin(), all.end(), [&](const auto& had) { return had.key == one.key; }))
      all.push_back(one);
  }
  if (all.size() == known.parameters.size() || validate_only_) return;
  if (held_ >= kMostPointsAtOnce) WriteHeld();
  part_.parameters.emplace_back(known.job, std::move(all));
  ++held_;
}

void Extension::WriteHeld() {
  if (!std::exchange(is_large_, true)) Keep(large_.Begin(head_));
  if (GoesOn()) Keep(large_.Add(std::exchange(part_, {})));
  held_ = 0;
}

void Extension::Keep(Status status) {
  if (!status && !failed_) failed_ = std::move(status).error();
}

}  // namespace optfleet::rpc
