// Starting what should run, and letting go of what is no longer needed.
#include <signal.h>
#include <algorithm>

#include "worker/engine/engine.h"

namespace optfleet::worker {

namespace {

constexpr int32_t kWholeSlot = 100;

// What the attempt gets of the slot: all of it, or its share of threads and memory.
rundir::SlotGrant GrantOf(const Slot& slot, const Attempt& attempt) {
  rundir::SlotGrant grant{.kind = slot.gpu ? "gpu" : "cpu",
                          .index = slot.index,
                          .threads = slot.threads,
                          .memory_bytes = slot.memory_bytes,
                          .device_uuid = slot.device_uuid};
  if (attempt.share >= kWholeSlot) return grant;
  grant.share = attempt.share;
  grant.threads = std::max(1, slot.threads * attempt.share / kWholeSlot);
  const int64_t of_share = slot.memory_bytes / kWholeSlot * attempt.share;
  grant.memory_bytes = attempt.memory_bytes > 0 ? attempt.memory_bytes : of_share;
  if (slot.memory_bytes > 0) grant.memory_bytes = std::min(grant.memory_bytes, slot.memory_bytes);
  return grant;
}

}  // namespace

void Engine::Reconcile(Attempt* attempt) {
  if (attempt->folder_busy || attempt->facts_old) return;
  if (attempt->forget && ReconcileForget(attempt)) return;
  if (attempt->stop)
    ReconcileStop(attempt);
  else if (attempt->desired)
    ReconcileLaunch(attempt);
}

void Engine::ReconcileLaunch(Attempt* attempt) {
  if (draining_since_ || attempt->verdict || attempt->Now().state != DirectoryState::kPrepared) return;
  if (now_ < attempt->next_folder_work) return;
  const auto refuse = [&](std::string reason, bool retryable) {
    attempt->verdict = Conclusion{
        DirectoryState::kEnded, Outcome::kFailed, std::move(reason), retryable, FailureCause::kWorker, false};
    Say(true, "attempt.refused", attempt->key.attempt, attempt->verdict->reason);
  };
  for (const int32_t slot : attempt->slots)
    if (!FindSlot(slot)) return refuse("this worker has no slot " + std::to_string(slot), false);
  if (attempt->slots.empty()) return refuse("it came without a slot", false);
  if (attempt->launches >= kMaxLaunches)
    return refuse("the shim ended " + std::to_string(kMaxLaunches) + " times before it could begin", true);
  if (!SlotsFree(*attempt)) return;
  ++attempt->launches;
  attempt->folder_busy = true;
  if (attempt->facts) {
    attempt->next_folder_work = now_ + std::chrono::seconds(1);
    effects_.push_back(Launch{attempt->facts->job, attempt->facts->folder});
    return;
  }
  attempt->begins_from = attempt->desired->resume_parent;
  effects_.push_back(PrepareAndLaunch{MakeJob(*attempt), attempt->begins_from});
}

// True if there is nothing else to do for the attempt now.
bool Engine::ReconcileForget(Attempt* attempt) {
  ForgetOrder& order = *attempt->forget;
  if (attempt->Alive()) {
    if (!order.kill) return false;
    if (now_ >= attempt->next_signal)
      Say(true, "attempt.killed", attempt->key.attempt, order.reason.empty() ? "given up" : order.reason);
    SignalAgain(attempt, SIGKILL);
    return true;
  }
  if (now_ < attempt->next_folder_work || attempt->reporting) return true;
  if (order.done || NeededByChild(attempt->key)) return true;
  attempt->folder_busy = true;
  const std::string folder = attempt->facts ? attempt->facts->folder : "";
  if (order.keep_checkpoints)
    effects_.push_back(Prune{attempt->key, folder});
  else
    effects_.push_back(Remove{attempt->key, folder});
  return true;
}

// A child that is to be started from its parent's checkpoint, is being started (though nobody may want it any
// more), or lives and has no record of its own, may still be loading that.
bool Engine::NeededByChild(const AttemptKey& parent) const {
  for (const auto& [key, attempt] : attempts_) {
    if (!attempt.facts) {
      if (!attempt.verdict && attempt.desired && attempt.desired->resume_parent == parent) return true;
      if ((attempt.folder_busy || attempt.facts_old) && attempt.begins_from == parent) return true;
      continue;
    }
    if (!attempt.Alive()) continue;
    const auto& resume = attempt.facts->job.resume;
    if (resume && resume->parent == parent.attempt && attempt.facts->last_record == 0) return true;
  }
  return false;
}

rundir::JobDocument Engine::MakeJob(const Attempt& attempt) const {
  const Slot& slot = *FindSlot(attempt.slots.front());
  rundir::JobDocument job;
  job.attempt = attempt.key.attempt;
  job.fence = attempt.key.fence;
  job.spec = Json::parse(attempt.desired->spec_json, nullptr, /*allow_exceptions=*/false);
  job.slot = GrantOf(slot, attempt);
  job.pause_step = attempt.desired->pause_step;
  for (size_t i = 1; i < attempt.slots.size(); ++i)
    job.more_slots.push_back(GrantOf(*FindSlot(attempt.slots[i]), attempt));
  return job;
}

bool Engine::SlotsFree(const Attempt& attempt) const {
  for (const int32_t slot : attempt.slots) {
    int32_t free = kWholeSlot;
    for (const auto& [key, other] : attempts_) {
      const bool there = std::find(other.slots.begin(), other.slots.end(), slot) != other.slots.end();
      if (&other != &attempt && other.Alive() && there) free -= other.share;
    }
    if (free < attempt.share) return false;
  }
  return true;
}

const Slot* Engine::FindSlot(int32_t index) const {
  for (const Slot& slot : options_.slots)
    if (slot.index == index) return &slot;
  return nullptr;
}

}  // namespace optfleet::worker
