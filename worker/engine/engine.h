// Decides what a worker does. Pure: (input, now) -> effects; it reads no clock, file or socket.
// Level-triggered: after each input every attempt is compared with what it should be, so lost, repeated and
// late messages need no case of their own. One thread.
//
// Invariants: a slot belongs to at most one attempt that lives or may live; an attempt is launched only while
// its folder says that no trainer ever ran in it; a folder is removed only when the coordinator said so and
// no process of it lives; a checkpoint in kept/ is deleted only when the coordinator said so.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/rundir/documents.h"
#include "worker/engine/attempt.h"
#include "worker/engine/inputs.h"
#include "worker/engine/messages.h"
#include "worker/engine/shelf.h"

namespace optfleet::worker {

// --- The engine
// -----------------------------------------------------------------------------------------------------

struct EngineOptions {
  std::vector<Slot> slots;
  std::vector<std::string> labels;            // NAME=VALUE
  int64_t host_memory_bytes = 0;              // 0: not known
  Duration grace = std::chrono::seconds(30);  // from asking a trainer to stop to SIGKILL
  bool stop_on_partition = false;
};

// For /metrics.
struct Summary {
  int slots_free = 0;
  int slots_used = 0;
  int attempts_running = 0;
  int64_t backlog_records = 0;
  int64_t backlog_bytes = 0;  // estimated from the size of the logs
};

// A launch that left no trace of a trainer is repeated so often in all.
inline constexpr int kMaxLaunches = 3;

class Engine {
 public:
  Engine(EngineOptions options, Time now);

  Effects Handle(const Input& input, Time now);
  Summary Summarize() const;
  bool draining() const { return draining_since_.has_value(); }

 private:
  void On(const DirectoriesScanned& input);
  void On(const AnswerReceived& input);
  void On(const ContactFailed& input);
  void On(const RecordsHeld& input);
  void On(const FolderWorkDone& input);
  void On(const StopAnswered& input);
  void On(const KeptScanned& input);
  void On(const KeptDeleted& input);
  void On(const DrainRequested& input);
  void Want(const DesiredAttempt& desired);
  void OrderStop(Attempt* attempt, StopOrder order);
  void TakeHeld(const HeldRecord& held);

  // Reconciliation of one attempt (launch.cc, stopping.cc, reporting.cc).
  void Reconcile(Attempt* attempt);
  void ReconcileLaunch(Attempt* attempt);
  bool ReconcileForget(Attempt* attempt);
  void ReconcileStop(Attempt* attempt);
  bool HasRecordsToReport(const Attempt& attempt) const;
  bool NeededByChild(const AttemptKey& parent) const;
  rundir::JobDocument MakeJob(const Attempt& attempt) const;
  bool SlotsFree(const Attempt& attempt) const;
  const Slot* FindSlot(int32_t index) const;
  void SignalAgain(Attempt* attempt, int signal);

  void ReconcileReports();
  void ReconcileKept();
  void ReconcileContact();
  void ReconcilePartition();
  void ReconcileDrain();
  SyncRequest MakeRequest(bool leaving);
  struct Picture {
    std::set<std::string> news;  // to be told at once when there is one more
    std::string all;             // to be told soon when it changes

    bool IsNewsAfter(const Picture& sent) const;
    bool operator==(const Picture&) const = default;
  };
  Picture Look() const;
  bool ShouldSynchronize(const Picture& picture) const;
  void Say(bool warning, std::string event, const std::string& attempt, std::string text);

  const EngineOptions options_;
  std::map<AttemptKey, Attempt> attempts_;
  std::set<AttemptKey> forgotten_;  // removed in this life; never launched again

  Time now_;  // of the input being handled
  Effects effects_;

  Shelf shelf_;
  Time reported_at_;  // when records were last sent

  bool scanned_ = false;  // nothing is said or started before the first scan
  int64_t sequence_ = 0;
  bool synchronizing_ = false;
  Time next_sync_;
  bool may_sync_early_ = true;  // false after a failure: wait out the back-off
  Picture sent_;
  Time sent_at_;
  Time last_contact_;
  Duration lease_ = std::chrono::minutes(10);
  bool partition_said_ = false;

  std::optional<Time> draining_since_;
  bool leaving_ = false;
  bool said_farewell_ = false;
  bool left_ = false;
};

}  // namespace optfleet::worker
