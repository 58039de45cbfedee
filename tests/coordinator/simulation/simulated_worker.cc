#include "tests/coordinator/simulation/simulated_worker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/coordinator/simulation/world.h"

namespace optfleet::simulation {
namespace {

using State = engine::AttemptStatus::State;
constexpr int64_t kCheckpointEvery = 7;
constexpr size_t kBatch = 6;  // less than is trained in the same time: what is held lags behind

}  // namespace

SimulatedWorker::SimulatedWorker(std::string id, int slots, uint64_t seed)
    : id_(std::move(id)), slots_(slots), random_(seed) {}

void SimulatedWorker::Train(bool faults) {
  std::uniform_real_distribution<> chance(0, 1);
  for (auto& [name, run] : runs_) {
    if (run.state == State::kStarting) {
      run.state = State::kRunning;
      continue;
    }
    if (run.state != State::kRunning || chance(random_) < 0.3) continue;
    if (faults && chance(random_) < 0.01) {
      End(&run, Outcome::kFailed, "killed by signal 9", true);
    } else if (faults && chance(random_) < 0.002) {
      End(&run, Outcome::kDiverged, "the loss is not finite", false);
    } else {
      run.steps.push_back(++run.step);
      if (run.step % kCheckpointEvery == 0) {
        run.checkpoint_step = run.step;
        run.checkpoint_record = static_cast<int64_t>(run.steps.size());
      }
      if (run.step == kSteps) End(&run, Outcome::kSucceeded, "", false);
    }
  }
}

void SimulatedWorker::End(Run* run, Outcome outcome, const std::string& reason, bool retryable) {
  run->state = State::kEnded;
  run->outcome = outcome;
  run->reason = reason;
  run->retryable = retryable;
}

engine::Synchronize SimulatedWorker::Say() {
  engine::Synchronize says;
  says.worker_id = id_;
  says.session = session_;
  says.sequence = ++sequence_;
  for (int i = 0; i < slots_; ++i) {
    domain::Slot slot;
    slot.index = i;
    says.slots.push_back(slot);
  }
  for (const auto& [name, run] : runs_) {
    engine::AttemptStatus status;
    status.attempt = name;
    status.fence = run.fence;
    status.state = run.state;
    status.slots = {run.slot};
    status.last_record = static_cast<int64_t>(run.steps.size());
    status.checkpoint_step = run.checkpoint_step;
    status.checkpoint_record = run.checkpoint_record;
    status.outcome = run.outcome;
    status.reason = run.reason;
    status.retryable = run.retryable;
    status.resumed = run.resumed;
    status.resume_step = run.resume_step;
    status.resume_record = run.resume_record;
    if (run.outcome == Outcome::kSucceeded) status.final = {{"val_loss", ValueOf(name.job, kSteps)}};
    says.attempts.push_back(status);
  }
  return says;
}

std::vector<store::RecordBatch> SimulatedWorker::Records(Time now) {
  std::vector<store::RecordBatch> batches;
  for (const auto& [name, run] : runs_) {
    store::RecordBatch batch;
    batch.attempt = name;
    batch.fence = run.fence;
    batch.keys = {"loss"};
    batch.first_record = run.held + 1;
    for (size_t i = static_cast<size_t>(run.held); i < run.steps.size() && batch.size() < kBatch; ++i) {
      batch.Add(run.steps[i], now, std::vector<store::MetricPoint>{{0, ValueOf(name.job, run.steps[i])}});
    }
    if (batch.size() > 0) batches.push_back(std::move(batch));
  }
  // One attempt at a time, in no order: a child may be held before the parent it resumed from.
  std::shuffle(batches.begin(), batches.end(), random_);
  if (batches.size() > 1) batches.resize(1);
  return batches;
}

void SimulatedWorker::Hear(const engine::RecordsHeld& held) {
  auto run = runs_.find(held.attempt);
  if (run != runs_.end())
    run->second.held = std::min(held.record, static_cast<int64_t>(run->second.steps.size()));
}

void SimulatedWorker::Hear(const AnswerOfCall& call) {
  if (call.session != session_ || call.sequence <= answered_) return;
  answered_ = call.sequence;
  const engine::SynchronizeAnswer& answer = call.answer;
  for (const engine::HeldRecord& held : answer.held) Hear(engine::RecordsHeld{held.attempt, held.record, 0});
  for (const engine::Forget& forget : answer.forget) {
    auto run = runs_.find(forget.attempt);
    if (run == runs_.end() || run->second.fence != forget.fence) continue;
    if (forget.kill && run->second.state != State::kEnded)
      End(&run->second, Outcome::kFailed, "given up", true);
    if (run->second.state != State::kEnded) continue;
    run->second.kept = forget.keep_checkpoints;
    if (!forget.keep_checkpoints) runs_.erase(run);
  }
  for (const engine::DesiredAttempt& desired : answer.attempts) {
    auto run = runs_.find(desired.attempt);
    if (desired.action == engine::DesiredAttempt::Action::kRun) {
      if (run == runs_.end()) Start(desired);
    } else if (run != runs_.end() && run->second.fence == desired.fence &&
               run->second.state != State::kEnded) {
      if (desired.stop_with_checkpoint) {
        run->second.checkpoint_step = run->second.step;
        run->second.checkpoint_record = static_cast<int64_t>(run->second.steps.size());
      }
      End(&run->second, desired.stop_outcome, desired.stop_reason, true);
    }
  }
}

bool SimulatedWorker::SlotIsFree(int32_t slot) const {
  for (const auto& [name, run] : runs_) {
    if (run.slot == slot && run.state != State::kEnded) return false;
  }
  return true;
}

void SimulatedWorker::Start(const engine::DesiredAttempt& desired) {
  if (!SlotIsFree(desired.slots.at(0))) return;  // asked again with the next answer
  Run run;
  run.name = desired.attempt;
  run.fence = desired.fence;
  run.slot = desired.slots.at(0);
  auto parent = desired.resume_parent ? runs_.find(*desired.resume_parent) : runs_.end();
  if (parent != runs_.end() && parent->second.checkpoint_step > 0) {
    run.resumed = true;
    run.resume_step = run.step = parent->second.checkpoint_step;
    run.resume_record = parent->second.checkpoint_record;
  }
  runs_.emplace(run.name, std::move(run));
}

void SimulatedWorker::RestartProcess() {
  ++session_;
  sequence_ = 0;
  answered_ = 0;
  for (auto& [name, run] : runs_) run.held = 0;
}

void SimulatedWorker::CrashMachine() {
  for (auto& [name, run] : runs_) {
    if (run.state == State::kEnded) continue;
    run.steps.resize(
        static_cast<size_t>(std::max(run.checkpoint_record, std::min<int64_t>(run.held, run.steps.size()))));
    End(&run, Outcome::kFailed, "shim and trainer were both killed", true);
  }
  RestartProcess();
}

int SimulatedWorker::DoubleBooked() const {
  std::set<int32_t> used;
  int twice = 0;
  for (const auto& [name, run] : runs_) {
    if (run.state != State::kEnded && !used.insert(run.slot).second) ++twice;
  }
  return twice;
}

}  // namespace optfleet::simulation
