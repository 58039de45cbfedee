#include "tests/coordinator/engine/cluster_story.h"

#include <algorithm>
#include <utility>

namespace optfleet::engine {

using domain::JobState;

CreateSweep Jobs(int count, const std::string& id) {
  CreateSweep sweep;
  sweep.sweep_id = id;
  sweep.display_name = id;
  for (int i = 1; i <= count; ++i) {
    sweep.points.push_back({.spec_json = "{\"seed\":" + std::to_string(i) + "}",
                            .spec_hash = id + std::to_string(i),
                            .parameters = {{"training.seed", std::to_string(i)}},
                            .total_steps = 100});
  }
  return sweep;
}

domain::Slot CpuSlot(int32_t index) {
  domain::Slot slot;
  slot.index = index;
  return slot;
}

AttemptStatus Running(const std::string& sweep, int32_t job, const Fence& fence) {
  AttemptStatus status;
  status.attempt = {{sweep, job}, fence.attempt};
  status.fence = fence;
  status.state = AttemptStatus::State::kRunning;
  status.slots = {0};
  return status;
}

Synchronize Hello(const std::string& worker, int64_t session, int64_t sequence) {
  Synchronize says;
  says.worker_id = worker;
  says.session = session;
  says.sequence = sequence;
  return says;
}

ClusterStory::ClusterStory(Options options) : options_(options) {
  engine_ = std::move(*Engine::Create(options_, {}, now_));
}

ClusterStory::~ClusterStory() { EXPECT_TRUE(was_asked_) << "the story never asked how it went on"; }

Answer ClusterStory::Submit(CreateSweep sweep) {
  Answer answer = Give(sweep);
  if (const auto* made = std::get_if<SweepAnswer>(&answer)) {
    for (size_t i = 1; i <= sweep.points.size(); ++i)
      jobs_.push_back({made->sweep_id, static_cast<int32_t>(i)});
  }
  return answer;
}

Answer ClusterStory::Give(const Input& input) {
  Effects effects = engine_->Handle(input, now_);
  EXPECT_THAT(Violations(engine_->state()), testing::IsEmpty());
  Keep(effects.changes);
  return std::move(effects.answer);
}

void ClusterStory::Keep(const Changes& changes) {
  for (const NewSweep& sweep : changes.new_sweeps) {
    sweeps_[sweep.sweep.id] = sweep.sweep;
    for (const auto& definition : sweep.jobs) written_jobs_[definition.name] = {definition, {}};
  }
  for (const Extension& extension : changes.extensions) {
    for (const auto& definition : extension.jobs) written_jobs_[definition.name] = {definition, {}};
  }
  for (const auto& sweep : changes.sweeps) sweeps_[sweep.id] = sweep;
  for (const auto& [name, status] : changes.jobs) {
    const domain::JobStatus before = written_jobs_.at(name).status;
    const bool tried_again =
        std::any_of(changes.events.begin(), changes.events.end(), [&](const auto& event) {
          return event.subject == ToResource(name) && event.reason.starts_with("tried again");
        });
    if (before.state == JobState::kEnded && !tried_again) {
      EXPECT_EQ(before, status) << "final is final";
    }
    written_jobs_.at(name).status = status;
  }
  for (const auto& attempt : changes.attempts) attempts_[attempt.name] = attempt;
  for (const auto& worker : changes.workers) worker_rows_[worker.id] = worker;
  events_.insert(events_.end(), changes.events.begin(), changes.events.end());
  requests_.insert(requests_.end(), changes.requests.begin(), changes.requests.end());
  if (changes.waiting) waiting_ = *changes.waiting;
}

Answer ClusterStory::Cancel(const std::string& sweep, const std::string& reason,
                            const std::string& request_id) {
  CancelSweep cancel;
  cancel.request_id = request_id;
  cancel.sweep_id = sweep;
  cancel.reason = reason;
  return Give(cancel);
}

Answer ClusterStory::Cancel(const JobName& job, const std::string& reason) {
  CancelJob cancel;
  cancel.job = job;
  cancel.reason = reason;
  return Give(cancel);
}

ClusterStory::WorkerHandle ClusterStory::Worker(const std::string& id, int slots) {
  auto [found, is_new] = workers_.try_emplace(id);
  if (is_new) {
    found->second.says.worker_id = id;
    found->second.says.session = 1;
    for (int i = 0; i < slots; ++i) found->second.says.slots.push_back(CpuSlot(i));
    Synchronize(id);
  }
  return {this, id};
}

void ClusterStory::Synchronize(const std::string& id) {
  SimpleWorker& worker = workers_.at(id);
  if (worker.cut_off) return;
  ++worker.says.sequence;
  Answer answer = Give(worker.says);
  worker.answer = std::get<SynchronizeAnswer>(answer);
  // What is forgotten is not named again, unless it is kept for its checkpoints.
  for (const Forget& forget : worker.answer.forget) {
    std::erase_if(worker.says.attempts, [&](AttemptStatus& status) {
      if (status.attempt != forget.attempt) return false;
      status.state = AttemptStatus::State::kEnded;
      return !forget.keep_checkpoints;
    });
  }
}

void ClusterStory::Heal(const std::string& id) {
  workers_.at(id).cut_off = false;
  Synchronize(id);
}

void ClusterStory::Advance(Duration duration) {
  const Time end = now_ + duration;
  while (now_ < end) {
    now_ = std::min(end, now_ + std::chrono::seconds(1));
    for (auto& [id, worker] : workers_) Synchronize(id);
    if (engine_->next_tick() <= now_) Give(Tick{});
  }
}

void ClusterStory::RestartCoordinator() {
  SavedState saved;
  saved.incarnation = engine_->state().incarnation;
  std::map<std::string, SavedSweep> sweeps;
  for (const auto& [id, row] : sweeps_) sweeps[id].sweep = row;
  for (const auto& [name, job] : written_jobs_) {
    if (job.status.state == JobState::kEnded) {
      SavedSweep& sweep = sweeps[name.sweep];
      ++sweep.ended.by_outcome[std::string(OutcomeName(*job.status.outcome))];
      sweep.ended_steps += job.status.step;
      continue;
    }
    saved.jobs.push_back(job);
    for (const auto& [attempt_name, attempt] : attempts_) {
      if (attempt_name.job == name) saved.attempts.push_back(attempt);
    }
  }
  for (auto& [id, sweep] : sweeps) saved.sweeps.push_back(sweep);
  for (const auto& [id, row] : worker_rows_) saved.workers.push_back(row);
  saved.held = held_;
  saved.requests = requests_;
  saved.waiting = waiting_;
  auto engine = Engine::Create(options_, std::move(saved), now_);
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  engine_ = std::move(*engine);
}

EndedJob ClusterStory::Ended(const std::string& job) {
  EndedJob ended;
  ended.job = written_jobs_.at(NameOf(job));
  for (const auto& [name, attempt] : attempts_) {
    if (name.job == ended.job.name()) ended.attempts.push_back(attempt);
  }
  return ended;
}

JobName ClusterStory::NameOf(const std::string& job) const { return jobs_.at(std::stoul(job.substr(4)) - 1); }

JobState ClusterStory::StateOf(const std::string& job) {
  was_asked_ = true;
  return written_jobs_.at(NameOf(job)).status.state;
}

std::optional<Outcome> ClusterStory::OutcomeOf(const std::string& job) {
  was_asked_ = true;
  return written_jobs_.at(NameOf(job)).status.outcome;
}

std::string ClusterStory::ReasonOf(const std::string& job) {
  was_asked_ = true;
  return written_jobs_.at(NameOf(job)).status.reason;
}

std::string ClusterStory::WaitsBecause(const std::string& bound_worker) {
  was_asked_ = true;
  for (const ClassReason& row : waiting_) {
    if (row.bound_worker == bound_worker) return row.reason;
  }
  return "";
}

const domain::Attempt& ClusterStory::AttemptOf(const std::string& job, int32_t number) {
  was_asked_ = true;
  return attempts_.at({NameOf(job), number});
}

const SynchronizeAnswer& ClusterStory::AnswerTo(const std::string& worker) {
  was_asked_ = true;
  return workers_.at(worker).answer;
}

const domain::Sweep& ClusterStory::SweepRow(const std::string& id) {
  was_asked_ = true;
  return sweeps_.at(id);
}

std::vector<std::string> ClusterStory::History(const std::string& subject) {
  was_asked_ = true;
  std::vector<std::string> history;
  for (const domain::Event& event : events_) {
    if (event.subject == subject) history.push_back(event.what);
  }
  return history;
}

const Engine& ClusterStory::engine() {
  was_asked_ = true;
  return *engine_;
}

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

void ClusterStory::WorkerHandle::Delivers(const std::string& job, int64_t records) {
  const RecordsHeld held{Own(job).attempt, records, records};
  story_->held_[held.attempt] = held;
  story_->Give(held);
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

testing::Matcher<const SynchronizeAnswer&> AsksToStop(const std::string& reason) {
  return testing::Field(&SynchronizeAnswer::forget,
                        testing::Contains(testing::AllOf(testing::Field(&Forget::kill, true),
                                                         testing::Field(&Forget::reason, reason))));
}

}  // namespace optfleet::engine
