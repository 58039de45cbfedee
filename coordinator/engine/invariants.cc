#include "coordinator/engine/invariants.h"

#include <type_traits>
#include <utility>

#include "coordinator/engine/totals.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::JobState;
using domain::SweepState;

class Checker {
 public:
  explicit Checker(const State& state) : state_(state) {}

  std::vector<std::string> Run() {
    for (const auto& [name, job] : state_.jobs) CheckJob(name, job);
    for (const auto& [id, sweep] : state_.sweeps) CheckFresh(id, sweep);
    CheckSweeps();
    for (const auto& [id, worker] : state_.workers) CheckWorker(id, worker);
    Expect(state_.queue.size() + backoffs_ == queued_, "queue",
           "holds exactly the queued jobs without back-off");
    CheckKept();
    CheckExtending();
    Expect(leases_ == taken_, "workers", "hold exactly the attempts that are assigned or running");
    return std::move(violations_);
  }

 private:
  void Expect(bool good, const std::string& subject, const char* rule) {
    if (!good) violations_.push_back(subject + ": broken: " + rule);
  }
  // The subject's text is made only if it is needed: there may be very many.
  template <typename Text>
  requires std::is_invocable_v<Text>
  void Expect(bool good, const Text& subject, const char* rule) {
    if (!good) Expect(good, subject(), rule);
  }

  void CheckJob(const JobName& name, const LiveJob& job) {
    const auto text = [&] { return ToResource(name); };
    const domain::JobStatus& status = job.row.status;
    ++open_jobs_[name.sweep];
    if (state_.expanding.contains(name.sweep)) {
      Expect(status.state == JobState::kQueued && job.attempts.empty() && !state_.queue.Contains(job.row),
             text, "of a sweep that is being expanded: waits outside the queue");
      return;
    }
    Expect(job.row.name() == name, text, "is kept under its name");
    Expect(status.state != JobState::kEnded, text, "only jobs that have not ended are kept");
    Expect(!status.outcome, text, "an outcome only once ended");
    Expect(static_cast<int32_t>(job.attempts.size()) == status.attempt_count, text,
           "attempts are numbered without gaps");
    for (const auto& [number, attempt] : job.attempts) CheckAttempt(job, number, attempt);
    const LiveAttempt* newest = job.newest();
    const AttemptState newest_state = newest == nullptr ? AttemptState::kEnded : newest->row.state;
    switch (status.state) {
      case JobState::kQueued:
        CheckQueued(job, newest_state);
        break;
      case JobState::kAssigned:
        Expect(newest_state == AttemptState::kAssigned, text, "assigned exactly while its newest attempt is");
        break;
      case JobState::kRunning:
        Expect(newest_state == AttemptState::kRunning || newest_state == AttemptState::kFinishing, text,
               "running exactly while its newest attempt runs or finishes");
        break;
      case JobState::kPaused:
        CheckPaused(job, newest_state);
        break;
      case JobState::kEnded:
        break;
    }
  }

  void CheckPaused(const LiveJob& job, AttemptState newest) {
    const auto text = [&] { return ToResource(job.row.name()); };
    const domain::JobStatus& status = job.row.status;
    const auto& halving = state_.sweeps.at(job.row.name().sweep).halving;
    ++paused_[job.row.name().sweep];
    Expect(newest == AttemptState::kEnded && status.worker.empty() && !state_.queue.Contains(job.row) &&
               !status.stop,
           text, "paused: nothing of it runs or waits");
    const auto standing = halving ? halving->StandingOf(job.row.name().job, status.rung) : std::nullopt;
    Expect(standing && !standing->promoted, text, "paused at a rung from which it has not gone on");
  }

  void CheckFresh(const std::string& id, const LiveSweep& sweep) {
    open_jobs_[id] += sweep.fresh.size();
    const auto expanding = state_.expanding.find(id);
    if (expanding == state_.expanding.end()) queued_ += static_cast<size_t>(sweep.fresh.size());
    const WaitQueue& queue = expanding == state_.expanding.end() ? state_.queue : expanding->second.queue;
    const JobKind* last = nullptr;
    const WaitQueue::Places* places = nullptr;
    sweep.fresh.ForEach([&](int32_t number, const JobKind& kind) {
      const auto text = [&] { return ToResource(JobName{id, number}); };
      if (std::exchange(last, &kind) != &kind) places = queue.Find(id, kind);
      Expect(number <= sweep.row.job_count, text, "is within its sweep");
      Expect(places != nullptr && places->contains({kind.create_time, number}), text, "fresh: in the queue");
    });
    for (auto job = state_.jobs.lower_bound({id, 0}); job != state_.jobs.end() && job->first.sweep == id;
         ++job) {
      Expect(sweep.fresh.Find(job->first.job) == nullptr, ToResource(job->first),
             "fresh or live, never both");
    }
  }

