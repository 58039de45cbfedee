// World: what people do to what is there, by chance.
#include <algorithm>
#include <utility>

#include "coordinator/engine/state.h"
#include "tests/coordinator/simulation/world.h"

namespace optfleet::simulation {
namespace {

using domain::Pause;
using std::chrono::seconds;

constexpr int kMostPoints = 14;

}  // namespace

// Few runs are steered much, many a little: what is paused for long meets nothing else.
void World::PlanOperations() {
  for (uint64_t count = context_.dice.Chance(0.3) ? 4 + context_.dice.Below(12) : context_.dice.Below(4);
       count > 0; --count)
    context_.agenda.After(context_.dice.Between(seconds(1), options_.chaos), [this] { Operate(); });
}

void World::Operate() {
  const auto& sweeps = checker_.rows().sweeps;
  if (sweeps.empty()) return;
  auto sweep = sweeps.begin();
  std::advance(sweep, static_cast<int64_t>(context_.dice.Below(sweeps.size())));
  switch (context_.dice.Below(6)) {
    case 0:
      return DrainOrUndrain();
    case 1:
      return Retry(sweep->second);
    case 2:
      return Extend(sweep->second);
    default:
      return SteerSweep(sweep->second);
  }
}

void World::Extend(const domain::Sweep& row) {
  const std::string& sweep = row.id;
  // Sweeps that have begun with stages have some; of others the coordinator refuses it.
  if (!row.stages.all.empty() && !context_.dice.Chance(0.1)) return client_.ExtendByStage(sweep);
  const int part = context_.dice.Chance(0.6) ? 1 + static_cast<int>(context_.dice.Below(2)) : 0;
  if (context_.dice.Chance(0.2)) return client_.ExtendMistaken(sweep, part);
  const int first = 1 + static_cast<int>(context_.dice.Below(kMostPoints));
  client_.Extend(sweep, first, std::min(kMostPoints, first + static_cast<int>(context_.dice.Below(7))), part,
                 context_.dice.Chance(0.5));
}

void World::SteerSweep(const domain::Sweep& sweep) {
  if (context_.dice.Chance(0.4)) {
    return client_.Limit(sweep.id, static_cast<int32_t>(context_.dice.Below(3)),
                         static_cast<int32_t>(context_.dice.Below(4)));
  }
  if (sweep.pause != Pause::kNo && context_.dice.Chance(0.7)) return client_.Pause(sweep.id, Pause::kNo);
  client_.Pause(sweep.id, context_.dice.Chance(0.5) ? Pause::kStopRunning : Pause::kKeepRunning);
}

// By outcome, or by number: then some of those named may not have ended.
void World::Retry(const domain::Sweep& sweep) {
  if (context_.dice.Chance(0.5)) {
    std::vector<Outcome> outcomes = {Outcome::kFailed, Outcome::kCancelled};
    if (context_.dice.Chance(0.3)) outcomes.pop_back();
    return client_.Retry(sweep.id, {}, outcomes);
  }
  std::vector<int32_t> jobs;
  for (int32_t number = 1; number <= sweep.job_count; ++number) {
    const auto job = checker_.rows().jobs.find({sweep.id, number});
    if (job == checker_.rows().jobs.end()) continue;
    const domain::JobStatus& status = job->second.status;
    const bool fits = status.outcome && *status.outcome != Outcome::kSucceeded;
    if (context_.dice.Chance(fits ? 0.7 : 0.03)) jobs.push_back(number);
  }
  if (!jobs.empty()) client_.Retry(sweep.id, jobs, {});
}

void World::DrainOrUndrain() {
  const std::string& id = nodes_[context_.dice.Below(nodes_.size())].machine->id();
  const bool drained = checker_.orders().Holds(Order::Kind::kDrain, id);
  if (drained && context_.dice.Chance(0.7)) return client_.Drain(id, Pause::kNo);
  client_.Drain(id, context_.dice.Chance(0.5) ? Pause::kStopRunning : Pause::kKeepRunning);
}

void World::LetGoOn() {
  if (!coordinator_.up()) return;
  if (!std::exchange(let_go_on_, true)) checker_.CheckStopped();
  for (const auto& [id, sweep] : checker_.rows().sweeps) {
    if (sweep.end_time) continue;
    if (sweep.search.guard) held_.insert(id);
    if (sweep.search.guard) client_.TakeGuardOff(id);
    if (sweep.pause != Pause::kNo) client_.Pause(id, Pause::kNo);
  }
  for (const auto& [id, worker] : coordinator_.engine()->state().workers)
    if (worker.row.drain != Pause::kNo) client_.Drain(id, Pause::kNo);
}

}  // namespace optfleet::simulation
