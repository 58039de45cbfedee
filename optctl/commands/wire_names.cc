#include "optctl/commands/wire_names.h"

#include <algorithm>

namespace optfleet::commands {
namespace {

// "STATE_OUT_OF_MEMORY" without its prefix, in lower case. A value of a newer coordinator keeps its number.
std::string Plain(const std::string& name, std::string_view prefix, int number) {
  if (name.size() <= prefix.size()) return "unknown_" + std::to_string(number);
  std::string plain = name.substr(prefix.size());
  std::transform(plain.begin(), plain.end(), plain.begin(), [](unsigned char c) { return std::tolower(c); });
  return plain;
}

}  // namespace

std::string NameOf(v1::Sweep::State state) { return Plain(v1::Sweep::State_Name(state), "STATE_", state); }
std::string NameOf(v1::Job::State state) { return Plain(v1::Job::State_Name(state), "STATE_", state); }
std::string NameOf(v1::Attempt::State state) {
  return Plain(v1::Attempt::State_Name(state), "STATE_", state);
}
std::string NameOf(v1::Worker::State state) { return Plain(v1::Worker::State_Name(state), "STATE_", state); }
std::string NameOf(v1::Slot::Kind kind) { return Plain(v1::Slot::Kind_Name(kind), "KIND_", kind); }
std::string NameOf(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_UNSPECIFIED ? "" : Plain(v1::Outcome_Name(outcome), "OUTCOME_", outcome);
}

std::string Condition(const v1::Sweep& sweep) {
  const bool paused = sweep.state() == v1::Sweep::STATE_ACTIVE && sweep.pause() != v1::PAUSE_UNSPECIFIED;
  return paused ? "paused" : NameOf(sweep.state());
}

std::string Condition(const v1::Worker& worker) {
  if (worker.state() != v1::Worker::STATE_READY) return NameOf(worker.state());
  if (worker.drain() != v1::PAUSE_UNSPECIFIED) return worker.attempts_size() == 0 ? "drained" : "draining";
  return worker.has_excluded_until_time() ? "excluded" : NameOf(worker.state());
}

std::string Condition(const v1::Job& job) {
  return job.state() == v1::Job::STATE_ENDED ? NameOf(job.outcome()) : NameOf(job.state());
}

std::string Condition(const v1::Checkpoint& checkpoint) {
  if (checkpoint.state() == v1::Checkpoint::STATE_KEPT && checkpoint.pinned()) return "pinned";
  return Plain(v1::Checkpoint::State_Name(checkpoint.state()), "STATE_", checkpoint.state());
}

std::string Condition(const v1::Attempt& attempt) {
  return attempt.state() == v1::Attempt::STATE_ENDED ? NameOf(attempt.outcome()) : NameOf(attempt.state());
}

}  // namespace optfleet::commands
