// Reads of everything, for the API. Read-only connections of its own; never checkpoints, never blocks a
// writer.
//
// One object per reading thread. Each call sees one consistent state of each database. Pages: at most `limit`
// rows behind `after`, in a stable order; fewer rows than `limit` means the end.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/names.h"
#include "common/result.h"
#include "coordinator/domain/attempt.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/event.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/slot_time.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/engine/inputs.h"
#include "coordinator/store/measured_job.h"
#include "coordinator/store/thin_plan.h"

namespace optfleet::store {

struct SweepView {
  domain::Sweep sweep;
  domain::SweepSource source;             // only from GetSweep
  std::map<std::string, int32_t> counts;  // by state name for open jobs, by outcome name for ended ones
  std::optional<JobName> best_job;
  std::optional<double> best_objective;
  int64_t steps_done = 0;
  int64_t steps_total = 0;
  domain::SlotMicros slot_time = 0;  // of attempts that have ended
  struct Running {
    Time start;
    int64_t shares = 0;  // percent of slots that it holds
  };
  std::vector<Running> running;  // attempts
};

struct JobView {
  domain::Job
      job;  // status.step is the newest recorded; status.reason holds why it waits, never empty while queued
  domain::Figures latest;  // newest value of each key that the records of its newest attempt carried
};

struct AttemptView {
  domain::Attempt attempt;
  int64_t held_record = 0;
  int64_t step = 0;  // newest recorded
};

struct WorkerView {
  domain::Worker worker;
  std::vector<AttemptName> attempts;  // that have not ended
};

struct CheckpointView {
  domain::KeptCheckpoint checkpoint;
  bool pinned = false;
};

struct SweepKey {  // place in ListSweeps, newest first
  Time create_time;
  std::string id;
};

struct SeriesQuery {
  JobName job;
  std::vector<std::string> keys;  // empty: all
  int64_t first_step = 0;
  int32_t buckets = 0;  // at most so many per key; 0: every point
  // An answer that would have more points or buckets in all is OUT_OF_RANGE, and is not read to its end.
  int64_t most_points = std::numeric_limits<int64_t>::max();
};

// One key of one job as columns of equal length, by step. Buckets hold equally many points (the last may hold
// fewer).
struct SeriesColumn {
  std::string key;
  std::vector<int64_t> steps;     // of the last point of each bucket
  std::vector<double> last;       // as recorded, NaN and infinities too
  std::vector<double> min;        // least finite value; NaN if the bucket has none
  std::vector<double> max;        // largest finite value; NaN if the bucket has none
  std::vector<Time> times;        // of the last point
  std::vector<int32_t> attempts;  // that recorded the last point
};

// Which ended jobs: these numbers (those that have not ended are left out), or all with one of the outcomes.
struct EndedSelection {
  std::vector<int32_t> jobs;
  std::vector<Outcome> outcomes;  // if jobs is empty
};

// As the engine wants them to queue them again; `revision` is that of their sweep when they were read.
struct EndedJobs {
  int32_t revision = 0;
  std::vector<engine::EndedJob> jobs;  // by number
};

// What a sweep has already.
struct KnownPoint {
  int32_t job = 0;
  std::vector<domain::Parameter> parameters;  // all that are kept, whether on an axis or not
};
struct SweepPoints {
  domain::Sweep sweep;
  std::unordered_map<std::string, KnownPoint> by_hash;  // by spec hash
};

// What its next stage depends on.
struct JobResult {
  int32_t job = 0;
  std::optional<double> objective;
  domain::Figures final;  // empty of a job that does not compete
};
struct StagedSweep {
  SweepPoints points;
  domain::SweepSource source;
  std::unordered_map<std::string, JobResult> results;  // of ended jobs, by spec hash
};

struct HashedJob {
  std::string spec_hash;
  JobName name;
};

class ReadStore {
 public:
  // The databases exist (StateStore and MetricsStore have been opened once). Errors as StateStore::Open.
  static Result<std::unique_ptr<ReadStore>> Open(const std::string& folder, const std::string& vfs = {});
  virtual ~ReadStore() = default;

  // NOT_FOUND names the resource.
  virtual Result<SweepView> GetSweep(const std::string& id) = 0;
  virtual Result<JobView> GetJob(const JobName& name) = 0;
  virtual Result<AttemptView> GetAttempt(const AttemptName& name) = 0;
  // NOT_FOUND also for an attempt that has not delivered a log.
  virtual Result<domain::AttemptLog> GetAttemptLog(const AttemptName& name) = 0;

  // Newest first.
  virtual Result<std::vector<SweepView>> ListSweeps(const std::optional<SweepKey>& after, int32_t limit) = 0;
  // By sweep id and number; of one sweep (NOT_FOUND if there is none of that id) or of all.
  virtual Result<std::vector<JobView>> ListJobs(const std::optional<std::string>& sweep,
                                                const std::optional<JobName>& after, int32_t limit) = 0;
  // By number, oldest first. NOT_FOUND if there is no such job.
  virtual Result<std::vector<AttemptView>> ListAttempts(const JobName& job, int32_t after, int32_t limit) = 0;
  // By id.
  virtual Result<std::vector<WorkerView>> ListWorkers(const std::string& after, int32_t limit) = 0;
  virtual Result<WorkerView> GetWorker(const std::string& id) = 0;
  // In order of job, attempt and step; of one job or of all of the sweep. NOT_FOUND if there is none of that
  // name.
  virtual Result<std::vector<CheckpointView>> ListCheckpoints(const std::string& sweep,
                                                              std::optional<int32_t> job,
                                                              const std::optional<domain::KeptId>& after,
                                                              int32_t limit) = 0;
  virtual Result<CheckpointView> GetCheckpoint(const CheckpointName& name) = 0;
  // The newest `limit`, oldest of them first.
  virtual Result<std::vector<domain::Event>> ListNewestEvents(const std::string& subject, int32_t limit) = 0;
  // Oldest first, of one resource and everything below it.
  virtual Result<std::vector<domain::Event>> ListEvents(const std::string& subject, int64_t skip,
                                                        int32_t limit) = 0;

  // NOT_FOUND if there is no such sweep.
  virtual Result<EndedJobs> GetEndedJobs(const std::string& sweep, const EndedSelection& selection) = 0;
  virtual Result<SweepPoints> GetSweepPoints(const std::string& sweep) = 0;
  virtual Result<StagedSweep> GetStagedSweep(const std::string& sweep) = 0;

  // Of all sweeps, those that ran and succeeded, by sweep and number. Looks at every job.
  virtual Result<std::vector<HashedJob>> ListSucceededJobs() = 0;
  // Those of the names that did, in that order.
  virtual Result<std::vector<SucceededJob>> GetSucceededJobs(const std::vector<JobName>& names) = 0;

  // Of the newest sweeps, spread evenly over the numbers of each one's jobs.
  virtual Result<std::vector<MeasuredJob>> ListMeasuredJobs(const MeasuredLimits& limits) = 0;

  // One column per key that has points, in the order asked for, else by name; of a job that took an outcome
  // over, the series that was recorded then. NOT_FOUND if there is no such job.
  virtual Result<std::vector<SeriesColumn>> QuerySeries(const SeriesQuery& query) = 0;

  // As ReadAttemptsToThin and PlanThinning in thin_plan.h.
  virtual Result<std::vector<AttemptName>> AttemptsToThin(Time before, int32_t limit) = 0;
  virtual Result<ThinPlan> PlanThinning(const AttemptName& attempt, int64_t most) = 0;
};

}  // namespace optfleet::store
