// state.db: sweeps, jobs, attempts, workers, events, requests. The writing side.
//
// One object and one thread per database. Opening takes a lock on the folder, so that only one coordinator
// writes there. Only this object (and MetricsStore for its own file) ever checkpoints a WAL.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "coordinator/engine/effects.h"
#include "coordinator/engine/engine.h"

namespace optfleet::store {

inline constexpr int kStateSchemaVersion = 6;
inline constexpr const char* kStateFile = "state.db";
inline constexpr const char* kMetricsFile = "metrics.db";

struct StoreOptions {
  std::string folder;  // exists; ":memory:" for a database without a file, that readers cannot open
  // Type of the file system at a path as statfs names it; replaced in tests.
  std::function<Result<int64_t>(const std::string&)> file_system_type;
  // SQLite VFS whose files these are; empty: the real ones. Another VFS has no folder to lock and no disk to
  // look at.
  std::string vfs = {};
};

// Number of the newest attempt of each job that has any.
using NewestAttempts = std::map<JobName, int32_t>;

class StateStore {
 public:
  // Creates, migrates (after a copy state.db.before-<version>) or opens. Errors, each one sentence with a
  // remedy:
  //   FAILED_PRECONDITION a newer schema; a network file system; the folder is in use (its pid is named)
  //   DATA_LOSS           not a database, or damaged
  //   PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk full), UNAVAILABLE
  static Result<std::unique_ptr<StateStore>> Open(const StoreOptions& options);
  virtual ~StateStore() = default;

  // `held` is left empty: MetricsStore knows it. The texts of a job's definition (parameters, spec, hash) are
  // left empty, too: there may be many jobs, and the engine needs none of them.
  virtual Result<engine::SavedState> Load() = 0;

  // All or nothing, durable on return. RESOURCE_EXHAUSTED when the disk is full. After a failure the engine
  // that made the changes must not go on.
  virtual Status Commit(const engine::Changes& changes) = 0;

  // The canonical spec of a job that was committed. NOT_FOUND, DATA_LOSS and so on.
  virtual Result<std::string> SpecOf(const JobName& job) = 0;

  // Attempts of ended jobs that went on from another one. A crash between the commit that ended their job and
  // MetricsStore::Link leaves metrics.db without knowing from which; so they are linked at each start.
  virtual Result<std::vector<domain::Attempt>> ResumedOfEndedJobs() { return std::vector<domain::Attempt>(); }

  // After a backup was restored, until MetricsAgree: what metrics.db may know of later attempts is undone.
  virtual Result<std::optional<NewestAttempts>> NewestAfterRestore() {
    return std::optional<NewestAttempts>();
  }
  virtual Status MetricsAgree() { return {}; }

  // Drops events before `before` of sweeps that have ended (and of workers), some at a time: true if there
  // may be more. All or nothing, as Commit.
  virtual Result<bool> PruneEvents(Time before) = 0;

  virtual int64_t incarnation() const = 0;
  virtual int64_t wal_bytes() const = 0;
};

// Puts `backup` (a copy of state.db made with sqlite3's .backup or while no coordinator ran) in the place of
// the folder's state.db and raises the incarnation above both, so that attempts which the lost database gave
// out are refused. The old file is kept as state.db.replaced. The folder must not be in use
// (FAILED_PRECONDITION).
Status RestoreBackup(const StoreOptions& options, const std::string& backup);

}  // namespace optfleet::store
