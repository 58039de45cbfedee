// What the engine remembers of one attempt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "worker/engine/conclusion.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

struct StopOrder {
  Outcome outcome = Outcome::kPreempted;
  std::string reason;
  bool checkpoint = true;
  Time since;
  Time next_ask;
  bool asking = false;    // a command is on its way to the control socket
  bool accepted = false;  // the trainer said that it will stop
  bool terminated = false;
  bool killed = false;
};

struct ForgetOrder {
  bool kill = false;
  bool keep_checkpoints = false;
  std::string reason;
  bool done = false;  // its folder has been pruned
};

struct Attempt {
  AttemptKey key;
  std::vector<int32_t> slots;
  int32_t share = 100;                    // percent of each slot
  int64_t memory_bytes = 0;               // of each slot, as it was granted; 0: not limited, or not known yet
  std::optional<DesiredAttempt> desired;  // with RUN in the newest answer
  DirectoryFactsPtr facts;                // null before the folder exists
  std::optional<Conclusion> verdict;      // how it ended when that is not in its folder
  std::optional<StopOrder> stop;
  std::optional<ForgetOrder> forget;

  bool folder_busy = false;  // being prepared, started, pruned or removed
  bool facts_old = false;    // a shim was started after the facts were read
  int launches = 0;
  std::optional<AttemptKey> begins_from;  // parent of the newest launch
  Time next_folder_work;                  // after a failure
  Time next_signal;

  int64_t held = 0;          // by the coordinator
  bool held_is_new = false;  // told by a report after the newest synchronise was sent
  bool reporting = false;
  Time next_report;
  bool ended_sent = false;   // in the synchronise that is under way
  bool ended_known = false;  // to the coordinator

  // How it stands; `verdict` counts before the folder.
  Conclusion Now() const;
  bool Ended() const { return Now().state == DirectoryState::kEnded; }
  // Whether there is anything of it here, or a word to say about it.
  bool Begun() const {
    return facts || facts_old || folder_busy || verdict || stop || forget || launches > 0;
  }
  // Whether a process of it lives or may live.
  bool Alive() const;
  // Whether nothing of it is left to tell the coordinator.
  bool Settled() const;
  int64_t last_record() const { return facts ? facts->last_record : 0; }
  AttemptStatus Status() const;
};

}  // namespace optfleet::worker
