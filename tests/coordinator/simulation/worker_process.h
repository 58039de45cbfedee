// One worker: the shipping engine, its conversions to and from the wire, and hands that work on a Machine.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/coordinator/simulation/machine.h"
#include "tests/coordinator/simulation/network.h"
#include "worker/engine/engine.h"
#include "worker/rpc/backoff.h"
#include "worker/rpc/conversion.h"

namespace optfleet::simulation {

class WorkerProcess {
 public:
  WorkerProcess(Context* context, Machine* machine, Network* network);

  void Start();
  // Nothing of it lives on; its events of before do nothing.
  void Kill();
  bool up() const { return engine_ != nullptr; }
  // Stops everything with checkpoints, then the process ends.
  void Drain();

 private:
  void Scan();
  void Handle(const worker::Input& input);
  // Runs `work` later in this life of the process, not while the machine sleeps.
  void Later(Duration delay, std::function<void()> work);
  Time Now() const;  // as the daemon's: does not jump, and stands still while the machine sleeps

  void Do(const worker::Synchronize& effect);
  void Do(const worker::ReportRecords& effect);
  void Reported(const std::vector<worker::AttemptKey>& keys, const Result<std::string>& reply);
  void Do(const worker::PrepareAndLaunch& effect);
  void Do(const worker::Launch& effect);
  void Do(const worker::AskToStop& effect);
  void Do(const worker::SignalTrainer& effect);
  void Do(const worker::Prune& effect);
  void Do(const worker::Remove& effect);
  void Do(const worker::ScanKept& effect);
  void Do(const worker::DeleteKeptCheckpoint& effect);
  void Do(const worker::Note& effect);
  void Do(const worker::Leave& effect);
  void Done(const worker::AttemptKey& key, worker::FolderWorkDone::Work work, const Status& status);
  Duration HandTime();

  Context* context_;
  Machine* machine_;
  Network* network_;
  std::unique_ptr<worker::Engine> engine_;
  worker::Identity identity_;
  worker::Backoff sync_backoff_;
  worker::Backoff report_backoff_;
  int64_t life_ = 0;
  int64_t root_number_ = 0;  // as worker::Root
};

}  // namespace optfleet::simulation
