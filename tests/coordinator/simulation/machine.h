// The machine of a worker: its disk with run directories, and the shims and trainers on it. Everything takes
// time, and anything may be killed in between.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "tests/coordinator/simulation/context.h"
#include "tests/coordinator/simulation/run_directory.h"
#include "worker/engine/engine.h"

namespace optfleet::simulation {

inline constexpr int64_t kSteps = 14;
inline constexpr int64_t kCheckpointEvery = 4;
inline constexpr int64_t kKeepEvery = 8;  // beside the last of an attempt

class Machine {
 public:
  Machine(Context* context, std::string id, int slots);

  const std::string& id() const { return id_; }
  const std::vector<worker::Slot>& slots() const { return slots_; }

  // --- What a worker's hands do; errors as theirs.
  Status Prepare(rundir::JobDocument job, const std::optional<worker::AttemptKey>& parent);
  Status Launch(const worker::AttemptKey& key);
  Status AskToStop(const worker::AttemptKey& key, const worker::StopOrder& order);
  void Signal(const worker::AttemptKey& key, const rundir::StartedDocument& trainer, int signal);
  Status Prune(const worker::AttemptKey& key);
  Status Remove(const worker::AttemptKey& key);
  std::vector<worker::DirectoryFactsPtr> Scan();
  std::string kept_folder() const { return "/" + id_ + "/kept"; }
  std::vector<worker::KeptCheckpoint> ScanKept() const;
  void DeleteKept(const worker::KeptName& name);
  RunDirectory* Find(const worker::AttemptKey& key);

  // --- Faults.
  void CutPower();
  void SetDiskFull(bool full) { disk_full_ = full; }
  // One of its processes, by chance; false if none is there.
  bool KillTrainer();
  bool KillShim();
  bool KillBoth();
  bool FreezeTrainer(Duration time);
  // Nothing runs until then.
  void SleepUntil(Time time);
  Time asleep_until() const { return asleep_until_; }
  Duration slept() const { return slept_; }  // in all; a steady clock does not count it

  // Called with each checkpoint in kept/ that goes.
  void OnDeleteKept(std::function<void(const worker::KeptName&)> tell) { tell_deleted_ = std::move(tell); }

  // Two living trainers on one slot.
  void CheckSlots();
  size_t directories() const { return directories_.size(); }
  bool AnyAlive() const;

 private:
  using Key = worker::AttemptKey;
  // Runs `work` for the processes of `key` after `delay` if they are still those of `life`; not while asleep
  // or frozen.
  void Later(const Key& key, int64_t life, Duration delay, void (Machine::*work)(RunDirectory*));
  void Fork(RunDirectory* directory);
  void NoteStarted(RunDirectory* directory);
  void BeginTraining(RunDirectory* directory);
  void TrainStep(RunDirectory* directory);
  bool StopIfAsked(RunDirectory* directory);
  void WriteCheckpoint(RunDirectory* directory);
  void SyncFolder(RunDirectory* directory);
  void Finish(RunDirectory* directory, Outcome outcome, const std::string& reason);
  void TrainerGone(RunDirectory* directory, int code, int signal);
  void WriteExit(RunDirectory* directory);
  RunDirectory* Pick(bool (*fits)(const RunDirectory&));
  Key KeyOf(const RunDirectory& directory) const { return {directory.job().attempt, directory.job().fence}; }
  void RescueKept(const Key& key, RunDirectory* directory);
  void Say(const RunDirectory& directory, const std::string& text) const;

  Context* context_;
  std::string id_;
  std::vector<worker::Slot> slots_;
  std::map<Key, RunDirectory> directories_;
  std::map<Key, RunDirectory> removed_;        // not yet for good: the root was not synced since
  std::map<Key, std::pair<int, int>> reaped_;  // code and signal that a shim is about to write
  std::map<worker::KeptName, worker::KeptCheckpoint> kept_;
  std::map<worker::KeptName, worker::KeptCheckpoint> deleted_;  // not yet for good
  std::function<void(const worker::KeptName&)> tell_deleted_;
  bool disk_full_ = false;
  Time asleep_until_{};
  Duration slept_{};
  int64_t boot_ = 1;
  int64_t next_pid_ = 100;
};

}  // namespace optfleet::simulation
