#include "coordinator/domain/states.h"

#include <string>
#include <vector>

#include "coordinator/domain/check.h"

namespace optfleet::domain {
namespace {

template <typename State>
struct Row {
  State state;
  std::string_view name;
  std::vector<State> next;
};

// The tables. A row: a state, its name, what may follow it.
const std::vector<Row<SweepState>>& Table(SweepState) {
  using S = SweepState;
  static const std::vector<Row<S>> kTable = {
      {S::kExpanding, "expanding", {S::kActive}},
      {S::kActive, "active", {S::kEnded, S::kCancelled}},
      {S::kEnded, "ended", {S::kActive}},          // extended, or jobs of it are tried again
      {S::kCancelled, "cancelled", {S::kActive}},  // the same
  };
  return kTable;
}

const std::vector<Row<JobState>>& Table(JobState) {
  using S = JobState;
  static const std::vector<Row<S>> kTable = {
      {S::kQueued, "queued", {S::kAssigned, S::kEnded}},
      {S::kAssigned, "assigned", {S::kRunning, S::kQueued, S::kEnded}},
      {S::kRunning, "running", {S::kQueued, S::kPaused, S::kEnded}},
      {S::kPaused, "paused", {S::kQueued, S::kEnded}},
      {S::kEnded, "ended", {S::kQueued}},  // only when a person asks to try it again
  };
  return kTable;
}

const std::vector<Row<AttemptState>>& Table(AttemptState) {
  using S = AttemptState;
  static const std::vector<Row<S>> kTable = {
      {S::kAssigned, "assigned", {S::kRunning, S::kFinishing, S::kEnded}},
      {S::kRunning, "running", {S::kFinishing, S::kEnded}},
      {S::kFinishing, "finishing", {S::kEnded}},
      {S::kEnded, "ended", {}},
  };
  return kTable;
}

const std::vector<Row<WorkerState>>& Table(WorkerState) {
  using S = WorkerState;
  static const std::vector<Row<S>> kTable = {
      {S::kReady, "ready", {S::kUnreachable, S::kDraining, S::kGone}},
      {S::kUnreachable, "unreachable", {S::kReady, S::kDraining, S::kGone}},
      {S::kDraining, "draining", {S::kReady, S::kUnreachable, S::kGone}},
      {S::kGone, "gone", {S::kReady, S::kDraining}},
  };
  return kTable;
}

template <typename State>
const Row<State>& Find(State state) {
  for (const Row<State>& row : Table(state)) {
    if (row.state == state) return row;
  }
  OPTFLEET_CHECK(false, "state " + std::to_string(static_cast<int>(state)) + " is not in its table");
  std::abort();
}

template <typename State>
std::optional<State> FromName(std::string_view name) {
  for (const Row<State>& row : Table(State{})) {
    if (row.name == name) return row.state;
  }
  return std::nullopt;
}

template <typename State>
bool Allowed(State from, State to) {
  for (State next : Find(from).next) {
    if (next == to) return true;
  }
  return false;
}

template <typename State>
void Change(State* state, State to) {
  OPTFLEET_CHECK(Allowed(*state, to),
                 "from " + std::string(Find(*state).name) + " to " + std::string(Find(to).name));
  *state = to;
}

}  // namespace

std::string_view Name(SweepState state) { return Find(state).name; }
std::string_view Name(JobState state) { return Find(state).name; }
std::string_view Name(AttemptState state) { return Find(state).name; }
std::string_view Name(WorkerState state) { return Find(state).name; }

std::optional<SweepState> SweepStateFromName(std::string_view name) { return FromName<SweepState>(name); }
std::optional<JobState> JobStateFromName(std::string_view name) { return FromName<JobState>(name); }
std::optional<AttemptState> AttemptStateFromName(std::string_view name) {
  return FromName<AttemptState>(name);
}
std::optional<WorkerState> WorkerStateFromName(std::string_view name) { return FromName<WorkerState>(name); }

bool MayFollow(SweepState from, SweepState to) { return Allowed(from, to); }
bool MayFollow(JobState from, JobState to) { return Allowed(from, to); }
bool MayFollow(AttemptState from, AttemptState to) { return Allowed(from, to); }
bool MayFollow(WorkerState from, WorkerState to) { return Allowed(from, to); }

void Move(SweepState* state, SweepState to) { Change(state, to); }
void Move(JobState* state, JobState to) { Change(state, to); }
void Move(AttemptState* state, AttemptState to) { Change(state, to); }
void Move(WorkerState* state, WorkerState to) { Change(state, to); }

}  // namespace optfleet::domain
