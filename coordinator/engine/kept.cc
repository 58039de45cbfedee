#include "coordinator/engine/kept.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/kept_path.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/requests.h"

namespace optfleet::engine {
namespace {

using domain::KeepPolicy;
using domain::KeptCheckpoint;
using domain::KeptId;
using Group = std::vector<KeptCheckpoint*>;  // of one job

// Whether it was given out for the sweep of that name that this database holds. What lies there of an earlier
// one of that name, or of another database, is not ours to delete.
bool IsOurs(const State& state, const KeptStatus& status) {
  const auto sweep = state.sweeps.find(status.attempt.job.sweep);
  if (status.step < 1) return false;
  if (sweep == state.sweeps.end() || status.attempt.job.job > sweep->second.row.job_count) return false;
  const int64_t first = std::max(sweep->second.row.incarnation, state.first_incarnation);
  return status.fence.incarnation >= first && status.fence.incarnation <= state.incarnation;
}

KeptCheckpoint RowOf(const KeptStatus& status, const Synchronize& input) {
  KeptCheckpoint row;
  row.id = {{status.attempt, status.step}, status.fence.incarnation, input.worker_id};
  row.path = input.kept_folder + "/" + ToFolder({status.attempt, status.fence.incarnation}) + "/" +
             CheckpointFolder(status.step);
  row.val_loss = status.val_loss;
  row.bytes = status.bytes;
  return row;
}

bool IsThere(const State& state, const KeptId& id) {
  const auto worker = state.workers.find(id.worker);
  return worker != state.workers.end() && worker->second.heard && !worker->second.away_since;
}

void TakeFirst(const Group& sorted, int32_t count, std::set<const KeptCheckpoint*>* chosen) {
  const size_t most = std::min(sorted.size(), static_cast<size_t>(count));
  chosen->insert(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(most));
}

// What the policy keeps of a job whose checkpoints are kept.
std::set<const KeptCheckpoint*> Choose(Group group, const KeepPolicy& keep) {
  std::set<const KeptCheckpoint*> chosen(group.begin(), group.end());
  if (!keep.best && !keep.last) return chosen;
  chosen.clear();
  std::stable_sort(group.begin(), group.end(), [](const auto* a, const auto* b) {
    return std::pair(a->id.name.step, a->id.name.attempt) > std::pair(b->id.name.step, b->id.name.attempt);
  });
  TakeFirst(group, keep.last.value_or(0), &chosen);
  Group validated;
  std::copy_if(group.begin(), group.end(), std::back_inserter(validated),
               [](const auto* one) { return one->val_loss.has_value(); });
  std::stable_sort(validated.begin(), validated.end(),
                   [](const auto* a, const auto* b) { return *a->val_loss < *b->val_loss; });
  // Where none was validated nobody knows which is best: the last stand for them.
  TakeFirst(validated.empty() ? group : validated, keep.best.value_or(0), &chosen);
  return chosen;
}

std::string CountText(int32_t count, const char* what) {
  return count == 1 ? std::string("the ") + what : "the " + std::to_string(count) + " " + what;
}

std::string WhyReleased(const KeepPolicy& keep, bool keeps) {
  if (!keeps)
    return *keep.best_jobs == 0 ? "its sweep keeps no checkpoints of jobs that have ended"
                                : "its job is not among " + CountText(*keep.best_jobs, "best of its sweep");
  std::string kept;
  if (keep.best) kept = CountText(*keep.best, "best");
  if (keep.last) kept += (kept.empty() ? "" : " and ") + CountText(*keep.last, "last");
  return "not " + kept + " of its job";
}

class Collector {
 public:
  explicit Collector(State* state) : state_(state) {
    for (const auto& [job, checkpoints] : state->starts)
      if (state->IsOpen(job)) needed_.insert(checkpoints.begin(), checkpoints.end());
  }

  void Collect(const std::string& sweep) {
    const auto found = state_->sweeps.find(sweep);
    if (found == state_->sweeps.end() || !found->second.row.keep.limits()) return;
    std::map<JobName, Group> groups;
    const KeptId first{{{{sweep, 0}, 0}, 0}, 0, ""};
    for (auto it = state_->kept.lower_bound(first);
         it != state_->kept.end() && it->first.name.attempt.job.sweep == sweep; ++it) {
      if (!it->second.released_time && IsThere(*state_, it->first))
        groups[it->first.name.attempt.job].push_back(&it->second);
    }
    for (const auto& [job, group] : groups)
      if (!state_->IsOpen(job)) CollectJob(job, group, found->second);
  }

 private:
  void CollectJob(const JobName& job, const Group& group, const LiveSweep& sweep) {
    const KeepPolicy& keep = sweep.row.keep;
    const bool keeps =
        !keep.best_jobs || std::any_of(sweep.best.begin(), sweep.best.end(),
                                       [&](const auto& ranked) { return ranked.second == job.job; });
    const auto chosen = keeps ? Choose(group, keep) : std::set<const KeptCheckpoint*>();
    for (KeptCheckpoint* one : group) {
      const CheckpointName& name = one->id.name;
      if (chosen.contains(one) || state_->pins.contains(name) || needed_.contains(name)) continue;
      one->released_time = state_->now;
      state_->workers.at(one->id.worker).releasing.insert(one->id);
      state_->changes.kept.push_back({*one, false});
      state_->Say(ToResource(name), "released", WhyReleased(keep, keeps));
    }
  }

