// An attempt: one try of a job on a worker. It is a lease with a deadline and a fence.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/failure_cause.h"
#include "common/fence.h"
#include "common/names.h"
#include "common/outcome.h"
#include "common/time.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/states.h"

namespace optfleet::domain {

inline constexpr int64_t kEveryRecord = std::numeric_limits<int64_t>::max();

// How its worker says that it ended. Counts when the records it rests on are held.
struct ReportedEnd {
  Outcome outcome = Outcome::kFailed;
  std::string reason;
  bool retryable = false;                       // whether trying again can help
  FailureCause cause = FailureCause::kUnknown;  // of a failed one
  int64_t last_record = 0;
  Figures final;
  std::string numerics_json;
  friend bool operator==(const ReportedEnd&, const ReportedEnd&) = default;
};

struct Attempt {
  AttemptName name;
  Fence fence;  // fence.attempt == name.attempt
  AttemptState state = AttemptState::kAssigned;
  std::optional<Outcome> outcome;  // exactly when ended
  std::string reason;
  std::string worker;
  std::vector<int32_t> slots;
  int32_t resume_attempt = 0;  // asked to resume from this attempt's checkpoint; 0: a fresh start
  bool start_known = false;    // its worker has said from where it started; the next three hold only then
  int32_t parent = 0;          // attempt it resumed from; 0: a fresh start
  int64_t resume_step = 0;
  int64_t resume_record = 0;    // its series continues below its own records with the parent's up to this one
  int64_t checkpoint_step = 0;  // newest good checkpoint that its worker spoke of; 0: none
  int64_t checkpoint_record = 0;
  int64_t record_limit = kEveryRecord;  // records above are no longer of use to anybody
  std::optional<Time> lease_time;       // exactly until ended; at most a tenth of a lease behind on disk
  std::optional<ReportedEnd> reported;  // from finishing on
  Time create_time;
  std::optional<Time> start_time;  // its worker said that it runs
  std::optional<Time> end_time;
  int64_t trainer_pid = 0;
  std::string run_directory;
  friend bool operator==(const Attempt&, const Attempt&) = default;
};

// End of trainer.log, as its worker last delivered it. Kept apart from Attempt since only readers want it.
struct AttemptLog {
  AttemptName name;
  std::string text;  // at most 64 KiB
  int64_t skipped_bytes = 0;
  friend bool operator==(const AttemptLog&, const AttemptLog&) = default;
};

}  // namespace optfleet::domain
