// Why a job does not run, from the same snapshot and by the same rules as it is placed.
#include "coordinator/scheduler/explain.h"

#include <algorithm>

#include "coordinator/domain/time_text.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/schedule.h"

namespace optfleet::engine {
namespace {

constexpr size_t kMostHolders = 20;

// Jobs of the queue that come before it.
int64_t CountAhead(const State& state, const domain::Job& job) {
  const int32_t priority = state.sweeps.at(job.name().sweep).row.priority;
  const auto place = WaitQueue::PlaceOf(job);
  int64_t ahead = 0;
  for (const auto& [key, places] : state.queue.classes()) {
    const int32_t other = state.sweeps.at(key.sweep).row.priority;
    if (other > priority) ahead += static_cast<int64_t>(places.size());
    if (other != priority) continue;
    // Of jobs that came at one time those of the sweep whose name is first are first.
    auto end = places.lower_bound(place);
    if (key.sweep != job.name().sweep)
      end = places.lower_bound({place.first, key.sweep < job.name().sweep ? INT32_MAX : 0});
    ahead += std::distance(places.begin(), end);
  }
  return ahead;
}

// Attempts on workers that would do, were they free.
std::vector<std::string> HoldersFor(const State& state, const scheduler::Explanation& explanation) {
  std::vector<std::string> holders;
  for (const scheduler::WorkerVerdict& verdict : explanation.workers) {
    if (verdict.constraint < scheduler::Constraint::kBusy) continue;
    for (const AttemptName& name : state.workers.at(verdict.worker).attempts) {
      if (holders.size() == kMostHolders) return holders;
      holders.push_back(ToResource(name));
    }
  }
  return holders;
}

std::string RunningText(const LiveJob& job) {
  const domain::Attempt& attempt = job.newest()->row;
  const std::string name = "attempt " + std::to_string(attempt.name.attempt);
  if (attempt.state == domain::AttemptState::kAssigned)
    return name + " was given to " + attempt.worker + " at " + domain::ClockText(attempt.create_time) +
           "; the worker has not said yet that it runs";
  if (attempt.state == domain::AttemptState::kFinishing)
    return name + " has ended on " + attempt.worker + "; its last records are on the way";
  if (job.row.status.stop)
    return name + " runs on " + attempt.worker + " and is being stopped: " + job.row.status.stop_reason;
  return name + " runs on " + attempt.worker + " since " +
         domain::ClockText(attempt.start_time.value_or(attempt.create_time));
}

}  // namespace

Answer OnExplainJob(State* state, const ExplainJob& input) {
  const LiveJob* job = state->FindJob(input.job);
  if (job == nullptr) return NoSuch("open job " + ToResource(input.job));
  ExplainAnswer answer;
  const domain::JobStatus& status = job->row.status;
  answer.state = status.state;
  answer.reason = status.reason;
  answer.queued = static_cast<int64_t>(state->queue.size());
  if (status.state == domain::JobState::kPaused) return answer;
  if (status.state != domain::JobState::kQueued) {
    answer.reason = RunningText(*job);
    return answer;
  }
  if (!state->queue.Contains(job->row)) {
    answer.not_before = status.not_before;
    return answer;
  }
  std::vector<ClassKey> keys;
  const scheduler::Snapshot snapshot = TakeSnapshot(state, &keys);
  const auto found = std::find(keys.begin(), keys.end(), ClassKey::Of(job->row));
  answer.waiting = scheduler::Explain(snapshot, {}, static_cast<size_t>(found - keys.begin()), input.job);
  answer.reason += (answer.reason.empty() ? "" : "; ") + answer.waiting->reason;
  answer.ahead = CountAhead(*state, job->row);
  answer.holders = HoldersFor(*state, *answer.waiting);
  return answer;
}

}  // namespace optfleet::engine
