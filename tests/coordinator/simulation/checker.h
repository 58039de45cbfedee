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
#include "tests/coordinator/simulation/orders.h"
#include "worker/engine/messages.h"

namespace optfleet::simulation {

inline constexpr Duration kLease = std::chrono::seconds(8);

// What a client was told to be done.
struct Promise {
  enum class Kind { kNone, kHasPoints, kHasStage, kSweepCancelled, kJobCancelled, kPinned, kOrder };
  Kind kind = Kind::kNone;
  JobName subject;               // job 0: the sweep
  std::set<std::string> points;  // of a sweep, by their hashes
  std::string stage = {};        // of a sweep, by its name
  CheckpointName checkpoint = {};
  Order order = {};
  Time begun = {};  // when it was first asked for
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

  void Begun(const Promise& promise);
  void Told(const Promise& promise);
  const Orders& orders() const { return orders_; }
  // The jobs that this request was found to have queued again.
  std::vector<int32_t> Reopened(const std::string& request_id) const;
  // In the quiet: what was ordered to stop has stopped.
  void CheckStopped();
  // A worker has deleted it.
  void DeletedKept(const std::string& worker, const worker::KeptName& name);
  // When everything has ended: what should have been deleted and is not; empty if there is nothing.
  std::string Uncollected() const;
  void ToldHeld(const worker::AttemptKey& key, int64_t record);

  // The whole of both databases, read with the shipping reader. Costs milliseconds.
  void CheckDatabases(const std::string& vfs);
  // What is being written in parts is seen as a whole or not at all.
  void CheckReaders(const std::string& vfs);
  // At the end: promises once more, and no sweep has a point that nobody asked for.
  void CheckKeptWord();

  bool AllEnded() const;
  struct Rows {
    std::map<std::string, domain::Sweep> sweeps;
    std::map<JobName, domain::Job> jobs;
    std::map<AttemptName, domain::Attempt> attempts;
    std::map<domain::KeptId, domain::KeptCheckpoint> kept;
    std::set<CheckpointName> pins;
    std::map<JobName, domain::Job> coming;  // of what is written in parts and not finished
  };
  const Rows& rows() const { return rows_; }

 private:
  void Apply(const engine::Changes& changes, Rows* rows, bool check);
  void ApplyNewJobs(const engine::Changes& changes, Rows* rows);
  void ApplyKept(const engine::Changes& changes, Rows* rows, bool check);
  void CheckRelease(const Rows& rows, const domain::KeptId& id);
  void NoteReleased();
  static bool ReadKept(store::Connection* connection, Rows* rows);
  void CheckStages(const Rows& rows, const domain::Sweep& before, const domain::Sweep& after);
  void CheckJob(const Rows& rows, const JobName& name);
  void CheckTakenOver(const Rows& rows, const JobName& name, const domain::JobStatus& status);
  void CheckCapacity(const Rows& rows);
  void CheckGuards(const Rows& rows);
  void CheckPromises();
  void CheckPromise(const Promise& promise);
  void CheckPoints(const Promise& promise);
  void CheckStart(const Rows& rows, const domain::Attempt& attempt);
  void CheckToldToStop(const engine::SynchronizeAnswer& answer);
  bool MayReopen(const JobName& job) const;
  void NoteReopened(const engine::Changes& changes);
  bool WasReopenedSince(const Promise& promise) const;
  std::optional<Rows> ReadRows(store::Connection* connection);
  std::string Difference(const Rows& expected, const Rows& found) const;

  Context* context_;
  Rows rows_;  // as committed
  std::optional<engine::Changes> pending_;
  std::vector<Promise> promises_;
  std::map<worker::AttemptKey, int64_t> told_held_;
  std::set<domain::KeptId> released_;  // ever, also by a coordinator whose database was replaced since
  size_t promises_in_backup_ = 0;
  Orders orders_;
  std::string speaks_;                                         // the worker whose message came last
  std::map<std::string, std::set<std::string>> asked_points_;  // ever, by sweep
  std::vector<engine::RetryJobs> retries_;                     // inputs since the last commit, without texts
  std::map<std::string, std::vector<int32_t>> reopened_;       // by request
  std::map<JobName, Time> reopened_at_;                        // job 0: the sweep
  bool rows_are_new_ = true;                                   // take them from disk as they are
  bool metrics_lost_ = false;
};

}  // namespace optfleet::simulation
