// What workers of a story do.
#include <algorithm>
#include <stdexcept>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {

void ClusterStory::WorkerHandle::Takes(const std::string& job) {
  Synchronizes();
  const auto desired = Desired(job);
  ASSERT_TRUE(desired.has_value()) << id_ << " was not given " << job;
  ASSERT_EQ(desired->action, DesiredAttempt::Action::kRun);
  AttemptStatus status = Running(desired->attempt.job.sweep, desired->attempt.job.job, desired->fence);
  status.slots = desired->slots;
  status.trainer_pid = 100 + desired->fence.attempt;
  story_->workers_.at(id_).says.attempts.push_back(status);
  Synchronizes();
}

void ClusterStory::WorkerHandle::Resumes(const std::string& job, int64_t step, int64_t record) {
  Synchronizes();
  const auto desired = Desired(job);
  ASSERT_TRUE(desired.has_value()) << id_ << " was not given " << job;
  ASSERT_TRUE(desired->resume_parent.has_value()) << job << " was to start fresh";
  AttemptStatus status = Running(desired->attempt.job.sweep, desired->attempt.job.job, desired->fence);
  status.slots = desired->slots;
  status.resumed = true;
  status.resume_step = step;
  status.resume_record = record;
  story_->workers_.at(id_).says.attempts.push_back(status);
  Synchronizes();
}

void ClusterStory::WorkerHandle::HasCheckpointed(const std::string& job, int64_t step, int64_t record) {
  Synchronizes();
  const auto desired = Desired(job);
  ASSERT_TRUE(desired.has_value()) << id_ << " was not given " << job;
  AttemptStatus status = Running(desired->attempt.job.sweep, desired->attempt.job.job, desired->fence);
  status.slots = desired->slots;
  status.state = AttemptStatus::State::kStarting;
  status.checkpoint_step = step;
  status.checkpoint_record = record;
  story_->workers_.at(id_).says.attempts.push_back(status);
  Synchronizes();
}

// Its newest attempt of the job.
AttemptStatus& ClusterStory::WorkerHandle::Own(const std::string& job) {
  auto& attempts = story_->workers_.at(id_).says.attempts;
  auto found = std::find_if(attempts.rbegin(), attempts.rend(), [&](const AttemptStatus& status) {
    return status.attempt.job == story_->NameOf(job);
  });
  if (found == attempts.rend()) throw std::logic_error(id_ + " has no attempt of " + job);
  return *found;
}

void ClusterStory::WorkerHandle::Checkpoints(const std::string& job, int64_t step, int64_t record) {
  Own(job).checkpoint_step = step;
  Own(job).checkpoint_record = record;
  Synchronizes();
}

void ClusterStory::WorkerHandle::Reports(const std::string& job, Outcome outcome, int64_t records,
                                         bool retryable) {
  AttemptStatus& status = Own(job);
  status.state = AttemptStatus::State::kEnded;
  status.outcome = outcome;
  status.reason = outcome == Outcome::kSucceeded ? "" : "it said " + std::string(OutcomeName(outcome));
  status.last_record = records;
  status.retryable = retryable;
  status.final = {{"val_loss", 1.5}};
  Synchronizes();
}

void ClusterStory::WorkerHandle::Scores(const std::string& job, double val_loss) {
  AttemptStatus& status = Own(job);
  status.state = AttemptStatus::State::kEnded;
  status.outcome = Outcome::kSucceeded;
  status.final = {{"val_loss", val_loss}};
  Synchronizes();
}

void ClusterStory::WorkerHandle::TrainsTo(const std::string& job, int64_t step, double val_loss) {
  Synchronizes();
  const auto desired = Desired(job);
  ASSERT_TRUE(desired.has_value()) << id_ << " was not given " << job;
  EXPECT_EQ(desired->pause_step, step);
  if (desired->resume_parent)
    Resumes(job, story_->attempts_.at(*desired->resume_parent).checkpoint_step, 0);
  else
    Takes(job);
  AttemptStatus& status = Own(job);
  status.state = AttemptStatus::State::kEnded;
  status.outcome = Outcome::kPreempted;
  status.reason = "paused";
  status.checkpoint_step = step;
  status.final = {{"val_loss", val_loss}};
  Synchronizes();
}

void ClusterStory::WorkerHandle::Keeps(const std::string& job, int64_t step, std::optional<double> val_loss) {
  SimpleWorker& worker = story_->workers_.at(id_);
  const auto newest = std::find_if(story_->attempts_.rbegin(), story_->attempts_.rend(),
                                   [&](const auto& entry) { return entry.first.job == story_->NameOf(job); });
  worker.kept.push_back({newest->first, newest->second.fence, step, val_loss, 1000});
  ++worker.kept_changes;
  Synchronizes();
  Synchronizes();  // now with the list
}

