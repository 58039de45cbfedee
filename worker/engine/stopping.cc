// Ending trainers: first a word on the control socket, SIGTERM for one that has no socket, SIGKILL after the
// grace time.
#include <signal.h>

#include "worker/engine/engine.h"

namespace optfleet::worker {
namespace {

// A trainer that loads its libraries has no socket yet, and SIGTERM would just kill it.
constexpr Duration kSocketPatience = std::chrono::seconds(5);
constexpr Duration kSignalPeriod = std::chrono::seconds(1);
// A drain waits for the coordinator only while there is one.
constexpr Duration kDrainPatience = std::chrono::seconds(3);
constexpr Duration kDrainMargin = std::chrono::seconds(5);

}  // namespace

void Engine::ReconcileStop(Attempt* attempt) {
  StopOrder& stop = *attempt->stop;
  if (attempt->Ended()) return;
  if (!attempt->Alive()) {  // no trainer ever ran
    attempt->verdict =
        Conclusion{DirectoryState::kEnded, stop.outcome, stop.reason, false, FailureCause::kUnknown, false};
    return;
  }
  const Duration waited = now_ - stop.since;
  if (waited >= options_.grace) {
    if (!stop.killed)
      Say(true, "attempt.killed", attempt->key.attempt, "it did not stop within the grace time");
    SignalAgain(attempt, SIGKILL);
    stop.killed = stop.killed || attempt->facts->started.has_value();
    return;
  }
  if (stop.accepted || stop.asking || now_ < stop.next_ask) return;
  if (waited >= kSocketPatience && !stop.terminated) {
    SignalAgain(attempt, SIGTERM);
    stop.terminated = attempt->facts->started.has_value();
  }
  stop.asking = true;
  effects_.push_back(AskToStop{attempt->key, attempt->facts->folder, stop});
}

void Engine::SignalAgain(Attempt* attempt, int signal) {
  if (now_ < attempt->next_signal || !attempt->facts || !attempt->facts->started) return;
  attempt->next_signal = now_ + kSignalPeriod;
  effects_.push_back(SignalTrainer{attempt->key, *attempt->facts->started, signal});
}

void Engine::ReconcilePartition() {
  if (!options_.stop_on_partition || now_ - last_contact_ <= lease_) return;
  if (!partition_said_)
    Say(true, "worker.partition", "", "no contact for a whole lease: stopping every attempt");
  partition_said_ = true;
  for (auto& [key, attempt] : attempts_)
    if (!attempt.stop && attempt.Alive())
      OrderStop(
          &attempt,
          {.reason = "no contact with the coordinator for a whole lease", .since = now_, .next_ask = now_});
}

void Engine::ReconcileDrain() {
  if (!draining_since_ || leaving_) return;
  bool alive = false, settled = true;
  for (auto& [key, attempt] : attempts_) {
    if (!attempt.stop && attempt.Alive())
      OrderStop(&attempt, {.reason = "its worker leaves", .since = now_, .next_ask = now_});
    alive = alive || attempt.Alive();
    settled = settled && (attempt.Settled() || (!attempt.Alive() && !attempt.Ended()));
  }
  const bool alone = now_ - last_contact_ >= kDrainPatience && now_ - *draining_since_ >= kDrainPatience;
  const bool too_long = now_ - *draining_since_ >= options_.grace + kDrainMargin;
  if (too_long || (!alive && (settled || alone))) leaving_ = true;
}

}  // namespace optfleet::worker
