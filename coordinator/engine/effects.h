// What an input leads to: rows to write, then an answer to give. Persist, then speak: the answer leaves only
// after the rows are committed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/fence.h"
#include "common/names.h"
#include "common/outcome.h"
#include "common/result.h"
#include "coordinator/domain/attempt.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/scheduler/explain.h"

namespace optfleet::engine {

// The definitions whole, unlike those that the engine keeps.
struct NewSweep {
  domain::Sweep sweep;
  domain::SweepSource source;
  std::vector<domain::JobDefinition> jobs;  // all queued
};

// A sweep that is being expanded or extended loses its jobs with higher numbers; without any it goes, too.
struct DroppedJobs {
  std::string sweep;
  int32_t above = 0;
};

// What a sweep has got beyond what it was created with.
struct Extension {
  std::string sweep;
  int32_t revision = 0;
  domain::SweepSource source;
  std::vector<domain::JobDefinition> jobs;                                     // all queued
  std::vector<std::pair<int32_t, std::vector<domain::Parameter>>> parameters;  // by job number
};

// Values of a job on axes that its sweep is about to get; those that it has stay.
struct NewParameters {
  JobName job;
  std::vector<domain::Parameter> parameters;
};

// Why the queued jobs of a class wait: those of one sweep that ask for the same and are bound to the same
// worker ("" for none).
struct ClassReason {
  std::string sweep;
  domain::Resources resources;
  std::string bound_worker;
  std::string reason;
  friend bool operator==(const ClassReason&, const ClassReason&) = default;
};

// What lies in kept/ of a worker, or no longer lies there.
struct KeptChange {
  domain::KeptCheckpoint row;
  bool gone = false;
};

struct PinChange {
  CheckpointName checkpoint;
  std::optional<Time> time;  // absent: unpinned
};

// How a job stands at a rung that it came to.
struct RungChange {
  JobName job;
  sweeps::RungResult result;
};

// Rows as they are after the input. Of several rows with one key the last counts.
struct Changes {
  std::vector<NewSweep> new_sweeps;
  std::vector<domain::JobDefinition> new_jobs;  // of sweeps that are being expanded or extended, whole
  std::vector<NewParameters> new_parameters;    // of sweeps that are being extended
  std::vector<DroppedJobs> dropped_jobs;
  std::vector<Extension> extensions;
  std::vector<domain::Sweep> sweeps;
  std::vector<std::pair<JobName, domain::JobStatus>> jobs;
  std::vector<domain::Attempt>
      attempts;  // the metrics store wants these too (MetricsStore::Link), after the commit
  std::vector<domain::AttemptLog> logs;
  std::vector<domain::Worker> workers;
  std::vector<RungChange> rungs;  // in order
  std::vector<KeptChange> kept;   // in order
  std::vector<PinChange> pins;    // in order
  std::vector<domain::Event> events;
  std::vector<domain::Request> requests;
  std::optional<std::vector<ClassReason>> waiting;  // replaces all rows, if present
  std::optional<Time> forget_requests_before;

  bool empty() const;
  // Appends later changes, so that many inputs share one commit.
  void Append(Changes later);
};

struct SweepAnswer {
  std::string sweep_id;
  bool repeated = false;  // the request was carried out before
  // Of a retry those that wait again, of an extension the new ones; the same for a repeat.
  std::vector<int32_t> jobs = {};
};

struct WorkerAnswer {
  std::string worker_id;
};

// Of an open job. What keeps a waiting one from starting, and its place in the queue.
struct ExplainAnswer {
  domain::JobState state = domain::JobState::kQueued;
  std::string reason;                             // one sentence
  std::optional<scheduler::Explanation> waiting;  // exactly if it is in the queue
  int64_t ahead = 0;                              // jobs in the queue that come first
  int64_t queued = 0;                             // jobs in the queue
  std::optional<Time> not_before;                 // queued, in back-off
  std::vector<std::string> holders;  // attempts on the slots that it waits for, at most 20, by worker
};

struct JobAnswer {
  JobName job;
};

struct CheckpointAnswer {
  CheckpointName checkpoint;
};

// An attempt that a worker should have (optfleet.v1.DesiredAttempt).
struct DesiredAttempt {
  enum class Action { kRun = 1, kStop = 2 };
  AttemptName attempt;
  Fence fence;
  Action action = Action::kRun;
  std::vector<int32_t> slots;
  int32_t share = domain::kWholeSlot;  // of each
  int64_t memory_bytes = 0;            // of each, of a shared slot; 0: the share of what it has
  int64_t pause_step = 0;              // 0: none
  bool with_spec = false;  // whoever sends the answer fills in the job's spec, which the engine does not keep
  std::string spec_json;
  std::optional<AttemptName> resume_parent;
  Fence resume_parent_fence;
  Outcome stop_outcome = Outcome::kCancelled;  // the next three only with kStop
  std::string stop_reason;
  bool stop_with_checkpoint = false;
};

// An attempt that needs no more of its worker (optfleet.v1.Forget).
struct Forget {
  AttemptName attempt;
  Fence fence;
  bool kill = false;
  std::string reason;
  bool keep_checkpoints = false;
};

struct HeldRecord {
  AttemptName attempt;
  int64_t record = 0;
};

// A checkpoint in kept/ to delete (optfleet.v1.DeleteKept).
struct DeleteKept {
  AttemptName attempt;
  Fence fence;
  int64_t step = 0;
};

struct SynchronizeAnswer {
  std::vector<DesiredAttempt> attempts;
  std::vector<Forget> forget;
  std::vector<HeldRecord> held;
  std::vector<DeleteKept> delete_kept;
  bool list_kept = false;  // the list of what is in kept/ is wanted
  Duration next_call{};
  Duration lease{};
  int64_t incarnation = 0;
};

using Answer = std::variant<std::monostate, Error, SweepAnswer, JobAnswer, WorkerAnswer, CheckpointAnswer,
                            ExplainAnswer, SynchronizeAnswer>;

struct Effects {
  Changes changes;
  Answer answer;  // monostate for inputs that are not answered
};

}  // namespace optfleet::engine
