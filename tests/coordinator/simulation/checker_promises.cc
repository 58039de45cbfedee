// Checker: what people asked for and were told. Sweeps with their points, cancellations, pins; what was
// ordered to hold; which ended jobs were to be tried again.
#include <algorithm>

#include "tests/coordinator/simulation/checker.h"

namespace optfleet::simulation {

using domain::AttemptState;
using domain::JobState;

namespace {

constexpr const char* kKept = "what a client was told is kept";

bool OnSlots(const domain::Attempt& attempt) {
  return attempt.state == AttemptState::kAssigned || attempt.state == AttemptState::kRunning;
}

}  // namespace

void Checker::Begun(const Promise& promise) {
  if (promise.kind == Promise::Kind::kOrder) orders_.Begun(promise.order);
  if (promise.kind == Promise::Kind::kHasPoints)
    asked_points_[promise.subject.sweep].insert(promise.points.begin(), promise.points.end());
}

void Checker::Told(const Promise& promise) {
  if (promise.kind == Promise::Kind::kOrder) return orders_.Told(promise.order, context_->agenda.now());
  if (promise.kind == Promise::Kind::kNone) return;
  CheckPromise(promise);
  promises_.push_back(promise);
}

void Checker::CheckPromises() {
  for (const Promise& promise : promises_) CheckPromise(promise);
}

// Whoever cancelled something before it was asked for again has no claim on it any more.
bool Checker::WasReopenedSince(const Promise& promise) const {
  const auto found = reopened_at_.find(promise.subject);
  return found != reopened_at_.end() && found->second >= promise.begun;
}

void Checker::CheckPromise(const Promise& promise) {
  const auto sweep = rows_.sweeps.find(promise.subject.sweep);
  if (sweep == rows_.sweeps.end())
    return context_->Violate(kKept, SweepResource(promise.subject.sweep) + " is gone");
  switch (promise.kind) {
    case Promise::Kind::kHasPoints:
      return CheckPoints(promise);
    case Promise::Kind::kHasStage: {
      const auto& stages = sweep->second.stages.all;
      if (std::none_of(stages.begin(), stages.end(),
                       [&](const domain::Stage& stage) { return stage.name == promise.stage; }))
        context_->Violate(kKept, SweepResource(promise.subject.sweep) + " has lost stage " + promise.stage);
      break;
    }
    case Promise::Kind::kSweepCancelled:
      if (!sweep->second.cancel_requested && !sweep->second.end_time && !WasReopenedSince(promise))
        context_->Violate(kKept, SweepResource(promise.subject.sweep) + " is no longer cancelled");
      break;
    case Promise::Kind::kPinned:
      if (!rows_.pins.contains(promise.checkpoint))
        context_->Violate(kKept, ToResource(promise.checkpoint) + " is no longer pinned");
      break;
    case Promise::Kind::kJobCancelled: {
      const domain::JobStatus& status = rows_.jobs.at(promise.subject).status;
      if (!status.stop && status.state != JobState::kEnded && !WasReopenedSince(promise))
        context_->Violate(kKept, ToResource(promise.subject) + " is no longer cancelled");
      break;
    }
    case Promise::Kind::kNone:
    case Promise::Kind::kOrder:
      break;
  }
}

// All that was promised, each once, and nothing that nobody asked for.
void Checker::CheckPoints(const Promise& promise) {
  const std::string& id = promise.subject.sweep;
  std::set<std::string> points;
  for (auto job = rows_.jobs.lower_bound({id, 0}); job != rows_.jobs.end() && job->first.sweep == id; ++job) {
    const std::string& hash = job->second.definition.spec_hash;
    if (!points.insert(hash).second)
      context_->Violate("a sweep has each of its points once", SweepResource(id) + " has " + hash + " twice");
    if (!asked_points_[id].contains(hash))
      context_->Violate("a sweep has each of its points once",
                        SweepResource(id) + ": nobody asked for " + hash);
  }
  if (static_cast<size_t>(rows_.sweeps.at(id).job_count) != points.size())
    context_->Violate("a sweep has each of its points once",
                      SweepResource(id) + " counts its jobs otherwise");
  for (const std::string& point : promise.points)
    if (!points.contains(point)) context_->Violate(kKept, SweepResource(id) + " has lost point " + point);
}

void Checker::CheckKeptWord() {
  CheckPromises();
  for (const auto& [id, sweep] : rows_.sweeps)
    CheckPoints({.kind = Promise::Kind::kHasPoints, .subject = {id, 0}, .points = {}});
}

void Checker::CheckStart(const Rows& rows, const domain::Attempt& attempt) {
  const std::string& sweep = attempt.name.job.sweep;
  const std::string name = ToResource(attempt.name);
  if (orders_.Holds(Order::Kind::kPause, sweep))
    context_->Violate("nothing of a paused sweep starts", name + " was given out");
  if (orders_.Holds(Order::Kind::kDrain, attempt.worker))
    context_->Violate("a drained worker gets nothing", name + " was given to " + attempt.worker);
  const int32_t limit = orders_.Of(Order::Kind::kLimit, sweep).value_or(0);
  if (limit == 0) return;
  context_->coverage->Count("attempts started under a limit");
  const auto count = std::count_if(rows.attempts.begin(), rows.attempts.end(), [&](const auto& entry) {
    return entry.first.job.sweep == sweep && OnSlots(entry.second);
  });
  if (count > limit)
    context_->Violate(
        "no more than the limit runs",
        name + " was given out, with it there are " + std::to_string(count) + " of " + std::to_string(limit));
}

void Checker::CheckToldToStop(const engine::SynchronizeAnswer& answer) {
  constexpr auto kStops = static_cast<int32_t>(domain::Pause::kStopRunning);
  const bool drained = orders_.Of(Order::Kind::kDrain, speaks_) == kStops;
  for (const engine::DesiredAttempt& desired : answer.attempts) {
    if (desired.action == engine::DesiredAttempt::Action::kStop) continue;
    if (drained || orders_.Of(Order::Kind::kPause, desired.attempt.job.sweep) == kStops)
      context_->Violate("what is paused or drained is told to stop",
                        ToResource(desired.attempt) + " is told to run on " + speaks_);
  }
}

bool Checker::MayReopen(const JobName& job) const {
  return std::any_of(retries_.begin(), retries_.end(), [&](const engine::RetryJobs& retry) {
    return std::any_of(retry.jobs.begin(), retry.jobs.end(),
                       [&](const engine::EndedJob& ended) { return ended.job.name() == job; });
  });
}

// A retry that was carried out with this commit: exactly the jobs that it found wait again.
void Checker::NoteReopened(const engine::Changes& changes) {
  for (const engine::RetryJobs& retry : retries_) {
    const bool done =
        std::any_of(changes.requests.begin(), changes.requests.end(),
                    [&](const domain::Request& request) { return request.id == retry.request_id; });
    if (!done) continue;
    std::vector<int32_t>& numbers = reopened_[retry.request_id];
    numbers.clear();
    for (const engine::EndedJob& ended : retry.jobs) {
      const JobName name = ended.job.name();
      numbers.push_back(name.job);
      reopened_at_[name] = context_->agenda.now();
      context_->coverage->Count("jobs tried again");
      const auto waits = std::any_of(changes.jobs.begin(), changes.jobs.end(), [&](const auto& job) {
        return job.first == name && job.second.state != JobState::kEnded;
      });
      if (!waits || ended.job.status.outcome == Outcome::kSucceeded)
        context_->Violate("what is tried again waits again", ToResource(name) + " does not");
    }
  }
}

std::vector<int32_t> Checker::Reopened(const std::string& request_id) const {
  const auto found = reopened_.find(request_id);
  return found == reopened_.end() ? std::vector<int32_t>() : found->second;
}

// From rows alone: what runs still is not counted, so that the engine's word may come earlier.
void Checker::CheckGuards(const Rows& rows) {
  for (const auto& [id, sweep] : rows.sweeps) {
    if (!sweep.search.guard || sweep.state != domain::SweepState::kActive) continue;
    sweeps::SweepSoFar so_far;
    for (auto job = rows.jobs.lower_bound({id, 0}); job != rows.jobs.end() && job->first.sweep == id; ++job) {
      const domain::JobStatus& status = job->second.status;
      so_far.device_hours += domain::DeviceHours(status.slot_time);
      so_far.ended += status.outcome ? 1 : 0;
      so_far.failed += status.outcome == Outcome::kFailed ? 1 : 0;
      so_far.diverged += status.outcome == Outcome::kDiverged ? 1 : 0;
    }
    const auto verdict = sweeps::WhyOver(*sweep.search.guard, so_far);
    if (!verdict) continue;
    context_->coverage->Count("commits with a sweep held by its guard");
    if (sweep.pause != domain::Pause::kStopRunning)
      context_->Violate("a sweep past its bounds is paused", SweepResource(id) + " goes on: " + *verdict);
  }
}

void Checker::CheckStopped() {
  for (const auto& [name, attempt] : rows_.attempts) {
    if (!OnSlots(attempt)) continue;
    if (orders_.Holds(Order::Kind::kDrain, attempt.worker))
      context_->Violate("a drained worker empties", ToResource(name) + " is still on " + attempt.worker);
    if (orders_.Holds(Order::Kind::kPause, name.job.sweep))
      context_->Violate("a paused sweep empties", ToResource(name) + " still runs");
  }
}

void Checker::BackupTaken() {
  promises_in_backup_ = promises_.size();
  orders_.BackupTaken();
}

void Checker::BackupRestored() {
  promises_.resize(std::min(promises_.size(), promises_in_backup_));
  orders_.BackupRestored(context_->agenda.now());
  rows_are_new_ = true;
}

}  // namespace optfleet::simulation
