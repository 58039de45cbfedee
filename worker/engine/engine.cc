#include "worker/engine/engine.h"

#include <algorithm>

namespace optfleet::worker {
namespace {

constexpr size_t kForgottenRemembered = 10000;
constexpr Duration kReportAgain = std::chrono::seconds(1);
constexpr Duration kRetryFolderWork = std::chrono::seconds(2);

}  // namespace

Engine::Engine(EngineOptions options, Time now)
    : options_(std::move(options)), now_(now), last_contact_(now) {}

Effects Engine::Handle(const Input& input, Time now) {
  now_ = now;
  effects_.clear();
  std::visit([this](const auto& value) { On(value); }, input);
  if (!scanned_) return std::move(effects_);
  ReconcilePartition();
  ReconcileDrain();
  for (auto& [key, attempt] : attempts_) Reconcile(&attempt);
  ReconcileReports();
  ReconcileKept();
  ReconcileContact();
  return std::move(effects_);
}

void Engine::On(const DirectoriesScanned& input) {
  scanned_ = true;
  std::set<AttemptKey> seen;
  for (const auto& facts : input.directories) {
    const AttemptKey key{facts->job.attempt, facts->job.fence};
    if (forgotten_.contains(key)) continue;
    seen.insert(key);
    const auto [found, is_new] = attempts_.try_emplace(key);
    Attempt& attempt = found->second;
    if (is_new) {
      attempt.key = key;
      attempt.slots = facts->job.SlotIndexes();
      attempt.share = facts->job.slot.share;
      attempt.memory_bytes = facts->job.slot.memory_bytes;
      Say(false, "attempt.taken_back", key.attempt, facts->folder);
    }
    attempt.facts = facts;
    attempt.facts_old = false;
  }
  for (auto& [key, attempt] : attempts_) {
    const bool had_folder = attempt.facts || attempt.facts_old;
    if (seen.contains(key) || !had_folder || attempt.folder_busy || attempt.verdict) continue;
    attempt.facts = nullptr;
    attempt.facts_old = false;
    attempt.verdict = Conclusion{DirectoryState::kEnded,
                                 Outcome::kFailed,
                                 "its run directory has vanished",
                                 true,
                                 FailureCause::kWorker,
                                 false};
    Say(true, "attempt.vanished", key.attempt, "its run directory has vanished");
  }
}

void Engine::On(const AnswerReceived& input) {
  synchronizing_ = false;
  may_sync_early_ = true;
  last_contact_ = now_;
  partition_said_ = false;
  lease_ = input.answer.lease;
  next_sync_ = now_ + input.answer.next_call;
  for (auto& [key, attempt] : attempts_) {
    attempt.ended_known = attempt.ended_known || attempt.ended_sent;
    attempt.ended_sent = false;
    attempt.desired.reset();
  }
  for (const auto& held : input.answer.held) TakeHeld(held);
  shelf_.Answered(input.answer);
  for (const auto& forget : input.answer.forget) {
    const auto found = attempts_.find(forget.key);
    if (found == attempts_.end()) continue;
    auto& order = found->second.forget;
    const bool done = order && order->done && forget.keep_checkpoints;
    order = ForgetOrder{forget.kill, forget.keep_checkpoints, forget.reason, done};
  }
  for (const auto& desired : input.answer.attempts) Want(desired);
  // What was wanted, never begun and is wanted no more.
  std::erase_if(attempts_, [](const auto& entry) { return !entry.second.Begun() && !entry.second.desired; });
}

void Engine::TakeHeld(const HeldRecord& held) {
  for (auto& [key, attempt] : attempts_) {
    if (key.attempt != held.attempt || attempt.reporting) continue;
    // An answer that was under way while a report was answered is the older of the two.
    if (held.record < attempt.held && attempt.held_is_new) continue;
    attempt.held = held.record;
  }
}

void Engine::Want(const DesiredAttempt& desired) {
  if (forgotten_.contains(desired.key)) return;
  const auto [found, is_new] = attempts_.try_emplace(desired.key);
  Attempt& attempt = found->second;
  if (is_new) {
    attempt.key = desired.key;
    attempt.slots = desired.slots;
    attempt.share = desired.share;
    attempt.memory_bytes = desired.memory_bytes;
  }
  if (desired.stop) {
    OrderStop(&attempt, {.outcome = desired.stop_outcome,
                         .reason = desired.stop_reason,
                         .checkpoint = desired.stop_with_checkpoint,
                         .since = now_,
                         .next_ask = now_});
  } else {
    attempt.desired = desired;
  }
}

void Engine::OrderStop(Attempt* attempt, StopOrder order) {
  if (attempt->stop && attempt->stop->outcome == order.outcome) return;
  if (attempt->stop) {  // another outcome: ask again, but the grace time runs on
    order.since = attempt->stop->since;
    order.asking = attempt->stop->asking;
    order.terminated = attempt->stop->terminated;
    order.killed = attempt->stop->killed;
  }
  if (order.reason.empty()) order.reason = std::string(OutcomeName(order.outcome)) + " by the coordinator";
  Say(false, "attempt.stop", attempt->key.attempt, order.reason);
  attempt->stop = std::move(order);
}

void Engine::On(const ContactFailed& input) {
  synchronizing_ = false;
  may_sync_early_ = false;
  next_sync_ = now_ + input.retry_after;
  for (auto& [key, attempt] : attempts_) attempt.ended_sent = false;
}

void Engine::On(const RecordsHeld& input) {
  const auto found = attempts_.find(input.key);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  attempt.reporting = false;
  // An answer that holds no more than before (an attempt it does not know, a full disk) is no reason to send
  // the same again at once.
  if (!input.held || *input.held <= attempt.held)
    attempt.next_report = now_ + std::max<Duration>(input.retry_after, kReportAgain);
  if (!input.held) return;
  attempt.held = *input.held;
  attempt.held_is_new = true;
}

void Engine::On(const FolderWorkDone& input) {
  const auto found = attempts_.find(input.key);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  attempt.folder_busy = false;
  if (!input.error.empty()) {
    attempt.next_folder_work = now_ + kRetryFolderWork;
    Say(true, "attempt.folder", input.key.attempt, input.error);
    if (input.work == FolderWorkDone::Work::kLaunch && attempt.launches >= kMaxLaunches)
      attempt.verdict = Conclusion{
          DirectoryState::kEnded, Outcome::kFailed, input.error, true, FailureCause::kWorker, false};
    return;
  }
  switch (input.work) {
    case FolderWorkDone::Work::kLaunch:
      attempt.facts_old = true;
      break;
    case FolderWorkDone::Work::kPrune:
      attempt.forget->done = true;
      break;
    case FolderWorkDone::Work::kRemove:
      if (forgotten_.size() >= kForgottenRemembered) forgotten_.erase(forgotten_.begin());
      forgotten_.insert(input.key);
      shelf_.Changed();
      attempts_.erase(found);
      break;
  }
}

void Engine::On(const StopAnswered& input) {
  const auto found = attempts_.find(input.key);
  if (found == attempts_.end() || !found->second.stop) return;
  StopOrder& stop = *found->second.stop;
  stop.asking = false;
  stop.accepted = input.accepted;
  stop.next_ask = now_ + std::chrono::milliseconds(500);
}

void Engine::On(const KeptScanned& input) {
  const bool was_cut = shelf_.cut();
  shelf_.Scanned(input.folder, input.checkpoints, now_);
  if (shelf_.cut() && !was_cut)
    Say(true, "kept.many", "",
        input.folder + " has " + std::to_string(input.checkpoints.size()) +
            " checkpoints; the coordinator hears of the first " + std::to_string(kMostKeptTold));
}

void Engine::On(const KeptDeleted& input) {
  shelf_.Deleted(input.name, input.error.empty(), now_);
  if (!input.error.empty()) Say(true, "kept.folder", input.name.key.attempt, input.error);
}

void Engine::ReconcileKept() {
  if (shelf_.TakeScan(now_)) effects_.push_back(ScanKept{});
  for (const KeptName& name : shelf_.TakeDeletions(now_)) {
    Say(false, "kept.deleted", name.key.attempt, "the checkpoint of step " + std::to_string(name.step));
    effects_.push_back(DeleteKeptCheckpoint{name});
  }
}

void Engine::On(const DrainRequested&) {
  if (draining_since_) return;
  draining_since_ = now_;
  Say(false, "worker.drain", "", "stopping every attempt with a checkpoint");
}

Summary Engine::Summarize() const {
  Summary summary;
  for (const Slot& slot : options_.slots) {
    const bool used = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
      const auto& slots = entry.second.slots;
      return entry.second.Alive() && std::find(slots.begin(), slots.end(), slot.index) != slots.end();
    });
    ++(used ? summary.slots_used : summary.slots_free);
  }
  for (const auto& [key, attempt] : attempts_) {
    summary.attempts_running += attempt.facts && attempt.Now().state == DirectoryState::kRunning;
    const int64_t missing = attempt.last_record() - attempt.held;
    if (missing <= 0) continue;
    summary.backlog_records += missing;
    summary.backlog_bytes +=
        static_cast<int64_t>(static_cast<double>(attempt.facts->log_bytes) * static_cast<double>(missing) /
                             static_cast<double>(attempt.last_record()));
  }
  return summary;
}

void Engine::Say(bool warning, std::string event, const std::string& attempt, std::string text) {
  effects_.push_back(Note{warning, std::move(event), attempt, std::move(text)});
}

}  // namespace optfleet::worker