  void CheckQueued(const LiveJob& job, AttemptState newest) {
    const auto text = [&] { return ToResource(job.row.name()); };
    ++queued_;
    Expect(newest == AttemptState::kEnded, text, "queued only while no attempt of it is open");
    Expect(job.row.status.worker.empty(), text, "a worker only while an attempt is open");
    const bool waits = state_.deadlines.Of(DeadlineKey::Backoff(job.row.name())).has_value();
    if (waits) ++backoffs_;
    Expect(waits != state_.queue.Contains(job.row), text, "queued: in the queue or in back-off, never both");
  }

  void CheckAttempt(const LiveJob& job, int32_t number, const LiveAttempt& attempt) {
    const domain::Attempt& row = attempt.row;
    const auto text = [&] { return ToResource(row.name); };
    const bool open = row.state != AttemptState::kEnded;
    const bool has_deadline = state_.deadlines.Of(DeadlineKey::Lease(row.name)).has_value();
    Expect(row.name == AttemptName{job.row.name(), number}, text, "is kept under its name");
    Expect(row.fence.attempt == number && row.fence.incarnation <= state_.incarnation, text,
           "its fence is its number");
    Expect(!open || number == job.row.status.attempt_count, text, "only the newest attempt of a job is open");
    Expect(open == has_deadline && open == row.lease_time.has_value(), text,
           "has a lease exactly while open");
    Expect(open != row.outcome.has_value(), text, "has an outcome exactly once ended");
    Expect(row.parent < number && row.resume_attempt < number, text, "resumes only from an older attempt");
    Expect(row.parent == 0 || row.parent == row.resume_attempt, text, "resumed from what it was told to");
    Expect(row.state != AttemptState::kFinishing || row.reported.has_value(), text,
           "finishing with a reported end");
    if (open && row.start_time) held_[row.name.job.sweep] += domain::SharesOf(job.row.definition.resources);
    if (row.state == AttemptState::kAssigned || row.state == AttemptState::kRunning) {
      ++leases_;
      ++on_slots_[row.name.job.sweep];
      auto worker = state_.workers.find(row.worker);
      Expect(worker != state_.workers.end() && worker->second.attempts.contains(row.name), text,
             "its worker knows it");
    }
  }

  void CheckSweeps() {
    for (const auto& [id, sweep] : state_.sweeps) {
      const int32_t open = open_jobs_[id];
      const auto coming = state_.expanding.find(id);
      const auto reused =
          coming == state_.expanding.end() ? 0 : static_cast<int32_t>(coming->second.reused.numbers.size());
      Expect(open + sweep.ended.total() + reused == sweep.row.job_count, SweepResource(id),
             "states add up to its size");
      Expect(sweep.on_slots == on_slots_[id], SweepResource(id), "counts its attempts on slots");
      Expect(sweep.paused == paused_[id], SweepResource(id), "counts its paused jobs");
      Expect(sweep.slot_time.held() == held_[id], SweepResource(id), "counts the slots that run");
      Expect(state_.guarded.contains(id) ==
                 (sweep.row.search.guard.has_value() && sweep.row.state == SweepState::kActive),
             SweepResource(id), "is guarded exactly while it is active and has a guard");
      Expect(sweep.halving.has_value() == sweep.row.search.halving.has_value(), SweepResource(id),
             "has rungs exactly with halving");
      Expect(sweep.rules.has_value() == sweep.row.search.stop.has_value(), SweepResource(id),
             "has rules exactly with some to stop by");
      Expect(state_.watched.contains(id) == (sweep.rules && sweep.row.state == SweepState::kActive),
             SweepResource(id), "is watched exactly while rules of it may stop a job");
      const bool expanding = state_.expanding.contains(id);
      Expect(expanding == (sweep.row.state == SweepState::kExpanding), SweepResource(id),
             "expanding exactly while it comes in parts");
      if (expanding) continue;
      const bool active = sweep.row.state == SweepState::kActive;
      const bool due = state_.due_stages.contains(id);
      Expect(active == (open > 0 || due), SweepResource(id),
             "active exactly while a job is open or a stage due");
      Expect(!due || (open == 0 && sweep.row.stages.has_next()), SweepResource(id),
             "a stage is due only once all jobs have ended");
      Expect(active != sweep.row.end_time.has_value(), SweepResource(id), "an end exactly once ended");
    }
    for (const std::string& id : state_.due_stages)
      Expect(state_.sweeps.contains(id), SweepResource(id), "stages have a sweep");
    for (const auto& [id, count] : open_jobs_)
      Expect(state_.sweeps.contains(id), SweepResource(id), "jobs have a sweep");
  }

