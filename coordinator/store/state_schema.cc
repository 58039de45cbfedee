// Schema of state.db. Times are microseconds since 1970, UTC. Columns named *_json hold JSON
// (store/encode.h); states and outcomes are their names, so that the file reads well in the sqlite3 shell.
#include <array>

#include "coordinator/store/schema.h"

namespace optfleet::store {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('incarnation', 1);

CREATE TABLE sweeps(
  id TEXT PRIMARY KEY, display_name TEXT NOT NULL, state TEXT NOT NULL, axes_json TEXT NOT NULL,
  objective TEXT NOT NULL, job_count INTEGER NOT NULL, merged_points INTEGER NOT NULL, priority INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL, create_time INTEGER NOT NULL, end_time INTEGER);
CREATE INDEX sweeps_by_age ON sweeps(create_time, id);

CREATE TABLE sweep_sources(
  sweep TEXT PRIMARY KEY REFERENCES sweeps(id), files_json TEXT NOT NULL, overrides_json TEXT NOT NULL,
  working_folder TEXT NOT NULL, environment_json TEXT NOT NULL);

CREATE TABLE jobs(
  sweep TEXT NOT NULL REFERENCES sweeps(id), number INTEGER NOT NULL,
  parameters_json TEXT NOT NULL, spec_json TEXT NOT NULL, spec_hash TEXT NOT NULL, total_steps INTEGER NOT NULL,
  priority INTEGER NOT NULL, create_time INTEGER NOT NULL,
  state TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL, attempt_count INTEGER NOT NULL, worker TEXT NOT NULL,
  bound_worker TEXT NOT NULL, failures INTEGER NOT NULL, not_before INTEGER, stop TEXT, stop_reason TEXT NOT NULL,
  step INTEGER NOT NULL, final_json TEXT NOT NULL, objective REAL, start_time INTEGER, end_time INTEGER,
  PRIMARY KEY (sweep, number), UNIQUE (sweep, spec_hash),
  CHECK ((state = 'ended') = (outcome IS NOT NULL)));
CREATE INDEX jobs_by_state ON jobs(sweep, state, outcome, step, total_steps);
CREATE INDEX jobs_by_objective ON jobs(sweep, objective, number) WHERE objective IS NOT NULL;
CREATE INDEX jobs_started ON jobs(sweep, number) WHERE state <> 'ended' AND attempt_count > 0;
CREATE INDEX jobs_open ON jobs(sweep, number) WHERE state <> 'ended';

CREATE TABLE workers(
  id TEXT PRIMARY KEY, state TEXT NOT NULL, slots_json TEXT NOT NULL, version TEXT NOT NULL, host TEXT NOT NULL,
  session INTEGER NOT NULL, retired_sessions_json TEXT NOT NULL, last_seen INTEGER NOT NULL);

CREATE TABLE attempts(
  sweep TEXT NOT NULL, job INTEGER NOT NULL, number INTEGER NOT NULL, incarnation INTEGER NOT NULL,
  state TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL, worker TEXT NOT NULL REFERENCES workers(id),
  slots_json TEXT NOT NULL, resume_attempt INTEGER NOT NULL, start_known INTEGER NOT NULL, parent INTEGER NOT NULL,
  resume_step INTEGER NOT NULL, resume_record INTEGER NOT NULL, checkpoint_step INTEGER NOT NULL,
  checkpoint_record INTEGER NOT NULL, record_limit INTEGER NOT NULL, lease_time INTEGER, reported_json TEXT,
  create_time INTEGER NOT NULL, start_time INTEGER, end_time INTEGER, trainer_pid INTEGER NOT NULL,
  run_directory TEXT NOT NULL,
  PRIMARY KEY (sweep, job, number), FOREIGN KEY (sweep, job) REFERENCES jobs(sweep, number),
  CHECK ((state = 'ended') = (outcome IS NOT NULL))) WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts(worker) WHERE state <> 'ended';

CREATE TABLE attempt_logs(
  sweep TEXT NOT NULL, job INTEGER NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
  skipped_bytes INTEGER NOT NULL, PRIMARY KEY (sweep, job, number),
  FOREIGN KEY (sweep, job, number) REFERENCES attempts(sweep, job, number));

-- Append-only: history, audits, the reasons behind the present state.
CREATE TABLE events(
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, subject TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX events_by_subject ON events(subject, id);

CREATE TABLE requests(
  id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, subject TEXT NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX requests_by_age ON requests(time);

-- Why queued jobs wait, by jobs.bound_worker.
CREATE TABLE waiting(bound_worker TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* kVersion2 = R"sql(
ALTER TABLE sweeps ADD COLUMN max_running INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sweeps ADD COLUMN pause TEXT NOT NULL DEFAULT 'no';
ALTER TABLE sweeps ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Every revision of what the author wrote; the newest counts.
CREATE TABLE sources(
  sweep TEXT NOT NULL REFERENCES sweeps(id), revision INTEGER NOT NULL, files_json TEXT NOT NULL,
  overrides_json TEXT NOT NULL, working_folder TEXT NOT NULL, environment_json TEXT NOT NULL,
  PRIMARY KEY (sweep, revision));
INSERT INTO sources SELECT sweep, 1, files_json, overrides_json, working_folder, environment_json FROM sweep_sources;
DROP TABLE sweep_sources;

ALTER TABLE jobs DROP COLUMN priority;
ALTER TABLE jobs ADD COLUMN resources_json TEXT NOT NULL DEFAULT '{}';

ALTER TABLE workers ADD COLUMN labels_json TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workers ADD COLUMN host_memory_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN drain TEXT NOT NULL DEFAULT 'no';
ALTER TABLE workers ADD COLUMN failures_in_a_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN excluded_until INTEGER;

-- Why queued jobs wait, by their class.
DROP TABLE waiting;
CREATE TABLE waiting(
  sweep TEXT NOT NULL, resources_json TEXT NOT NULL, bound_worker TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (sweep, resources_json, bound_worker)) WITHOUT ROWID;

-- The spec of most jobs of a sweep is kept as what differs from one of them (store/spec_delta.h): spec_base
-- is the number of that job, NULL where spec_json is the whole text. One index of jobs by state instead of
-- three.
ALTER TABLE jobs ADD COLUMN spec_base INTEGER;
CREATE INDEX attempts_resumed ON attempts(sweep, job, number) WHERE parent <> 0;
DROP INDEX jobs_started;
DROP INDEX jobs_open;
DROP INDEX jobs_by_state;
CREATE INDEX jobs_by_state ON jobs(sweep, state, outcome, attempt_count, step, total_steps);
)sql";

// Without the index of spec hashes, whose order is random: a large sweep wrote each of its pages again and
// again, eight times what the jobs are. The engine sees to it that hashes are distinct.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE new_jobs(
  sweep TEXT NOT NULL REFERENCES sweeps(id), number INTEGER NOT NULL,
  parameters_json TEXT NOT NULL, spec_json TEXT NOT NULL, spec_hash TEXT NOT NULL, total_steps INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  state TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL, attempt_count INTEGER NOT NULL, worker TEXT NOT NULL,
  bound_worker TEXT NOT NULL, failures INTEGER NOT NULL, not_before INTEGER, stop TEXT, stop_reason TEXT NOT NULL,
  step INTEGER NOT NULL, final_json TEXT NOT NULL, objective REAL, start_time INTEGER, end_time INTEGER,
  resources_json TEXT NOT NULL, spec_base INTEGER,
  PRIMARY KEY (sweep, number), CHECK ((state = 'ended') = (outcome IS NOT NULL)));
INSERT INTO new_jobs SELECT sweep, number, parameters_json, spec_json, spec_hash, total_steps, create_time, state, outcome, reason,
  attempt_count, worker, bound_worker, failures, not_before, stop, stop_reason, step, final_json, objective, start_time,
  end_time, resources_json, spec_base FROM jobs;
DROP TABLE jobs;
ALTER TABLE new_jobs RENAME TO jobs;
CREATE INDEX jobs_by_state ON jobs(sweep, state, outcome, attempt_count, step, total_steps);
CREATE INDEX jobs_by_objective ON jobs(sweep, objective, number) WHERE objective IS NOT NULL;

-- Which checkpoints outlive the jobs of a sweep; and the incarnation that it was created in, 0 where that was not noted.
ALTER TABLE sweeps ADD COLUMN keep_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sweeps ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;
-- Whether the spec of some job names a checkpoint in kept/; of sweeps from before that was noted nobody knows.
ALTER TABLE sweeps ADD COLUMN names_kept INTEGER NOT NULL DEFAULT 1;

-- What lies in kept/ of the workers, as they last said; released_time once its worker is told to delete it.
CREATE TABLE checkpoints(
  sweep TEXT NOT NULL, job INTEGER NOT NULL, attempt INTEGER NOT NULL, step INTEGER NOT NULL, incarnation INTEGER NOT NULL,
  worker TEXT NOT NULL REFERENCES workers(id), path TEXT NOT NULL, val_loss REAL, bytes INTEGER NOT NULL,
  released_time INTEGER, PRIMARY KEY (sweep, job, attempt, step, incarnation, worker)) WITHOUT ROWID;

-- By people; stays when the checkpoint goes out of sight, since it may come back.
CREATE TABLE pins(
  sweep TEXT NOT NULL, job INTEGER NOT NULL, attempt INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL,
  PRIMARY KEY (sweep, job, attempt, step)) WITHOUT ROWID;
)sql";

// Outcomes taken over from equal jobs: the resource name of the one that ran, and how many of a sweep's jobs.
constexpr const char* kVersion4 = R"sql(
ALTER TABLE jobs ADD COLUMN reused_from TEXT;
ALTER TABLE sweeps ADD COLUMN reused_jobs INTEGER NOT NULL DEFAULT 0;
)sql";

