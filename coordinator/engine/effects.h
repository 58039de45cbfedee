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
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"

namespace optfleet::engine {

// The definitions whole, unlike those that the engine keeps.
struct NewSweep {
  domain::Sweep sweep;
  domain::SweepSource source;
  std::vector<domain::JobDefinition> jobs;  // all queued
};

// Why the queued jobs of a class wait. One class per worker that jobs are bound to, and "" for the jobs that
// any may take.
struct ClassReason {
  std::string bound_worker;
  std::string reason;
  friend bool operator==(const ClassReason&, const ClassReason&) = default;
};

// Rows as they are after the input. Of several rows with one key the last counts.
struct Changes {
  std::vector<NewSweep> new_sweeps;
  std::vector<domain::Sweep> sweeps;
  std::vector<std::pair<JobName, domain::JobStatus>> jobs;
  std::vector<domain::Attempt>
      attempts;  // the metrics store wants these too (MetricsStore::Link), after the commit
  std::vector<domain::AttemptLog> logs;
  std::vector<domain::Worker> workers;
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
};

struct JobAnswer {
  JobName job;
};

// An attempt that a worker should have (optfleet.v1.DesiredAttempt).
struct DesiredAttempt {
  enum class Action { kRun = 1, kStop = 2 };
  AttemptName attempt;
  Fence fence;
  Action action = Action::kRun;
  std::vector<int32_t> slots;
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

struct SynchronizeAnswer {
  std::vector<DesiredAttempt> attempts;
  std::vector<Forget> forget;
  std::vector<HeldRecord> held;
  Duration next_call{};
  Duration lease{};
  int64_t incarnation = 0;
};

using Answer = std::variant<std::monostate, Error, SweepAnswer, JobAnswer, SynchronizeAnswer>;

struct Effects {
  Changes changes;
  Answer answer;  // monostate for inputs that are not answered
};

}  // namespace optfleet::engine