  State* state_;
  std::set<CheckpointName> needed_;
};

std::vector<const KeptCheckpoint*> CopiesOf(const State& state, const CheckpointName& name) {
  std::vector<const KeptCheckpoint*> copies;
  for (auto it = state.kept.lower_bound({name, 0, ""}); it != state.kept.end() && it->first.name == name;
       ++it)
    copies.push_back(&it->second);
  return copies;
}

bool AnyStays(const std::vector<const KeptCheckpoint*>& copies) {
  return std::any_of(copies.begin(), copies.end(), [](const auto* copy) { return !copy->released_time; });
}

// Whether it may be pinned.
Status CheckPin(const State& state, const CheckpointName& name) {
  const auto copies = CopiesOf(state, name);
  if (copies.empty())
    return Fail(Code::kNotFound, "there is no " + ToResource(name) + " in kept/ of any worker");
  if (AnyStays(copies)) return {};
  return Fail(Code::kFailedPrecondition, ToResource(name) + " can no longer be pinned: worker " +
                                             copies.front()->id.worker + " was told to delete it");
}

}  // namespace

void TakeKept(State* state, LiveWorker* worker, const Synchronize& input) {
  if (!input.kept) return;
  std::map<KeptId, KeptCheckpoint> said;
  for (const KeptStatus& status : *input.kept) {
    if (!IsOurs(*state, status)) continue;
    KeptCheckpoint row = RowOf(status, input);
    const KeptId id = row.id;
    said.emplace(id, std::move(row));
  }
  for (auto it = state->kept.begin(); it != state->kept.end();) {
    const auto same = said.find(it->first);
    if (it->first.worker != input.worker_id) {
      ++it;
    } else if (same == said.end()) {
      state->changes.kept.push_back({it->second, true});
      worker->releasing.erase(it->first);
      it = state->kept.erase(it);
    } else {
      same->second.released_time = it->second.released_time;
      if (it->second == same->second) said.erase(same);
      ++it;
    }
  }
  for (auto& [id, row] : said) {  // what is new, or was described anew
    state->uncollected.insert(id.name.attempt.job.sweep);
    state->changes.kept.push_back({row, false});
    state->kept.insert_or_assign(id, std::move(row));
  }
  worker->kept_digest = input.kept_digest;
}

Status CheckStarts(const State& state, const std::vector<Point>& points) {
  for (const Point& point : points) {
    for (const CheckpointName& name : KeptCheckpointsIn(point.spec_json)) {
      const auto copies = CopiesOf(state, name);
      if (copies.empty() || AnyStays(copies)) continue;  // what is not in sight may be anywhere
      return Fail(Code::kFailedPrecondition, "`start.weights` names " + ToResource(name) + ", which worker " +
                                                 copies.front()->id.worker +
                                                 " was told to delete; start from another");
    }
  }
  return {};
}

void NoteStarts(State* state, const JobName& job, std::string_view spec_json) {
  auto names = KeptCheckpointsIn(spec_json);
  if (names.empty()) return;
  state->starts[job] = std::move(names);
  domain::Sweep& row = state->SweepOf(job).row;
  if (!std::exchange(row.names_kept, true)) state->touched.sweeps.insert(row.id);
}

void CollectKept(State* state) {
  if (state->uncollected.empty()) return;
  Collector collector(state);
  for (const std::string& sweep : std::exchange(state->uncollected, {})) collector.Collect(sweep);
}

void CollectAll(State* state) {
  for (const auto& [id, row] : state->kept) state->uncollected.insert(id.name.attempt.job.sweep);
}

Answer OnPinCheckpoint(State* state, const PinCheckpoint& input) {
  const std::string resource = ToResource(input.checkpoint);
  const std::string hash =
      ContentHash({input.pin ? "pin_checkpoint" : "unpin_checkpoint", resource, input.reason});
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  if (earlier->has_value()) return CheckpointAnswer{input.checkpoint};
  const bool pinned = state->pins.contains(input.checkpoint);
  if (pinned != input.pin) {
    if (auto good = input.pin ? CheckPin(*state, input.checkpoint) : Status(); !good.has_value())
      return good.error();
  } else if (!pinned && CopiesOf(*state, input.checkpoint).empty()) {
    return NoSuch(resource);
  }
  RememberRequest(state, input.request_id, hash, resource);
  if (pinned == input.pin) return CheckpointAnswer{input.checkpoint};
  if (input.pin) {
    state->pins.insert(input.checkpoint);
  } else {
    state->pins.erase(input.checkpoint);
    state->uncollected.insert(input.checkpoint.attempt.job.sweep);
  }
  state->changes.pins.push_back({input.checkpoint, input.pin ? std::optional(state->now) : std::nullopt});
  state->Say(resource, input.pin ? "pinned" : "unpinned", input.reason);
  return CheckpointAnswer{input.checkpoint};
}

}  // namespace optfleet::engine
