#include "tests/coordinator/engine/cluster_story.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/kept_path.h"

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
  for (const auto& definition : changes.new_jobs) written_jobs_[definition.name] = {definition, {}};
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
  KeepCheckpoints(changes);
  for (const RungChange& change : changes.rungs) rungs_[{change.job, change.result.rung}] = change.result;
  events_.insert(events_.end(), changes.events.begin(), changes.events.end());
  requests_.insert(requests_.end(), changes.requests.begin(), changes.requests.end());
  if (changes.waiting) waiting_ = *changes.waiting;
}

void ClusterStory::KeepCheckpoints(const Changes& changes) {
  for (const KeptChange& change : changes.kept) {
    kept_.erase(change.row.id);
    if (!change.gone) kept_.emplace(change.row.id, change.row);
  }
  for (const PinChange& change : changes.pins) {
    pins_.erase(change.checkpoint);
    if (change.time) pins_.insert(change.checkpoint);
  }
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

Answer ClusterStory::Retry(const std::string& job) {
  RetryJobs retry;
  retry.sweep_id = NameOf(job).sweep;
  retry.revision = sweeps_.at(retry.sweep_id).revision;
  retry.jobs = {Ended(job)};
  return Give(retry);
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
  worker.says.kept_digest = "after " + std::to_string(worker.kept_changes) + " changes";
  worker.says.kept_folder = "/" + id + "/kept";
  worker.says.kept = worker.answer.list_kept ? std::optional(worker.kept) : std::nullopt;
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

std::vector<SavedSweep> ClusterStory::SavedSweeps() const {
  std::map<std::string, SavedSweep> sweeps;
  for (const auto& [id, row] : sweeps_) sweeps[id].sweep = row;
  for (const auto& [name, job] : written_jobs_) {
    if (job.status.state != JobState::kEnded) continue;
    SavedSweep& sweep = sweeps[name.sweep];
    ++sweep.ended.by_outcome[std::string(OutcomeName(*job.status.outcome))];
    sweep.ended_steps += job.status.step;
    sweep.ended_slot_time += job.status.slot_time;
    if (job.status.outcome == Outcome::kSucceeded && name.job >= sweep.sweep.first_competitor)
      ++sweep.finished;
    const auto& most = sweep.sweep.keep.best_jobs;
    if (most && job.status.objective)
      sweep.best.insert({sweep.sweep.objective.CostOf(*job.status.objective), name.job});
    if (most && sweep.best.size() > static_cast<size_t>(*most)) sweep.best.erase(std::prev(sweep.best.end()));
  }
  for (const auto& [key, result] : rungs_) {
    SavedSweep& sweep = sweeps[key.first.sweep];
    if (result.job >= sweep.sweep.first_competitor) sweep.rungs.push_back(result);
  }
  std::vector<SavedSweep> saved;
  for (auto& [id, sweep] : sweeps) saved.push_back(std::move(sweep));
  return saved;
}

void ClusterStory::RestartCoordinator(int64_t raised_by) {
  SavedState saved;
  saved.incarnation = engine_->state().incarnation + raised_by;
  saved.sweeps = SavedSweeps();
  for (const auto& [name, job] : written_jobs_) {
    if (job.status.state == JobState::kEnded) continue;
    saved.jobs.push_back(job);
    if (auto starts = KeptCheckpointsIn(job.definition.spec_json); !starts.empty())
      saved.starts[name] = std::move(starts);
    for (const auto& [attempt_name, attempt] : attempts_) {
      if (attempt_name.job == name) saved.attempts.push_back(attempt);
    }
  }
  for (const auto& [id, row] : kept_) saved.kept.push_back(row);
  saved.pins.assign(pins_.begin(), pins_.end());
  for (const auto& [id, row] : worker_rows_) saved.workers.push_back(row);
  saved.held = held_;
  saved.reports = reports_;
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

testing::Matcher<const SynchronizeAnswer&> AsksToStop(const std::string& reason) {
  return testing::Field(&SynchronizeAnswer::forget,
                        testing::Contains(testing::AllOf(testing::Field(&Forget::kill, true),
                                                         testing::Field(&Forget::reason, reason))));
}

}  // namespace optfleet::engine
