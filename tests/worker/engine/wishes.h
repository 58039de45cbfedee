// What a coordinator may say in a story, and the story that most begin with.
#pragma once

#include <utility>
#include <vector>

#include "tests/worker/engine/worker_story.h"

namespace optfleet::worker {

inline DesiredAttempt WantedOn(const AttemptKey& key, int slot) {
  DesiredAttempt desired;
  desired.key = key;
  desired.slots = {slot};
  desired.spec_json = "{}";
  return desired;
}

inline DesiredAttempt Stopped(const AttemptKey& key, int slot, Outcome outcome) {
  DesiredAttempt desired = WantedOn(key, slot);
  desired.stop = true;
  desired.stop_outcome = outcome;
  desired.stop_reason = "a person cancelled it";
  desired.stop_with_checkpoint = true;
  return desired;
}

inline SyncAnswer Wants(std::vector<DesiredAttempt> attempts) {
  SyncAnswer answer;
  answer.attempts = std::move(attempts);
  return answer;
}

inline SyncAnswer Forgets(WorkerStory& story, const AttemptKey& key, bool kill, bool keep) {
  story.forgettable_.insert(key);
  SyncAnswer answer;
  answer.forget = {{key, kill, keep, "attempt 1 was given up"}};
  return answer;
}

// A story in which job 1 runs on slot 0.
class RunningJob : public ::testing::Test {
 protected:
  RunningJob() {
    story_.Scan();
    story_.Answer(Wants({WantedOn(key_, 0)}));
    story_.LaunchHappens(key_, 0);
    story_.launching_.clear();
    story_.Quiet();
  }
  WorkerStory story_;
  const AttemptKey key_ = Key(1);
};

}  // namespace optfleet::worker
