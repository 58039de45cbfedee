#include "coordinator/engine/state.h"

#include <utility>

#include "coordinator/domain/check.h"

namespace optfleet::engine {

std::vector<domain::SeriesLink> LiveJob::links() const {
  std::vector<domain::SeriesLink> links;
  for (const auto& [number, attempt] : attempts) {
    const int64_t held = attempt.records_lost ? domain::kEveryRecord : attempt.held_record;
    links.push_back({number, attempt.row.parent, attempt.row.resume_record, held});
  }
  return links;
}

void State::Advance(Time given) {
  if (given > clock) now += given - clock;
  clock = given;
}

LiveJob* State::FindJob(const JobName& name) {
  auto found = jobs.find(name);
  return found == jobs.end() ? nullptr : &found->second;
}

LiveAttempt* State::FindAttempt(const AttemptName& name) {
  LiveJob* job = FindJob(name.job);
  if (job == nullptr) return nullptr;
  auto found = job->attempts.find(name.attempt);
  return found == job->attempts.end() ? nullptr : &found->second;
}

LiveWorker* State::FindWorker(const std::string& id) {
  auto found = workers.find(id);
  return found == workers.end() ? nullptr : &found->second;
}

LiveSweep& State::SweepOf(const JobName& name) {
  auto found = sweeps.find(name.sweep);
  OPTFLEET_CHECK(found != sweeps.end(), ToResource(name));
  return found->second;
}

void State::Forget(const JobName& name) {
  jobs.erase(name);
  const auto found = starts.find(name);
  if (found == starts.end()) return;
  for (const CheckpointName& checkpoint : found->second) uncollected.insert(checkpoint.attempt.job.sweep);
  starts.erase(found);
}

void State::Say(std::string subject, std::string_view what, std::string reason) {
  changes.events.push_back({now, std::move(subject), std::string(what), std::move(reason)});
}

Changes State::TakeChanges() {
  for (const std::string& id : touched.sweeps) changes.sweeps.push_back(sweeps.at(id).row);
  for (const AttemptName& name : touched.attempts) {
    changes.attempts.push_back(jobs.at(name.job).attempts.at(name.attempt).row);
  }
  for (const JobName& name : touched.jobs) changes.jobs.emplace_back(name, jobs.at(name).row.status);
  for (const std::string& id : touched.workers) changes.workers.push_back(workers.at(id).row);
  for (const JobName& name : touched.jobs) {
    if (jobs.at(name).row.status.state == domain::JobState::kEnded) Forget(name);
  }
  touched = {};
  return std::exchange(changes, {});
}

}  // namespace optfleet::engine