// Stages of a sweep, how many of them have begun, from which jobs.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE sweeps ADD COLUMN stages_json TEXT NOT NULL DEFAULT '{}';

-- How jobs of a sweep are stopped before their end, the first job of those that compete now, and where a job pauses.
ALTER TABLE sweeps ADD COLUMN search_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sweeps ADD COLUMN first_competitor INTEGER NOT NULL DEFAULT 1;
ALTER TABLE jobs ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;

-- The objective of each job at each rung that it came to, NULL where it had none; promoted once it went on.
CREATE TABLE rungs(
  sweep TEXT NOT NULL, job INTEGER NOT NULL, rung INTEGER NOT NULL, value REAL, promoted INTEGER NOT NULL,
  PRIMARY KEY (sweep, job, rung)) WITHOUT ROWID;
)sql";

// For how long attempts of a job that have ended held slots: microseconds times percent of slots
// (domain/slot_time.h). The index serves the sums over a sweep.
constexpr const char* kVersion6 = R"sql(
ALTER TABLE jobs ADD COLUMN slot_time INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET slot_time = ifnull((
    SELECT sum(max(end_time - start_time, 0) * json_array_length(slots_json)) FROM attempts
    WHERE attempts.sweep = jobs.sweep AND attempts.job = jobs.number AND end_time IS NOT NULL), 0)
  * ifnull(json_extract(resources_json, '$.share'), 100) WHERE attempt_count > 0;
DROP INDEX jobs_by_state;
CREATE INDEX jobs_by_state ON jobs(sweep, state, outcome, attempt_count, step, total_steps, slot_time);
)sql";

constexpr std::array<const char*, 6> kSteps = {kVersion1, kVersion2, kVersion3,
                                               kVersion4, kVersion5, kVersion6};

}  // namespace

const Schema kStateSchema = {
    .application_id = 0x4F465354, .steps = kSteps, .checked_bytes = int64_t{4} << 20};

}  // namespace optfleet::store
