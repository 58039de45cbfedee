// Checker: what costs more than a glance. Which states met which inputs, and the databases as readers see
// them.
#include "coordinator/store/read_store.h"
#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/machine.h"

namespace optfleet::simulation {
namespace {

using Reported = engine::AttemptStatus::State;

bool IsFresh(const engine::State& state, const JobName& name) {
  const auto sweep = state.sweeps.find(name.sweep);
  return sweep != state.sweeps.end() && sweep->second.fresh.Find(name.job) != nullptr;
}

std::string_view StateOf(const engine::State& state, const AttemptName& name, const Fence* fence) {
  if (IsFresh(state, name.job)) return "attempt unknown";
  const auto job = state.jobs.find(name.job);
  if (job == state.jobs.end())
    return state.sweeps.contains(name.job.sweep) ? "attempt of an ended job" : "attempt of no sweep";
  const auto attempt = job->second.attempts.find(name.attempt);
  if (attempt == job->second.attempts.end()) return "attempt unknown";
  if (fence != nullptr && attempt->second.row.fence != *fence) return "attempt of another incarnation";
  const domain::Attempt& row = attempt->second.row;
  switch (row.state) {
    case domain::AttemptState::kAssigned:
      return "attempt assigned";
    case domain::AttemptState::kRunning:
      return job->second.row.status.stop ? "attempt running, to stop" : "attempt running";
    case domain::AttemptState::kFinishing:
      return job->second.row.status.stop ? "attempt finishing, to stop" : "attempt finishing";
    case domain::AttemptState::kEnded:
      if (job->second.newest()->row.state != domain::AttemptState::kEnded)
        return "attempt ended, a newer one lives";
      return row.outcome == Outcome::kLost ? "attempt lost, its job waits" : "attempt ended, its job waits";
  }
  return "?";
}

std::string_view InputOf(const engine::AttemptStatus& status) {
  switch (status.state) {
    case Reported::kStarting:
      return "says starting";
    case Reported::kRunning:
      return status.resumed ? "says running, resumed" : "says running";
    case Reported::kEnded:
      break;
  }
  const Outcome outcome = status.outcome.value_or(Outcome::kFailed);
  if (outcome == Outcome::kFailed) return "says ended failed";
  if (outcome == Outcome::kPreempted) return "says ended preempted";
  if (outcome == Outcome::kCancelled) return "says ended cancelled";
  return "says ended with a result";
}

std::string_view JobStateOf(const engine::State& state, const JobName& name) {
  if (IsFresh(state, name)) return "job queued";
  const auto job = state.jobs.find(name);
  if (job == state.jobs.end()) return "job ended or unknown";
  switch (job->second.row.status.state) {
    case domain::JobState::kQueued:
      return job->second.row.status.not_before ? "job queued, after a failure" : "job queued";
    case domain::JobState::kAssigned:
      return "job assigned";
    case domain::JobState::kRunning:
      return "job running";
    case domain::JobState::kPaused:
      return "job paused at a rung";
    case domain::JobState::kEnded:
      break;
  }
  return "?";
}

std::string_view WorkerStateOf(const engine::State& state, const std::string& id) {
  const auto worker = state.workers.find(id);
  if (worker == state.workers.end()) return "worker unknown";
  const bool drained = worker->second.row.drain != domain::Pause::kNo;
  switch (worker->second.row.state) {
    case domain::WorkerState::kReady:
      if (drained && worker->second.heard) return "worker ready, drained";
      return worker->second.heard ? "worker ready" : "worker ready, not heard yet";
    case domain::WorkerState::kUnreachable:
      return "worker unreachable";
    case domain::WorkerState::kDraining:
      return "worker draining";
    case domain::WorkerState::kGone:
      return "worker gone";
  }
  return "?";
}

std::string_view SweepStateOf(const engine::State& state, const std::string& id) {
  const auto sweep = state.sweeps.find(id);
  if (sweep == state.sweeps.end()) return "sweep unknown";
  const domain::Sweep& row = sweep->second.row;
  if (state.expanding.contains(id)) return "sweep being written";
  if (state.extending.contains(id))
    return row.end_time ? "sweep ended, being extended" : "sweep being extended";
  if (row.end_time) return row.pause == domain::Pause::kNo ? "sweep ended" : "sweep ended, paused";
  if (row.cancel_requested) return "sweep being cancelled";
  if (row.pause == domain::Pause::kNo) return "sweep active";
  return row.pause == domain::Pause::kStopRunning ? "sweep paused" : "sweep paused, its attempts go on";
}

std::string_view PauseKind(domain::Pause pause) {
  if (pause == domain::Pause::kNo) return "resume";
  return pause == domain::Pause::kStopRunning ? "pause" : "pause, keep running";
}

std::string_view DrainKind(domain::Pause drain) {
  if (drain == domain::Pause::kNo) return "undrain";
  return drain == domain::Pause::kStopRunning ? "drain" : "drain, keep running";
}

std::string_view RetryKind(const engine::RetryJobs& retry) {
  if (!retry.not_ended.empty()) return "retry of a job that has not ended";
  return retry.jobs.empty() ? "retry of nothing" : "retry";
}

// What people ask for that changes a sweep or a worker; nothing for other inputs.
std::optional<std::pair<std::string_view, std::string_view>> SteeredBy(const engine::State& state,
                                                                       const engine::Input& input) {
  if (const auto* pause = std::get_if<engine::PauseSweep>(&input))
    return std::pair(SweepStateOf(state, pause->sweep_id), PauseKind(pause->pause));
  if (const auto* update = std::get_if<engine::UpdateSweep>(&input))
    return std::pair(SweepStateOf(state, update->sweep_id), std::string_view("update sweep"));
  if (const auto* retry = std::get_if<engine::RetryJobs>(&input))
    return std::pair(SweepStateOf(state, retry->sweep_id), RetryKind(*retry));
  if (const auto* extend = std::get_if<engine::ExtendSweep>(&input))
    return std::pair(SweepStateOf(state, extend->sweep_id), std::string_view("extend sweep"));
  if (const auto* begin = std::get_if<engine::BeginSweep>(&input))
    return std::pair(SweepStateOf(state, begin->sweep.sweep_id), std::string_view("begin sweep"));
  if (const auto* begin = std::get_if<engine::BeginExtension>(&input))
    return std::pair(SweepStateOf(state, begin->extension.sweep_id), std::string_view("begin extension"));
  if (const auto* part = std::get_if<engine::AddPoints>(&input))
    return std::pair(SweepStateOf(state, part->sweep_id), std::string_view("add points"));
  if (const auto* finish = std::get_if<engine::FinishSweep>(&input))
    return std::pair(SweepStateOf(state, finish->sweep_id), std::string_view("finish"));
  if (const auto* abandon = std::get_if<engine::AbandonSweep>(&input))
    return std::pair(SweepStateOf(state, abandon->sweep_id), std::string_view("abandon"));
  if (const auto* drain = std::get_if<engine::DrainWorker>(&input))
    return std::pair(WorkerStateOf(state, drain->worker_id), DrainKind(drain->drain));
  return std::nullopt;
}

std::string_view SyncKind(const engine::State& state, const engine::Synchronize& sync) {
  if (sync.leaving) return "synchronise, leaving";
  if (sync.draining) return "synchronise, draining";
  const auto worker = state.workers.find(sync.worker_id);
  if (worker == state.workers.end()) return "synchronise";
  if (sync.session != worker->second.row.session) return "synchronise of another session";
  return sync.sequence <= worker->second.last_sequence ? "synchronise, old or again" : "synchronise";
}

std::string_view DueKind(const engine::DeadlineKey& key) {
  switch (key.kind) {
    case engine::DeadlineKey::Kind::kLease:
      return "lease ends";
    case engine::DeadlineKey::Kind::kSilence:
      return "silence";
    case engine::DeadlineKey::Kind::kAway:
      return "away too long";
    case engine::DeadlineKey::Kind::kBackoff:
      return "back-off ends";
    case engine::DeadlineKey::Kind::kExcluded:
      return "exclusion ends";
  }
  return "another deadline";
}

}  // namespace

void Checker::Before(const engine::State& state, const engine::Input& input) {
  Coverage* met = context_->coverage;
  if (const auto* retry = std::get_if<engine::RetryJobs>(&input)) retries_.push_back(*retry);
  if (const auto steered = SteeredBy(state, input)) {
    met->Met(steered->first, steered->second);
  } else if (const auto* sync = std::get_if<engine::Synchronize>(&input)) {
    speaks_ = sync->worker_id;
    met->Met(WorkerStateOf(state, sync->worker_id), SyncKind(state, *sync));
    for (const engine::AttemptStatus& status : sync->attempts)
      met->Met(StateOf(state, status.attempt, &status.fence), InputOf(status));
  } else if (const auto* held = std::get_if<engine::RecordsHeld>(&input)) {
    met->Met(StateOf(state, held->attempt, nullptr), "records held");
  } else if (const auto* cancel = std::get_if<engine::CancelJob>(&input)) {
    met->Met(JobStateOf(state, cancel->job), "cancel job");
  } else if (const auto* cancel_sweep = std::get_if<engine::CancelSweep>(&input)) {
    met->Met(SweepStateOf(state, cancel_sweep->sweep_id), "cancel sweep");
  } else if (const auto* create = std::get_if<engine::CreateSweep>(&input)) {
    met->Met(SweepStateOf(state, create->sweep_id),
             state.requests.contains(create->request_id) ? "create sweep again" : "create sweep");
  } else if (std::holds_alternative<engine::Tick>(input)) {
    engine::Deadlines due = state.deadlines;
    while (const auto key = due.PopDue(state.now + std::chrono::milliseconds(1))) {
      if (key->kind == engine::DeadlineKey::Kind::kLease)
        met->Met(StateOf(state, key->attempt, nullptr), "lease ends");
      if (key->kind == engine::DeadlineKey::Kind::kBackoff)
        met->Met(JobStateOf(state, key->attempt.job), "back-off ends");
      if (!key->worker.empty()) met->Met(WorkerStateOf(state, key->worker), DueKind(*key));
    }
  }
}

void Checker::CheckReaders(const std::string& vfs) {
  auto reader = store::ReadStore::Open("state", vfs);
  if (!reader && context_->faults) return;  // a disk that fails just now
  if (!reader) return context_->Violate("the database opens after any crash", reader.error().message());
  for (const auto& [id, sweep] : rows_.sweeps) {
    if (sweep.state == domain::SweepState::kExpanding) continue;
    const auto view = (*reader)->GetSweep(id);
    if (!view) return context_->Violate("states add up", SweepResource(id) + ": " + view.error().message());
    int32_t sum = 0;
    for (const auto& [state, count] : view->counts) sum += count;
    const auto jobs = (*reader)->ListJobs(id, std::nullopt, 1000);
    const size_t listed = jobs ? jobs->size() : 0;
    if (sum != sweep.job_count || listed != static_cast<size_t>(sum))
      context_->Violate("states add up", SweepResource(id) + " has " + std::to_string(sweep.job_count) +
                                             " jobs, its states add up to " + std::to_string(sum) + ", " +
                                             std::to_string(listed) + " are listed");
  }
}

void Checker::CheckDatabases(const std::string& vfs) {
  for (const char* name : {"state/state.db", "state/metrics.db"}) {
    auto connection = store::Connection::Open(name, store::Connection::Mode::kReadOnly, vfs);
    const auto verdict =
        connection ? connection->QueryText("PRAGMA integrity_check(1)") : Fail(connection.error());
    if (!verdict || *verdict != "ok")
      return context_->Violate("the database opens after any crash",
                               std::string(name) + ": " + (verdict ? *verdict : verdict.error().message()));
  }
  CheckReaders(vfs);
  auto reader = store::ReadStore::Open("state", vfs);
  if (!reader) return context_->Violate("the database opens after any crash", reader.error().message());
  for (const auto& [name, job] : rows_.jobs) {
    // One that took an outcome over shows the curve of the job that ran.
    const std::string ran = ToResource(job.status.reused_from.value_or(name));
    const auto series = (*reader)->QuerySeries({.job = name, .keys = {"loss"}});
    if (!series)
      return context_->Violate("every step once", ToResource(name) + ": " + series.error().message());
    // What a rule stopped may have ended with the loss of its worker: nothing rests on its records then.
    const auto newest = rows_.attempts.find({name, job.status.attempt_count});
    const bool said = job.status.stop_reason.empty() ||
                      (newest != rows_.attempts.end() && newest->second.outcome == job.status.outcome);
    const bool whole = job.status.outcome && IsResult(*job.status.outcome) && said && !metrics_lost_;
    const store::SeriesColumn empty;
    const store::SeriesColumn& column = series->empty() ? empty : series->front();
    for (size_t i = 0; i < column.steps.size(); ++i) {
      if (i > 0 && column.steps[i] <= column.steps[i - 1])
        return context_->Violate(
            "every step once", ToResource(name) + " has step " + std::to_string(column.steps[i]) + " twice");
      if (whole && column.steps[i] != static_cast<int64_t>(i) + 1)
        return context_->Violate("every step once",
                                 ToResource(name) + " lacks step " + std::to_string(i + 1));
      if (column.last[i] != ValueOf(ran, column.steps[i]))
        return context_->Violate("every step once", ToResource(name) + " has another value at step " +
                                                        std::to_string(column.steps[i]));
    }
    if (whole && static_cast<int64_t>(column.steps.size()) != job.status.step)
      return context_->Violate("every step once", ToResource(name) + " ended at step " +
                                                      std::to_string(job.status.step) + ", its series has " +
                                                      std::to_string(column.steps.size()));
    if (job.status.outcome == Outcome::kSucceeded && !metrics_lost_ && job.status.step != kSteps)
      return context_->Violate("every step once", ToResource(name) + " succeeded after " +
                                                      std::to_string(job.status.step) + " steps");
  }
}

}  // namespace optfleet::simulation
