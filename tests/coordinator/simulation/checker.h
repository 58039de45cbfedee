// What must be true of the cluster, said independently of the engine: of the rows as they are committed, of
// the database after each start, and of what clients and workers were told. docs/testing.md lists the
// invariants.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/engine/engine.h"
#include "coordinator/engine/state.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/sqlite.h"
#include "tests/coordinator/simulation/context.h"
#include "worker/engine/messages.h"

namespace optfleet::simulation {

inline constexpr Duration kLease = std::chrono::seconds(8);

// What a client was told to be done.
struct Promise {
  enum class Kind { kSweepExists, kSweepCancelled, kJobCancelled, kPinned };
  Kind kind = Kind::kSweepExists;
  JobName subject;   // job 0: the sweep
  int32_t jobs = 0;  // of a sweep that exists
  CheckpointName checkpoint = {};
};

class Checker {
 public:
  explicit Checker(Context* context) : context_(context) {}

  // Around each input of the engine.
  void Before(const engine::State& state, const engine::Input& input);
  void After(const engine::Engine& engine, const engine::Effects& effects, Time wall);

  // Around each commit; without Committed it is open whether the changes are on disk.
  void Committing(const engine::Changes& changes) { pending_ = changes; }
  void Committed();

  // A coordinator has opened the databases: everything that was committed is there, and nothing else.
  void Opened(const std::string& vfs, const engine::State& state, store::MetricsStore* metrics);

  void BackupTaken();
  void BackupRestored();
  void MetricsThrownAway() {
    metrics_lost_ = true;
    told_held_.clear();
  }

  void Told(const Promise& promise) { promises_.push_back(promise); }
  // A worker has deleted it.
  void DeletedKept(const std::string& worker, const worker::KeptName& name);
  // When everything has ended: what should have been deleted and is not; empty if there is nothing.
  std::string Uncollected() const;
  void ToldHeld(const worker::AttemptKey& key, int64_t record);

  // The whole of both databases, read with the shipping reader. Costs milliseconds.
  void CheckDatabases(const std::string& vfs);

  bool AllEnded() const;
  struct Rows {
    std::map<std::string, domain::Sweep> sweeps;
    std::map<JobName, domain::Job> jobs;
    std::map<AttemptName, domain::Attempt> attempts;
    std::map<domain::KeptId, domain::KeptCheckpoint> kept;
    std::set<CheckpointName> pins;
  };
  const Rows& rows() const { return rows_; }

 private:
  void Apply(const engine::Changes& changes, Rows* rows, bool check);
  void ApplyKept(const engine::Changes& changes, Rows* rows, bool check);
  void CheckRelease(const Rows& rows, const domain::KeptId& id);
  void NoteReleased();
  static bool ReadKept(store::Connection* connection, Rows* rows);
  void CheckJob(const Rows& rows, const JobName& name);
  void CheckCapacity(const Rows& rows);
  void CheckPromises();
  std::optional<Rows> ReadRows(store::Connection* connection);
  std::string Difference(const Rows& expected, const Rows& found) const;

  Context* context_;
  Rows rows_;  // as committed
  std::optional<engine::Changes> pending_;
  std::vector<Promise> promises_;
  std::map<worker::AttemptKey, int64_t> told_held_;
  std::set<domain::KeptId> released_;  // ever, also by a coordinator whose database was replaced since
  size_t promises_in_backup_ = 0;
  bool rows_are_new_ = true;  // take them from disk as they are
  bool metrics_lost_ = false;
};

}  // namespace optfleet::simulation
