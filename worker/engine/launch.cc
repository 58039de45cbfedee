// Starting what should run, and letting go of what is no longer needed.
#include <signal.h>
#include <algorithm>

#include "worker/engine/engine.h"

namespace optfleet::worker {

void Engine::Reconcile(Attempt* attempt) {
  ReconcileReport(attempt);
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
    attempt->verdict =
        Conclusion{DirectoryState::kEnded, Outcome::kFailed, std::move(reason), retryable, false};
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
  effects_.push_back(PrepareAndLaunch{MakeJob(*attempt), attempt->desired->resume_parent});
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

// A child that lives and has no checkpoint of its own may still be loading its parent's.
bool Engine::NeededByChild(const AttemptKey& parent) const {
  for (const auto& [key, attempt] : attempts_) {
    if (!attempt.Alive()) continue;
    if (!attempt.facts) {
      if (attempt.desired && attempt.desired->resume_parent == parent) return true;
      continue;
    }
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
  job.slot = {slot.gpu ? "gpu" : "cpu", slot.index, slot.threads, slot.memory_bytes, slot.device_uuid};
  return job;
}

bool Engine::SlotsFree(const Attempt& attempt) const {
  for (const auto& [key, other] : attempts_) {
    if (&other == &attempt || !other.Alive()) continue;
    for (const int32_t slot : attempt.slots)
      if (std::find(other.slots.begin(), other.slots.end(), slot) != other.slots.end()) return false;
  }
  return true;
}

const Slot* Engine::FindSlot(int32_t index) const {
  for (const Slot& slot : options_.slots)
    if (slot.index == index) return &slot;
  return nullptr;
}

}  // namespace optfleet::worker