  void CheckWorker(const std::string& id, const LiveWorker& worker) {
    std::map<int32_t, int32_t> shares;  // given out, by slot
    for (const AttemptName& name : worker.attempts) {
      ++taken_;
      auto job = state_.jobs.find(name.job);
      const bool known = job != state_.jobs.end() && job->second.attempts.contains(name.attempt);
      Expect(known, WorkerResource(id), "holds only attempts that exist");
      if (!known) continue;
      const domain::Resources& request = job->second.row.definition.resources;
      const std::vector<int32_t>& slots = job->second.attempts.at(name.attempt).row.slots;
      Expect(static_cast<int32_t>(slots.size()) == request.slots, ToResource(name), "a gang is whole");
      for (int32_t slot : slots) {
        shares[slot] += request.share;
        Expect(shares[slot] <= domain::kWholeSlot, WorkerResource(id),
               "no slot is given out beyond its share");
      }
    }
    const bool ready = worker.row.state == domain::WorkerState::kReady;
    Expect(ready != worker.away_since.has_value(), WorkerResource(id), "away exactly while not ready");
  }

  // Of a part of an extension.
  bool IsOnItsWay(const JobName& job) const {
    const auto found = state_.extending.find(job.sweep);
    return found != state_.extending.end() && found->second.fresh.Find(job.job) != nullptr;
  }

  void CheckExtending() {
    for (const auto& [id, extending] : state_.extending) {
      const std::string text = SweepResource(id);
      const auto sweep = state_.sweeps.find(id);
      const bool known = sweep != state_.sweeps.end() && !state_.expanding.contains(id);
      Expect(known, text, "only a sweep that is whole is extended");
      if (!known) continue;
      const int32_t first = sweep->second.row.job_count + 1;
      Expect(extending.part.queue.size() == static_cast<size_t>(extending.fresh.size()), text,
             "what extends it waits outside the queue");
      extending.fresh.ForEach([&](int32_t number, const JobKind&) {
        Expect(number >= first, text, "what extends it has numbers behind its own");
      });
    }
  }

  void CheckKept() {
    for (const auto& [id, row] : state_.kept) {
      const auto text = [&, &id = id] { return ToResource(id.name); };
      const auto worker = state_.workers.find(id.worker);
      Expect(row.id == id, text, "is kept under its name");
      Expect(worker != state_.workers.end() &&
                 worker->second.releasing.contains(id) == row.released_time.has_value(),
             text, "its worker is told to delete it exactly once it was released");
    }
    for (const auto& [id, worker] : state_.workers)
      for (const domain::KeptId& released : worker.releasing)
        Expect(state_.kept.contains(released), WorkerResource(id), "deletes only what it has");
    for (const auto& [job, checkpoints] : state_.starts)
      Expect(state_.IsOpen(job) || IsOnItsWay(job), ToResource(job),
             "starts from a checkpoint only while it is open");
  }

  const State& state_;
  std::vector<std::string> violations_;
  std::map<std::string, int32_t> open_jobs_;
  std::map<std::string, int32_t> on_slots_;
  std::map<std::string, int64_t> held_;
  std::map<std::string, int32_t> paused_;
  size_t queued_ = 0;
  size_t backoffs_ = 0;
  size_t leases_ = 0;  // by attempts
  size_t taken_ = 0;   // by workers
};

}  // namespace

std::vector<std::string> Violations(const State& state) { return Checker(state).Run(); }

}  // namespace optfleet::engine
