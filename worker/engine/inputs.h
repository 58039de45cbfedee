// What can happen to a worker's engine, and what it wants done, as plain values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/rundir/documents.h"
#include "worker/engine/attempt.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

// --- Inputs
// ---------------------------------------------------------------------------------------------------------

// All run directories below the root; also the passing of time (several a second).
struct DirectoriesScanned {
  std::vector<DirectoryFactsPtr> directories;
};
struct AnswerReceived {
  SyncAnswer answer;
};
// A synchronise failed; retry_after already holds back-off and jitter.
struct ContactFailed {
  Duration retry_after{};
};
// A report of records ended; nullopt: it failed.
struct RecordsHeld {
  AttemptKey key;
  std::optional<int64_t> held;
  Duration retry_after{};
};
// PrepareAndLaunch, Launch, Prune or Remove ended; an empty error is success.
struct FolderWorkDone {
  enum class Work { kLaunch, kPrune, kRemove };
  AttemptKey key;
  Work work = Work::kLaunch;
  std::string error;
};
struct StopAnswered {
  AttemptKey key;
  bool accepted = false;
};
// What lies in kept/: all that a look found, in order.
struct KeptScanned {
  std::string folder;  // absolute path of kept/
  std::vector<KeptCheckpoint> checkpoints;
};
// DeleteKeptCheckpoint ended; an empty error is success.
struct KeptDeleted {
  KeptName name;
  std::string error;
};
// Stop everything with a checkpoint, report it, leave.
struct DrainRequested {};

using Input = std::variant<DirectoriesScanned, AnswerReceived, ContactFailed, RecordsHeld, FolderWorkDone,
                           StopAnswered, KeptScanned, KeptDeleted, DrainRequested>;

// --- Effects
// --------------------------------------------------------------------------------------------------------

struct Synchronize {
  SyncRequest request;
};
// Send records of each behind `after`, as many as fit a batch.
struct ReportRecords {
  struct Of {
    AttemptKey key;
    std::string folder;
    int64_t after = 0;
  };
  std::vector<Of> attempts;
};
// Make the folder with its job.json and start a shim there. The newest good checkpoint of `parent`, if its
// folder is here and has one, becomes the resume point.
struct PrepareAndLaunch {
  rundir::JobDocument job;
  std::optional<AttemptKey> parent;
};
// Start a shim in a folder that is prepared.
struct Launch {
  rundir::JobDocument job;
  std::string folder;
};
struct AskToStop {
  AttemptKey key;
  std::string folder;
  StopOrder order;
};
struct SignalTrainer {
  AttemptKey key;
  rundir::StartedDocument trainer;
  int signal = 0;
};
// Everything but what a later attempt and the status need.
struct Prune {
  AttemptKey key;
  std::string folder;
};
struct Remove {
  AttemptKey key;
  std::string folder;
};
// Look into kept/.
struct ScanKept {};
struct DeleteKeptCheckpoint {
  KeptName name;
};
// Something a person will want to read in the log.
struct Note {
  bool warning = false;
  std::string event;
  std::string attempt;
  std::string text;
};
// The worker's process can end.
struct Leave {};

using Effect = std::variant<Synchronize, ReportRecords, PrepareAndLaunch, Launch, AskToStop, SignalTrainer,
                            Prune, Remove, ScanKept, DeleteKeptCheckpoint, Note, Leave>;
using Effects = std::vector<Effect>;

}  // namespace optfleet::worker
