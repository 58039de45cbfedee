// Everything the coordinator decides. Pure: no clock, thread, socket, file, random source or SQL; the same
// state and the same inputs at the same times lead to the same effects.
//
// It holds what has not ended: sweeps with their totals, and jobs, attempts and workers. Ended jobs live on
// only in the store and as counts in their sweep, so memory is bounded by what is open.
//
// One thread. Effects must be committed in the order of the calls. If a commit fails, this object is ahead of
// the disk and must not be used again: nothing was acknowledged, so the process stops and starts from what is
// on disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/time.h"
#include "coordinator/domain/attempt.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/slot_time.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/engine/effects.h"
#include "coordinator/engine/fresh_jobs.h"
#include "coordinator/engine/inputs.h"

namespace optfleet::engine {

struct Options {
  Duration lease = std::chrono::minutes(10);
  Duration period = std::chrono::seconds(1);  // how often workers call
  Duration eager_period =
      std::chrono::milliseconds(200);  // while something of theirs is starting or stopping
  int32_t missed_periods = 3;          // silent for longer: unreachable
  int32_t crash_budget = 3;            // failed attempts without progress until the job has failed
  int32_t device_fault_budget = 6;     // the same where a device was at fault
  Duration first_backoff = std::chrono::seconds(1);  // after a failure; doubles with each further one
  Duration longest_backoff = std::chrono::minutes(1);
  int32_t failures_to_exclude = 3;  // attempts that fail in a row until their worker is left alone
  Duration first_exclusion = std::chrono::minutes(5);  // doubles with each further failure
  Duration longest_exclusion = std::chrono::hours(1);
  Duration request_memory = std::chrono::hours(7 * 24);  // how long a request id is remembered
};

// Ended jobs by cost (sweeps::Objective; less is better), then number.
using RankedJobs = std::set<std::pair<double, int32_t>>;

// What a store knew when the process began. Complete for everything that has not ended.
struct SavedSweep {
  domain::Sweep sweep;
  domain::EndedJobs ended;
  int64_t ended_steps = 0;                 // sum of JobStatus::step of its ended jobs
  domain::SlotMicros ended_slot_time = 0;  // the same of JobStatus::slot_time
  FreshJobs fresh;
  RankedJobs best;  // with keep.best_jobs: so many
  // With search.halving: its jobs from first_competitor on that came to a rung, and how many
  // of those succeeded.
  std::vector<sweeps::RungResult> rungs;
  int32_t finished = 0;
};
struct SavedState {
  int64_t incarnation = 1;
  int64_t first_incarnation = 1;   // of this database: those from there on were given out by it
  std::vector<SavedSweep> sweeps;  // all
  // Not ended and not among the fresh ones; the texts of their definitions may be left out.
  std::vector<domain::Job> jobs;
  std::vector<domain::Attempt> attempts;    // all attempts of those jobs
  std::map<AttemptName, RecordsHeld> held;  // of those attempts, as the metrics store knows
  // The same, of active sweeps with search.stop: all values of their objective, of each job by step.
  std::map<std::string, std::vector<sweeps::Report>> reports;
  std::vector<domain::Worker> workers;
  std::vector<domain::Request> requests;
  std::vector<ClassReason> waiting;
  std::vector<domain::KeptCheckpoint> kept;
  std::vector<CheckpointName> pins;
  std::map<JobName, std::vector<CheckpointName>> starts;  // that specs of those jobs name, where any
};

// How many of what there is, for /metrics.
struct Census {
  std::map<std::string, int64_t> sweeps_by_state;
  std::map<std::string, int64_t> jobs_by_state;  // open states, and outcomes of the ended jobs of all sweeps
  std::map<std::string, int64_t> attempts_by_outcome;  // since this process began
  struct Slots {
    int64_t total = 0;
    int64_t taken = 0;
  };
  std::map<std::string, Slots> slots;  // by worker id
};

struct State;  // coordinator/engine/state.h

class Engine {
 public:
  // Every lease gets a full period from `now`. INVALID state (rows that contradict each other) is DATA_LOSS,
  // with the row.
  static Result<std::unique_ptr<Engine>> Create(const Options& options, SavedState saved, Time now);
  ~Engine();

  // `now` is the wall clock. One that was set back does not make anything wait: the engine's time goes on
  // from where it was, and is ahead of the wall until the next start.
  Effects Handle(Input input, Time now);

  // When the next Tick is due, on the caller's clock; Time::max() if nothing waits for time. Changes with
  // every Handle.
  Time next_tick() const;

  // Sweeps all of whose jobs have ended and whose next stage is to begin: somebody expands it and gives it
  // here as ExtendSweep, or RefuseStage. They stay here until one of both is taken.
  const std::set<std::string>& due_stages() const;

  // Objectives of active sweeps that stop jobs early, by sweep: what is recorded of them is to come with
  // RecordsHeld.
  const std::map<std::string, std::string>& watched() const;

  Census TakeCensus() const;

  // For tests and the simulation.
  const State& state() const { return *state_; }

 private:
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace optfleet::engine
