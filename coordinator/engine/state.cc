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
  const auto found = jobs.find(name);
  if (found != jobs.end()) return &found->second;
  const auto sweep = sweeps.find(name.sweep);
  const JobKind* kind = sweep == sweeps.end() ? nullptr : sweep->second.fresh.Find(name.job);
  if (kind == nullptr) return nullptr;
  LiveJob& job = jobs[name];
  job.row.definition.name = name;
  job.row.definition.total_steps = kind->total_steps;
  job.row.definition.resources = kind->resources;
  job.row.definition.create_time = kind->create_time;
  sweep->second.fresh.Remove(name.job);
  return &job;
}

std::vector<LiveJob*> State::OpenJobsOf(const std::string& sweep) {
  std::vector<int32_t> fresh;
  sweeps.at(sweep).fresh.ForEach([&](int32_t number, const JobKind&) { fresh.push_back(number); });
  for (const int32_t number : fresh) FindJob({sweep, number});
  std::vector<LiveJob*> open;
  for (auto it = jobs.lower_bound({sweep, 0}); it != jobs.end() && it->first.sweep == sweep; ++it) {
    if (it->second.row.status.state != domain::JobState::kEnded) open.push_back(&it->second);
  }
  return open;
}

bool State::IsOpen(const JobName& name) const {
  const auto sweep = sweeps.find(name.sweep);
  if (sweep != sweeps.end() && sweep->second.fresh.Find(name.job) != nullptr) return true;
  const auto job = jobs.find(name);
  return job != jobs.end() && job->second.row.status.state != domain::JobState::kEnded;
}

int64_t State::TotalStepsOf(const JobName& name) const {
  const JobKind* kind = sweeps.at(name.sweep).fresh.Find(name.job);
  return kind != nullptr ? kind->total_steps : jobs.at(name).row.definition.total_steps;
}

int64_t State::open_jobs() const {
  auto count = static_cast<int64_t>(jobs.size());
  for (const auto& [id, sweep] : sweeps) count += sweep.fresh.size();
  return count;
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
