// What the engine knows. Data and look-ups; what may happen to it stands in transitions.h and in one file per
// input.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "coordinator/domain/attempt.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/series.h"
#include "coordinator/domain/slot_time.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/engine/deadlines.h"
#include "coordinator/engine/effects.h"
#include "coordinator/engine/engine.h"
#include "coordinator/engine/fresh_jobs.h"
#include "coordinator/engine/wait_queue.h"
#include "coordinator/scheduler/offer.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::engine {

struct LiveSweep {
  domain::Sweep row;
  domain::EndedJobs ended;
  int64_t ended_steps = 0;
  FreshJobs fresh;
  std::optional<sweeps::Halving> halving;  // exactly with row.search.halving
  std::optional<sweeps::StopRules> rules;  // exactly with row.search.stop
  domain::SlotTime slot_time;
  int32_t paused = 0;    // jobs that are, at a rung
  int32_t finished = 0;  // that succeeded, of those from row.first_competitor on
  RankedJobs best;       // ended jobs whose checkpoints are kept; with row.keep.best_jobs, at most so many
  int32_t on_slots = 0;  // attempts that are assigned or running
  // Of attempts that ended since this process began: how fast they trained.
  int64_t trained_steps = 0;
  double trained_seconds = 0;
};

// New jobs that took the outcome of an equal job over, before their sweep counts them.
struct ReusedJobs {
  std::set<int32_t> numbers;
  int64_t steps = 0;
  std::optional<std::pair<double, int32_t>> best;  // cost (sweeps::Objective) and number
};

// What comes in parts, a sweep or what extends one: what is remembered once it is finished.
struct Expanding {
  std::string request_id;
  std::string content_hash;
  std::unordered_set<std::string> spec_hashes;  // of its jobs
  WaitQueue queue;                              // they wait here until it is finished
  ReusedJobs reused;                            // and those that have ended are not counted before
};

struct Extending {
  Expanding part;
  ExtendSweep head;      // without points
  int32_t last_job = 0;  // numbers behind the sweep's job_count up to this one are its
  FreshJobs fresh;
  bool cancelled = false;  // the sweep was, meanwhile
};

struct LiveAttempt {
  domain::Attempt row;
  int64_t held_record = 0;
  int64_t step = 0;           // newest recorded
  bool records_lost = false;  // those that are not held cannot come any more (since this process began)
  bool log_kept = false;  // the log tail of its end is written (forgotten over a restart: written once more)
};

struct LiveJob {
  domain::Job row;                          // without the texts of its definition, which only the store keeps
  std::map<int32_t, LiveAttempt> attempts;  // all, by number

  LiveAttempt* newest() { return attempts.empty() ? nullptr : &attempts.rbegin()->second; }
  const LiveAttempt* newest() const { return attempts.empty() ? nullptr : &attempts.rbegin()->second; }
  std::vector<domain::SeriesLink> links() const;
};

// What an attempt takes of its slots, by its worker's word.
struct Occupied {
  std::vector<int32_t> slots;
  int32_t share = domain::kWholeSlot;
  int64_t memory_bytes = 0;  // of each slot
  friend bool operator==(const Occupied&, const Occupied&) = default;
};

struct LiveWorker {
  domain::Worker row;
  bool heard = false;         // since this process began; before that nobody knows what its slots hold
  int64_t last_sequence = 0;  // of its session
  Time last_seen;
  std::optional<Time> away_since;  // not ready since then; a restart of the coordinator counts as its begin
  std::set<AttemptName> attempts;  // assigned or running here
  std::map<AttemptName, Occupied> reported;  // what its last message said is on its slots, whatever it may be
  std::string kept_digest;                   // of its newest list of checkpoints; empty: ask for it
  std::set<domain::KeptId> releasing;        // what it is told to delete
  std::optional<scheduler::WorkerOffer> offer;  // what of it is free; dropped when it changes (offers.h)
};

// Rows that the current input has changed.
struct Touched {
  std::set<std::string> sweeps;
  std::set<JobName> jobs;
  std::set<AttemptName> attempts;
  std::set<std::string> workers;
};

struct State {
  Options options;
  int64_t incarnation = 1;
  int64_t first_incarnation = 1;
  Time now;                                    // goes on, whatever happens to the clock
  Time clock;                                  // the caller's, as last given
  std::map<std::string, LiveSweep> sweeps;     // all
  std::map<std::string, Expanding> expanding;  // their rows are in `sweeps`
  std::map<std::string, Extending> extending;  // by sweep; nothing of it is seen elsewhere but in `starts`
  // Not ended, and not fresh (LiveSweep::fresh). A job that ends leaves with the input that ended it.
  std::map<JobName, LiveJob> jobs;
  std::map<std::string, LiveWorker> workers;  // all
  std::unordered_map<std::string, domain::Request> requests;
  // What lies in kept/ of all workers, as they last said.
  std::map<domain::KeptId, domain::KeptCheckpoint> kept;
  std::set<CheckpointName> pins;
  std::map<JobName, std::vector<CheckpointName>> starts;  // that specs of open jobs name, where any
  std::set<std::string> uncollected;                      // sweeps in which something may be released
  std::set<std::string> due_stages;                       // Engine::due_stages
  std::map<std::string, std::string> watched;             // Engine::watched
  std::set<std::string> guarded;                          // active sweeps with a guard
  std::set<std::string> unsettled;  // sweeps in which something came to a rung, or left (rungs.h)
  WaitQueue queue;
  Deadlines deadlines;
  std::vector<ClassReason> waiting;
  std::vector<scheduler::Reservation> reservations;  // of the last plan
  Time planned_at;                                   // when it was made
  Time refreshed_at;                                 // when its estimates were
  std::map<Outcome, int64_t> attempts_ended;         // since this process began

  // Of the current input.
  Changes changes;
  Touched touched;
  bool plan_is_stale = true;

  // Just loaded: attempts may have waited for records that were committed as the last process ended. Looked
  // at with the first input.
  bool check_finishing = false;

  void Advance(Time given);  // by as much as the clock went forward
  // Of a job that has not ended; a fresh one becomes a live one. Null if there is none.
  LiveJob* FindJob(const JobName& name);
  // The same for all of a sweep, by number.
  std::vector<LiveJob*> OpenJobsOf(const std::string& sweep);
  bool IsOpen(const JobName& name) const;           // whether there is a job of that name that has not ended
  int64_t TotalStepsOf(const JobName& name) const;  // of one that is open
  int64_t open_jobs() const;
  LiveAttempt* FindAttempt(const AttemptName& name);  // of a job that has not ended
  LiveWorker* FindWorker(const std::string& id);
  LiveSweep& SweepOf(const JobName& name);  // must exist
  void Forget(const JobName& name);         // of jobs and what is noted beside them

  // Something about the worker or what is on it is different.
  void WorkerChanged(LiveWorker* worker) {
    worker->offer.reset();
    plan_is_stale = true;
  }
  void Touch(const domain::Attempt& attempt) { touched.attempts.insert(attempt.name); }
  void Touch(const domain::Job& job) { touched.jobs.insert(job.name()); }
  void Say(std::string subject, std::string_view what, std::string reason);  // an event, now

  // The rows of everything touched, with `changes`; forgets jobs that have ended.
  Changes TakeChanges();
};

}  // namespace optfleet::engine
