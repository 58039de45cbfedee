// A job: one distinct point of a sweep.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/names.h"
#include "common/outcome.h"
#include "common/time.h"
#include "coordinator/domain/resources.h"
#include "coordinator/domain/states.h"

namespace optfleet::domain {

using Figures = std::map<std::string, double>;  // may hold NaN and infinities

struct Parameter {
  std::string key;    // dotted, "optimizer.learning_rate"
  std::string value;  // as YAML would write it
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

// Written once, when the sweep is created.
struct JobDefinition {
  JobName name;
  std::vector<Parameter> parameters;  // values on the sweep's axes, in axis order
  std::string spec_json;              // canonical
  std::string spec_hash;              // distinct within the sweep
  int64_t total_steps = 0;
  Resources resources;
  Time create_time;
  friend bool operator==(const JobDefinition&, const JobDefinition&) = default;
};

// What changes.
struct JobStatus {
  JobState state = JobState::kQueued;
  std::optional<Outcome> outcome;  // exactly when ended
  std::string reason;              // why it was queued again, why it ended so
  int32_t attempt_count = 0;       // the newest attempt has this number
  std::string worker;              // of the live attempt; empty otherwise
  // While queued: only this worker may take it, since the checkpoint to resume from lies there; empty for
  // any.
  std::string bound_worker;
  int32_t rung = 0;                // of a sweep with halving: where it pauses next, or has; domain::kNoRung
  int64_t slot_time = 0;           // SlotMicros of attempts that have ended (slot_time.h)
  int32_t failures = 0;            // failed attempts since the newest checkpoint last advanced
  std::optional<Time> not_before;  // while queued: back-off after a failure
  std::optional<Outcome> stop;     // a stop was asked for; the outcome to record
  std::string stop_reason;
  int64_t step = 0;  // newest step of its series; written when it ends, before that the metrics store knows
  Figures final;     // of the result
  std::optional<double>
      objective;  // final value of the sweep's objective, if finite and the job trained as planned
  std::optional<Time> start_time;  // first time it was given to a worker
  // It never ran: its outcome, figures and series are those of this equal job, which ran. Exactly then ended
  // without an attempt as succeeded.
  std::optional<JobName> reused_from;
  std::optional<Time> end_time;
  friend bool operator==(const JobStatus&, const JobStatus&) = default;
};

struct Job {
  JobDefinition definition;
  JobStatus status;
  const JobName& name() const { return definition.name; }
  friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace optfleet::domain
