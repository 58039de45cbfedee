#include "tests/coordinator/simulation/machine.h"

#include <signal.h>

#include <algorithm>
#include <map>

namespace optfleet::simulation {
namespace {

using std::chrono::milliseconds;

constexpr Duration kLogSyncPeriod = std::chrono::seconds(1);

}  // namespace

Machine::Machine(Context* context, std::string id, int slots) : context_(context), id_(std::move(id)) {
  slots_.resize(static_cast<size_t>(slots));
  for (int i = 0; i < slots; ++i) slots_[static_cast<size_t>(i)].index = i;
}

void Machine::Say(const RunDirectory& directory, const std::string& text) const {
  context_->trace.Say(context_->agenda.now(), id_, [&] { return directory.job().attempt + ": " + text; });
}

RunDirectory* Machine::Find(const Key& key) {
  const auto found = directories_.find(key);
  return found == directories_.end() ? nullptr : &found->second;
}

Status Machine::Prepare(rundir::JobDocument job, const std::optional<Key>& parent) {
  const Key key{job.attempt, job.fence};
  if (disk_full_) return Fail(Code::kResourceExhausted, "the disk is full");
  if (directories_.contains(key)) return Fail(Code::kAlreadyExists, job.attempt + " is there already");
  bool durable = true;
  if (parent) {
    const RunDirectory* from = Find(*parent);
    if (from != nullptr && !from->checkpoints.empty()) {
      const auto& newest = from->checkpoints.back();
      job.resume =
          rundir::ResumePoint{parent->attempt, from->folder() + "/step-" + std::to_string(newest.value.step),
                              newest.value.step, newest.value.record};
      durable = newest.durable;
    }
  }
  job.boot_id = std::to_string(boot_);
  removed_.clear();  // the root is synced with the new folder in it
  const std::string folder = "/" + id_ + "/" + job.attempt + "." + std::to_string(job.fence.incarnation);
  const auto [made, is_new] = directories_.try_emplace(key, folder, std::move(job), durable);
  Say(made->second, made->second.job().resume
                        ? "prepared, resumes at step " + std::to_string(made->second.job().resume->step)
                        : "prepared");
  return {};
}

Status Machine::Launch(const Key& key) {
  RunDirectory* directory = Find(key);
  if (directory == nullptr) return Fail(Code::kNotFound, key.attempt + " has no folder");
  if (directory->processes.shim) return Fail(Code::kUnavailable, key.attempt + ": shim.lock is held");
  directory->processes.shim = true;
  directory->Changed();
  Later(key, ++directory->processes.life, context_->dice.Between(milliseconds(1), milliseconds(20)),
        &Machine::Fork);
  return {};
}

void Machine::Later(const Key& key, int64_t life, Duration delay, void (Machine::*work)(RunDirectory*)) {
  context_->agenda.After(delay, [this, key, life, work] {
    RunDirectory* directory = Find(key);
    if (directory == nullptr || directory->processes.life != life) return;
    if (context_->agenda.now() < asleep_until_)
      return Later(key, life, asleep_until_ - context_->agenda.now() + milliseconds(1), work);
    if (directory->processes.frozen) return Later(key, life, milliseconds(200), work);
    (this->*work)(directory);
  });
}

void Machine::Fork(RunDirectory* directory) {
  if (!directory->processes.shim) return;
  if (directory->processes.trainer || directory->began) {
    context_->Violate("a folder has one trainer", directory->job().attempt + " was launched twice on " + id_);
    return;
  }
  directory->processes.trainer = true;
  directory->Changed();
  Later(KeyOf(*directory), directory->processes.life,
        context_->dice.Between(milliseconds(1), milliseconds(10)), &Machine::NoteStarted);
}

void Machine::NoteStarted(RunDirectory* directory) {
  Processes& processes = directory->processes;
  if (!processes.shim) {  // the child leaves without an exec
    processes.trainer = false;
    return directory->Changed();
  }
  rundir::StartedDocument started{.shim_pid = next_pid_,
                                  .trainer_pid = next_pid_ + 1,
                                  .trainer_start_ticks = 7,
                                  .boot_id = std::to_string(boot_)};
  next_pid_ += 2;
  directory->started = {std::move(started), false};
  directory->began = true;
  directory->Changed();
  // Killed since its fork, it is found by the shim that waits for it.
  if (!processes.trainer)
    return Later(KeyOf(*directory), processes.life, milliseconds(1), &Machine::WriteExit);
  Say(*directory, "trainer starts");
  Later(KeyOf(*directory), processes.life, context_->dice.Between(milliseconds(50), milliseconds(600)),
        &Machine::BeginTraining);
}

void Machine::BeginTraining(RunDirectory* directory) {
  Processes& processes = directory->processes;
  if (!processes.trainer) return;
  processes.socket = true;
  processes.last_log_sync = context_->agenda.now();
  if (const auto& resume = directory->job().resume) {
    const auto parent = std::find_if(directories_.begin(), directories_.end(), [&](const auto& entry) {
      return entry.first.attempt == resume->parent &&
             entry.second.folder() == resume->checkpoint.substr(0, entry.second.folder().size());
    });
    const bool there = parent != directories_.end() &&
                       std::any_of(parent->second.checkpoints.begin(), parent->second.checkpoints.end(),
                                   [&](const auto& one) { return one.value.step == resume->step; });
    if (!there) {
      if (directory->resumes_durably())
        context_->Violate(
            "a checkpoint that is needed stays",
            directory->job().attempt + " cannot load step " + std::to_string(resume->step) + " on " + id_);
      return TrainerGone(directory, 1, 0);
    }
    processes.step = resume->step;
  }
  TrainStep(directory);
}

void Machine::SyncFolder(RunDirectory* directory) {
  for (auto& one : directory->checkpoints) one.durable = true;
  if (directory->result) directory->result->durable = true;
}

void Machine::WriteCheckpoint(RunDirectory* directory) {
  const int64_t step = directory->processes.step;
  const auto record = static_cast<int64_t>(directory->log.size());
  if (!directory->checkpoints.empty() && directory->checkpoints.back().value.step >= step) return;
  if (disk_full_ || step == 0) return;
  directory->log_durable = directory->log.size();
  directory->checkpoints.push_back({{step, record}, false});
  directory->Changed();
  Later(KeyOf(*directory), directory->processes.life, milliseconds(context_->dice.Below(30)),
        &Machine::SyncFolder);
}

bool Machine::StopIfAsked(RunDirectory* directory) {
  const Processes& processes = directory->processes;
  if (directory->job().pause_step > 0 && processes.step >= directory->job().pause_step) {
    WriteCheckpoint(directory);
    Finish(directory, Outcome::kPreempted, "paused");
    return true;
  }
  if (!processes.stop) return false;
  if (processes.stop_with_checkpoint) WriteCheckpoint(directory);
  Finish(directory, *processes.stop, processes.stop_reason);
  return true;
}

void Machine::TrainStep(RunDirectory* directory) {
  Processes& processes = directory->processes;
  if (!processes.trainer || StopIfAsked(directory)) return;
  const Time now = context_->agenda.now();
  if (!disk_full_) {  // else it waits for room
    ++processes.step;
    directory->log.push_back({processes.step, now, ValueOf(directory->job_resource(), processes.step)});
    directory->Changed();
    if (now - processes.last_log_sync >= kLogSyncPeriod) {
      directory->log_durable = directory->log.size();
      processes.last_log_sync = now;
    }
    if (processes.step % kCheckpointEvery == 0) WriteCheckpoint(directory);
    if (processes.step >= kSteps) return Finish(directory, Outcome::kSucceeded, "");
    if (context_->faults && context_->dice.Chance(0.004))
      return Finish(directory, Outcome::kDiverged, "the loss is not finite");
    if (context_->faults && context_->dice.Chance(0.002)) return TrainerGone(directory, 1, 0);
  }
  Later(KeyOf(*directory), processes.life, context_->dice.Between(milliseconds(80), milliseconds(500)),
        &Machine::TrainStep);
}

// The trainer's last act.
void Machine::Finish(RunDirectory* directory, Outcome outcome, const std::string& reason) {
  directory->log_durable = directory->log.size();
  rundir::ResultDocument result;
  result.outcome = outcome;
  result.reason = reason;
  result.last_record = static_cast<int64_t>(directory->log.size());
  result.last_step = directory->processes.step;
  if (outcome == Outcome::kSucceeded || outcome == Outcome::kPreempted)
    for (const char* key : {"val_loss", "loss"})
      result.final[key] = ValueOf(directory->job_resource(), directory->processes.step);
  directory->result = {std::move(result), context_->dice.Chance(0.8)};
  TrainerGone(directory, 0, 0);
}

void Machine::TrainerGone(RunDirectory* directory, int code, int signal) {
  Processes& processes = directory->processes;
  if (!processes.trainer) return;
  processes.trainer = processes.socket = processes.frozen = false;
  directory->Changed();
  Say(*directory, signal != 0 ? "trainer killed by signal " + std::to_string(signal)
                              : "trainer left with code " + std::to_string(code));
  if (!processes.shim) return;
  reaped_[KeyOf(*directory)] = {code, signal};
  if (!directory->started) return;  // NoteStarted comes first
  Later(KeyOf(*directory), processes.life, context_->dice.Between(milliseconds(1), milliseconds(60)),
        &Machine::WriteExit);
}

void Machine::WriteExit(RunDirectory* directory) {
  if (!directory->processes.shim) return;
  if (disk_full_)
    return Later(KeyOf(*directory), directory->processes.life, std::chrono::seconds(1), &Machine::WriteExit);
  const auto [code, signal] = reaped_[KeyOf(*directory)];
  rundir::ExitDocument exit;
  exit.code = code;
  exit.signal = signal;
  directory->exit = {exit, false};
  directory->processes.shim = false;
  directory->Changed();
}

Status Machine::AskToStop(const Key& key, const worker::StopOrder& order) {
  RunDirectory* directory = Find(key);
  if (directory == nullptr || !directory->processes.socket || directory->processes.frozen)
    return Fail(Code::kUnavailable, "nobody listens");
  directory->processes.stop = order.outcome;
  directory->processes.stop_reason = order.reason;
  directory->processes.stop_with_checkpoint = order.checkpoint;
  return {};
}

void Machine::Signal(const Key& key, const rundir::StartedDocument& trainer, int signal) {
  RunDirectory* directory = Find(key);
  if (directory == nullptr || !directory->processes.trainer || !directory->started) return;
  const auto& running = directory->started->value;
  if (running.trainer_pid != trainer.trainer_pid || trainer.boot_id != std::to_string(boot_)) return;
  if (signal == SIGKILL) return TrainerGone(directory, 0, SIGKILL);
  if (!directory->processes.socket) return TrainerGone(directory, 0, signal);
  directory->processes.stop = Outcome::kPreempted;
  directory->processes.stop_reason = "SIGTERM";
  directory->processes.stop_with_checkpoint = true;
}

Status Machine::Prune(const Key&) { return {}; }

Status Machine::Remove(const Key& key) {
  const auto found = directories_.find(key);
  if (found == directories_.end()) return {};
  if (found->second.processes.trainer)
    context_->Violate("a folder goes only after its processes",
                      key.attempt + " was removed while its trainer lived");
  Say(found->second, "removed");
  RescueKept(key, &found->second);
  removed_.insert(directories_.extract(found));
  return {};
}

// What its run keeps for good; every other one was validated.
void Machine::RescueKept(const Key& key, RunDirectory* directory) {
  for (const auto& one : directory->checkpoints) {
    const int64_t step = one.value.step;
    if (step % kKeepEvery != 0 && &one != &directory->checkpoints.back()) continue;
    worker::KeptCheckpoint kept{{key, step}, {}, 100 + step};
    if (step % 2 == 0) kept.val_loss = ValueOf(directory->job_resource(), step);
    kept_[kept.name] = kept;
  }
  directory->checkpoints.clear();
}

std::vector<worker::KeptCheckpoint> Machine::ScanKept() const {
  std::vector<worker::KeptCheckpoint> all;
  for (const auto& [name, checkpoint] : kept_) all.push_back(checkpoint);
  return all;
}

void Machine::DeleteKept(const worker::KeptName& name) {
  const auto found = kept_.find(name);
  if (found == kept_.end()) return;
  if (tell_deleted_) tell_deleted_(name);
  deleted_.insert(kept_.extract(found));
}

std::vector<worker::DirectoryFactsPtr> Machine::Scan() {
  std::vector<worker::DirectoryFactsPtr> all;
  for (auto& [key, directory] : directories_) all.push_back(directory.Facts(std::to_string(boot_)));
  return all;
}

void Machine::CutPower() {
  ++boot_;
  for (auto& [key, directory] : directories_) directory.CutPower(&context_->dice);
  for (auto& [key, directory] : removed_) {
    if (directories_.contains(key) || !context_->dice.Chance(0.5)) continue;
    directory.ComeBack(&context_->dice);
    directories_.emplace(key, std::move(directory));
  }
  removed_.clear();
  for (const auto& [name, checkpoint] : deleted_)
    if (context_->dice.Chance(0.5)) kept_.emplace(name, checkpoint);
  deleted_.clear();
}

RunDirectory* Machine::Pick(bool (*fits)(const RunDirectory&)) {
  std::vector<RunDirectory*> all;
  for (auto& [key, directory] : directories_)
    if (fits(directory)) all.push_back(&directory);
  return all.empty() ? nullptr : all[context_->dice.Below(all.size())];
}

bool Machine::KillTrainer() {
  RunDirectory* directory = Pick([](const RunDirectory& one) { return one.processes.trainer; });
  if (directory != nullptr) TrainerGone(directory, 0, SIGKILL);
  return directory != nullptr;
}

bool Machine::KillShim() {
  RunDirectory* directory = Pick([](const RunDirectory& one) { return one.processes.shim; });
  if (directory == nullptr) return false;
  directory->processes.shim = false;
  directory->Changed();
  Say(*directory, "shim killed");
  return true;
}

bool Machine::KillBoth() {
  RunDirectory* directory =
      Pick([](const RunDirectory& one) { return one.processes.shim && one.processes.trainer; });
  if (directory == nullptr) return false;
  directory->processes.AllGone();
  directory->Changed();
  Say(*directory, "shim and trainer killed");
  return true;
}

bool Machine::FreezeTrainer(Duration time) {
  RunDirectory* directory = Pick([](const RunDirectory& one) { return one.processes.socket; });
  if (directory == nullptr) return false;
  directory->processes.frozen = true;
  Say(*directory, "trainer frozen");
  const Key key = KeyOf(*directory);
  context_->agenda.After(time, [this, key] {
    if (RunDirectory* again = Find(key)) again->processes.frozen = false;
  });
  return true;
}

void Machine::SleepUntil(Time time) {
  const Time begin = std::max(asleep_until_, context_->agenda.now());
  if (time <= begin) return;
  slept_ += time - begin;
  asleep_until_ = time;
}

bool Machine::AnyAlive() const {
  return std::any_of(directories_.begin(), directories_.end(), [](const auto& entry) {
    return entry.second.processes.trainer || entry.second.processes.shim;
  });
}

void Machine::CheckSlots() {
  std::map<int32_t, int32_t> used;  // percent, by slot
  for (const auto& [key, directory] : directories_) {
    if (!directory.processes.trainer && !directory.processes.shim) continue;
    for (const int32_t slot : directory.job().SlotIndexes()) {
      used[slot] += directory.job().slot.share;
      if (used[slot] > 100)
        context_->Violate("no slot is over capacity", "what lives on slot " + std::to_string(slot) + " of " +
                                                          id_ + " is more than it has, with " + key.attempt);
    }
  }
}

}  // namespace optfleet::simulation
