#include "tests/coordinator/simulation/checker.h"

#include <algorithm>
#include <set>

#include "coordinator/engine/invariants.h"
#include "coordinator/store/rows.h"

namespace optfleet::simulation {
namespace {

using domain::AttemptState;
using domain::JobState;

bool Open(const domain::Attempt& attempt) { return attempt.state != AttemptState::kEnded; }

// What may still be learned of an attempt that has ended: where it began, newer checkpoints, which of its
// records are wanted.
domain::Attempt Settled(domain::Attempt attempt) {
  attempt.start_known = false;
  attempt.parent = 0;
  attempt.resume_step = attempt.resume_record = 0;
  attempt.checkpoint_step = attempt.checkpoint_record = 0;
  attempt.record_limit = 0;
  attempt.trainer_pid = 0;
  attempt.run_directory.clear();
  return attempt;
}

// What a person may change of a sweep that has ended.
bool OnlySteered(domain::Sweep before, const domain::Sweep& after) {
  before.priority = after.priority;
  before.max_running = after.max_running;
  before.search.guard = after.search.guard;
  return before == after;
}

// A process that starts finds nothing of what was not finished.
void DropUnfinished(Checker::Rows* rows) {
  rows->coming.clear();
  std::erase_if(rows->sweeps,
                [](const auto& sweep) { return sweep.second.state == domain::SweepState::kExpanding; });
}

template <typename T>
bool ReadAll(store::Connection* connection, const std::string& sql,
             Result<T> (*read)(const store::Statement&), const std::function<void(T)>& take) {
  auto statement = connection->Prepare(sql);
  if (!statement) return false;
  while (true) {
    const auto more = statement->Step();
    if (!more) return false;
    if (!*more) return true;
    auto row = read(*statement);
    if (!row) return false;
    take(*std::move(row));
  }
}

}  // namespace

void Checker::Apply(const engine::Changes& changes, Rows* rows, bool check) {
  std::set<JobName> touched;
  std::vector<const domain::Attempt*> started;
  ApplyNewJobs(changes, rows);
  for (const domain::Sweep& sweep : changes.sweeps) {
    domain::Sweep& kept = rows->sweeps[sweep.id];
    const bool reopened = sweep.revision > kept.revision;
    if (check && kept.end_time && !reopened && !(kept == sweep) && !OnlySteered(kept, sweep))
      context_->Violate("final is final", SweepResource(sweep.id) + " changed after its end");
    if (check && kept.stages.begun > 0) CheckStages(*rows, kept, sweep);
    if (check && reopened) reopened_at_[{sweep.id, 0}] = context_->agenda.now();
    kept = sweep;
    if (sweep.state == domain::SweepState::kExpanding) continue;
    // What came in parts is there with the last of them.
    const auto end = rows->coming.upper_bound({sweep.id, sweep.job_count});
    for (auto job = rows->coming.lower_bound({sweep.id, 0}); job != end; job = rows->coming.erase(job))
      rows->jobs.insert(*job);
  }
  for (const auto& [name, status] : changes.jobs) {
    const auto coming = rows->coming.find(name);
    domain::JobStatus& kept = coming != rows->coming.end() ? coming->second.status : rows->jobs[name].status;
    if (check && status.reused_from && !kept.reused_from) CheckTakenOver(*rows, name, status);
    if (check && kept.state == JobState::kEnded && !(kept == status) && !MayReopen(name))
      context_->Violate("final is final", ToResource(name) + " changed after its end");
    kept = status;
    touched.insert(name);
  }
  for (const domain::Attempt& attempt : changes.attempts) {
    const auto [entry, is_new] = rows->attempts.try_emplace(attempt.name, attempt);
    if (!is_new && check && !Open(entry->second) && !(Settled(entry->second) == Settled(attempt)))
      context_->Violate("final is final", ToResource(attempt.name) + " changed after its end");
    entry->second = attempt;
    touched.insert(attempt.name.job);
    if (is_new && check) started.push_back(&attempt);
  }
  if (check) NoteReopened(changes);
  for (const domain::Attempt* attempt : started) CheckStart(*rows, *attempt);
  ApplyKept(changes, rows, check);
  if (!check) return;
  for (const JobName& name : touched)
    if (!rows->coming.contains(name)) CheckJob(*rows, name);
  if (!changes.attempts.empty()) CheckCapacity(*rows);
  if (!changes.jobs.empty() || !changes.sweeps.empty()) CheckGuards(*rows);
}

// `rows` with the new jobs, whose numbers follow those before, and else as they were before.
void Checker::CheckStages(const Rows& rows, const domain::Sweep& before, const domain::Sweep& after) {
  const std::string name = SweepResource(after.id);
  const auto begun = static_cast<size_t>(before.stages.begun);
  const bool has_others = after.stages.all.size() != before.stages.all.size();
  if (after.stages.begun < before.stages.begun || (has_others && after.revision == before.revision) ||
      !std::equal(before.stages.all.begin(), before.stages.all.begin() + before.stages.begun,
                  after.stages.all.begin()))
    return context_->Violate("what a stage began with stays", name);
  if (has_others) context_->coverage->Count("sweeps extended by stages");
  if (after.stages.begun == before.stages.begun) return;
  const domain::Stage& next = after.stages.all[begun];
  const auto end = rows.jobs.upper_bound({after.id, before.job_count});
  for (auto job = rows.jobs.lower_bound({after.id, 0}); job != end; ++job)
    if (job->second.status.state != JobState::kEnded)
      context_->Violate("a stage or round begins once all jobs have ended",
                        next.Title() + " beside " + ToResource(job->first));
  if (next.round > 1 ? after.first_competitor != before.first_competitor
                     : after.first_competitor != before.job_count + 1)
    context_->Violate(
        "jobs of all rounds of a stage compete with each other, and with no others",
        next.Title() + " of " + name + ": from " + std::to_string(after.first_competitor) + " on");
  if (next.round > 1) context_->coverage->Count("later rounds of a stage");
}

// As StateWriter writes them.
void Checker::ApplyNewJobs(const engine::Changes& changes, Rows* rows) {
  for (const engine::NewSweep& sweep : changes.new_sweeps) {
    rows->sweeps[sweep.sweep.id] = sweep.sweep;
    for (const domain::JobDefinition& job : sweep.jobs) rows->jobs[job.name] = {job, {}};
  }
  for (const domain::JobDefinition& job : changes.new_jobs) rows->coming[job.name] = {job, {}};
  for (const engine::DroppedJobs& dropped : changes.dropped_jobs) {
    std::erase_if(rows->coming, [&](const auto& job) {
      return job.first.sweep == dropped.sweep && job.first.job > dropped.above;
    });
    if (dropped.above == 0) rows->sweeps.erase(dropped.sweep);
  }
  for (const engine::Extension& extension : changes.extensions)
    for (const domain::JobDefinition& job : extension.jobs) rows->jobs[job.name] = {job, {}};
}

void Checker::CheckJob(const Rows& rows, const JobName& name) {
  int open = 0;
  for (auto it = rows.attempts.lower_bound({name, 0}); it != rows.attempts.end() && it->first.job == name;
       ++it) {
    if (!Open(it->second)) continue;
    ++open;
    if (!it->second.lease_time)
      context_->Violate("leased jobs have a deadline", ToResource(it->first) + " has none");
  }
  const auto job = rows.jobs.find(name);
  if (job == rows.jobs.end())
    return context_->Violate("states add up", ToResource(name) + " belongs to no sweep");
  const JobState state = job->second.status.state;
  if (open > 1)
    context_->Violate("one live lease per job", ToResource(name) + " has " + std::to_string(open));
  if ((open == 1) != (state == JobState::kAssigned || state == JobState::kRunning))
    context_->Violate("one live lease per job", ToResource(name) + " is " + std::string(domain::Name(state)) +
                                                    " with " + std::to_string(open) + " open attempts");
}

// From a job that ran and succeeded, as it is; what has ended so never runs itself.
void Checker::CheckTakenOver(const Rows& rows, const JobName& name, const domain::JobStatus& status) {
  context_->coverage->Count("outcomes taken over");
  const auto from = rows.jobs.find(*status.reused_from);
  const bool good = from != rows.jobs.end() && from->second.status.outcome == Outcome::kSucceeded &&
                    !from->second.status.reused_from && from->second.status.step == status.step &&
                    from->second.status.final == status.final;
  const auto own = rows.attempts.lower_bound({name, 0});
  if (!good || (own != rows.attempts.end() && own->first.job == name))
    context_->Violate("only outcomes of jobs that succeeded are taken over",
                      ToResource(name) + " from " + ToResource(*status.reused_from));
}

// The slots of a worker by the attempts that are assigned to it or run there; each takes its share of each of
// its slots.
void Checker::CheckCapacity(const Rows& rows) {
  std::map<std::pair<std::string, int32_t>, int32_t> used;
  for (const auto& [name, attempt] : rows.attempts) {
    if (attempt.state != AttemptState::kAssigned && attempt.state != AttemptState::kRunning) continue;
    const domain::Resources& request = rows.jobs.at(name.job).definition.resources;
    if (static_cast<int32_t>(attempt.slots.size()) != request.slots)
      context_->Violate("gangs are whole", ToResource(name) + " has " + std::to_string(attempt.slots.size()) +
                                               " of " + std::to_string(request.slots) + " slots");
    for (const int32_t slot : attempt.slots) {
      int32_t& sum = used[{attempt.worker, slot}];
      sum += request.share;
      if (sum <= domain::kWholeSlot) continue;
      context_->Violate("no slot is over capacity", "slot " + std::to_string(slot) + " of " + attempt.worker +
                                                        " was given out beyond its share, to " +
                                                        ToResource(name));
    }
  }
}

void Checker::Committed() {
  Apply(*pending_, &rows_, true);
  NoteReleased();
  pending_.reset();
  retries_.clear();
}

void Checker::After(const engine::Engine& engine, const engine::Effects& effects, Time) {
  const engine::State& state = engine.state();
  if (const auto* answer = std::get_if<engine::SynchronizeAnswer>(&effects.answer)) CheckToldToStop(*answer);
  context_->coverage->Count("inputs of the engine");
  if (const auto violations = engine::Violations(state); !violations.empty())
    context_->Violate("the engine agrees with itself", violations.front());
  for (const auto& [name, job] : state.jobs) {
    const engine::LiveAttempt* newest = job.newest();
    if (newest == nullptr || !Open(newest->row)) continue;
    const auto deadline = state.deadlines.Of(engine::DeadlineKey::Lease(newest->row.name));
    if (!deadline || *deadline > state.now + kLease)
      context_->Violate(
          "leased jobs have a deadline",
          ToResource(newest->row.name) + (deadline ? ": it is more than a lease away" : " has none"));
  }
}

std::optional<Checker::Rows> Checker::ReadRows(store::Connection* connection) {
  Rows rows;
  const bool good =
      ReadAll<domain::Sweep>(connection, std::string("SELECT ") + store::kSweepColumns + " FROM sweeps",
                             &store::ReadSweep,
                             [&](domain::Sweep row) { rows.sweeps[row.id] = std::move(row); }) &&
      ReadAll<domain::Job>(connection, std::string("SELECT ") + store::kJobColumns + " FROM jobs",
                           &store::ReadJob,
                           [&](domain::Job row) { rows.jobs[row.name()] = std::move(row); }) &&
      ReadAll<domain::Attempt>(
          connection,
          std::string("SELECT ") + store::kAttemptColumns +
              " FROM jobs JOIN attempts ON attempts.sweep = jobs.sweep AND attempts.job = jobs.number",
          &store::ReadAttempt, [&](domain::Attempt row) { rows.attempts[row.name] = std::move(row); });
  if (!good || !ReadKept(connection, &rows)) return std::nullopt;
  return rows;
}

std::string Checker::Difference(const Rows& expected, const Rows& found) const {
  if (expected.sweeps != found.sweeps) return "sweeps";
  for (const auto& [name, job] : expected.jobs) {
    const auto there = found.jobs.find(name);
    if (there == found.jobs.end()) return ToResource(name) + " is gone";
    if (!(there->second.status == job.status)) return ToResource(name) + " is not as it was committed";
  }
  for (const auto& [name, attempt] : expected.attempts) {
    const auto there = found.attempts.find(name);
    if (there == found.attempts.end()) return ToResource(name) + " is gone";
    if (!(there->second == attempt)) return ToResource(name) + " is not as it was committed";
  }
  if (expected.jobs.size() != found.jobs.size() || expected.attempts.size() != found.attempts.size())
    return "there is more than was committed";
  if (expected.kept != found.kept || expected.pins != found.pins) return "checkpoints or pins";
  return "";
}

void Checker::Opened(const std::string& vfs, const engine::State& state, store::MetricsStore* metrics) {
  auto connection = store::Connection::Open("state/state.db", store::Connection::Mode::kReadOnly, vfs);
  auto found = connection ? ReadRows(&*connection) : std::nullopt;
  if (!found) return context_->Violate("the database opens after any crash", "it cannot be read");
  Rows with_it = rows_;
  DropUnfinished(&rows_);
  if (!rows_are_new_) {
    std::string difference = Difference(rows_, *found);
    if (!difference.empty() && pending_) {  // the commit that was cut short: whole or not at all
      Apply(*pending_, &with_it, false);
      DropUnfinished(&with_it);
      if (Difference(with_it, *found).empty()) difference.clear();
    }
    if (!difference.empty()) context_->Violate("what was committed survives any crash", difference);
  }
  rows_are_new_ = false;
  pending_.reset();
  retries_.clear();
  rows_ = *std::move(found);
  NoteReleased();
  CheckPromises();
  if (const auto violations = engine::Violations(state); !violations.empty())
    context_->Violate("the engine agrees with itself", violations.front());

  std::vector<domain::Attempt> attempts;
  for (const auto& [name, attempt] : rows_.attempts) attempts.push_back(attempt);
  const auto held = metrics->Held(attempts);
  if (!held) return context_->Violate("acknowledged records are held", held.error().message());
  for (const domain::Attempt& attempt : attempts) {
    const auto told = told_held_.find({ToResource(attempt.name), attempt.fence});
    if (told == told_held_.end() || told->second == 0) continue;
    const auto there = held->find(attempt.name);
    if (there == held->end() || there->second.record < told->second)
      context_->Violate("acknowledged records are held",
                        ToResource(attempt.name) + ": " + std::to_string(told->second) +
                            " were acknowledged, " +
                            std::to_string(there == held->end() ? 0 : there->second.record) + " are there");
  }
}

void Checker::ToldHeld(const worker::AttemptKey& key, int64_t record) {
  int64_t& told = told_held_[key];
  told = std::max(told, record);
}

bool Checker::AllEnded() const {
  return std::all_of(rows_.jobs.begin(), rows_.jobs.end(),
                     [](const auto& entry) { return entry.second.status.state == JobState::kEnded; });
}

}  // namespace optfleet::simulation