void ClusterStory::WorkerHandle::Unmounts() {
  story_->workers_.at(id_).kept.clear();
  ++story_->workers_.at(id_).kept_changes;
  Synchronizes();
  Synchronizes();
}

void ClusterStory::WorkerHandle::Obeys() {
  SimpleWorker& worker = story_->workers_.at(id_);
  for (const DeleteKept& doomed : worker.answer.delete_kept) {
    std::erase_if(worker.kept, [&](const KeptStatus& one) {
      return one.attempt == doomed.attempt && one.fence == doomed.fence && one.step == doomed.step;
    });
    ++worker.kept_changes;
  }
  Synchronizes();
  Synchronizes();
}

std::vector<std::string> ClusterStory::WorkerHandle::ToldToDelete() const {
  story_->was_asked_ = true;
  std::vector<std::string> told;
  for (const DeleteKept& doomed : story_->workers_.at(id_).answer.delete_kept) {
    const auto job = std::find(story_->jobs_.begin(), story_->jobs_.end(), doomed.attempt.job);
    told.push_back("job-" + std::to_string(job - story_->jobs_.begin() + 1) + " step " +
                   std::to_string(doomed.step));
  }
  return told;
}

void ClusterStory::WorkerHandle::Delivers(const std::string& job, int64_t records) {
  const RecordsHeld held{Own(job).attempt, records, records};
  story_->held_[held.attempt] = held;
  story_->Give(held);
}

void ClusterStory::WorkerHandle::Validates(const std::string& job, int64_t step, double val_loss) {
  RecordsHeld& held = story_->held_[Own(job).attempt];
  held = {Own(job).attempt, held.record + 1, step, {{step, val_loss}}};
  story_->Give(held);
  held.observations.clear();
  const JobName name = story_->NameOf(job);
  story_->reports_[name.sweep].push_back({name.job, step, val_loss});
}

void ClusterStory::WorkerHandle::Synchronizes() { story_->Synchronize(id_); }

void ClusterStory::WorkerHandle::Drains() {
  story_->workers_.at(id_).says.draining = true;
  Synchronizes();
}

void ClusterStory::WorkerHandle::Leaves() {
  story_->workers_.at(id_).says.leaving = true;
  Synchronizes();
  story_->workers_.at(id_).cut_off = true;
}

void ClusterStory::WorkerHandle::Loses(const std::string& job) {
  std::erase_if(story_->workers_.at(id_).says.attempts,
                [&](const AttemptStatus& status) { return status.attempt.job == story_->NameOf(job); });
}

void ClusterStory::WorkerHandle::LosesPower(const std::string& job, int64_t records) {
  AttemptStatus& status = Own(job);
  status.state = AttemptStatus::State::kStarting;
  status.last_record = records;
  Restarts();
}

void ClusterStory::WorkerHandle::HasLeft(const std::string& job, int32_t attempt, int64_t records) {
  for (AttemptStatus& status : story_->workers_.at(id_).says.attempts)
    if (status.attempt == AttemptName{story_->NameOf(job), attempt}) status.last_record = records;
  Restarts();
}

void ClusterStory::WorkerHandle::Restarts() {
  ++story_->workers_.at(id_).says.session;
  story_->workers_.at(id_).says.sequence = 0;
  story_->workers_.at(id_).says.leaving = false;
  story_->workers_.at(id_).says.draining = false;
  story_->Heal(id_);
}

std::optional<DesiredAttempt> ClusterStory::WorkerHandle::Desired(const std::string& job) const {
  story_->was_asked_ = true;
  for (const DesiredAttempt& desired : story_->workers_.at(id_).answer.attempts) {
    if (desired.attempt.job == story_->NameOf(job)) return desired;
  }
  return std::nullopt;
}

std::optional<Forget> ClusterStory::WorkerHandle::Forgotten(const std::string& job) const {
  story_->was_asked_ = true;
  for (const Forget& forget : story_->workers_.at(id_).answer.forget) {
    if (forget.attempt.job == story_->NameOf(job)) return forget;
  }
  return std::nullopt;
}

bool ClusterStory::WorkerHandle::Names(const std::string& job) const {
  story_->was_asked_ = true;
  const auto& attempts = story_->workers_.at(id_).says.attempts;
  return std::any_of(attempts.begin(), attempts.end(),
                     [&](const AttemptStatus& status) { return status.attempt.job == story_->NameOf(job); });
}

}  // namespace optfleet::engine
