// A coordinator and workers of this machine as children of `optctl run`: started, kept alive, and ended with
// nothing left behind.
//
// Everything lies in one folder: the coordinator's databases and endpoint.json, a folder per worker, a log
// per daemon. One process at a time may use the folder. Main thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "optctl/commands/address.h"
#include "optctl/commands/interrupts.h"
#include "optctl/commands/supervisor.h"

namespace optfleet::commands {

struct LocalClusterOptions {
  std::string state;     // folder, made if it is not there
  std::string programs;  // folder of opt-coordinator and opt-worker
  int workers = 1;
  int slots = 0;       // of each worker; 0: the worker decides
  int threads = 0;     // of each slot; 0: the worker decides
  std::string memory;  // of each slot; empty: the worker decides
};

class LocalCluster {
 public:
  // Takes the folder; nothing runs yet. FAILED_PRECONDITION if another process has it; NOT_FOUND where a
  // program is missing.
  static Result<std::unique_ptr<LocalCluster>> Open(const LocalClusterOptions& options);
  // Kills what Stop has not ended, trainers included.
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;

  // Process id of a coordinator that serves in this folder although we have it: one whose optctl was killed
  // and that is about to end, or one that somebody started by hand. 0 if there is none.
  int64_t EarlierCoordinator() const;

  Status StartDaemons();

  // Supervisor::Check at this moment. Also starts workers whose folder an earlier run's worker still used:
  // that one reports its last records to the new coordinator and then leaves.
  Result<std::vector<std::string>> Check();

  // Where the coordinator that runs now serves; NOT_FOUND until it does.
  Result<Endpoint> Serving() const;

  // Workers first, which have their trainers write checkpoints and end, then the coordinator. False if a
  // signal or the end of `patience` came before all had ended: call Kill then.
  bool Stop(Interrupts& interrupts, std::chrono::seconds patience);
  // Daemons and trainers, with -9.
  void Kill();

 private:
  LocalCluster(LocalClusterOptions options, int lock) : options_(std::move(options)), lock_(lock) {}
  Status StartWaitingWorkers();
  DaemonSpec WorkerSpec(int number) const;
  std::string WorkerRoot(int number) const;
  std::vector<std::string> LivingTrainers() const;
  static double Seconds();

  const LocalClusterOptions options_;
  const int lock_;
  bool started_ = false;
  std::vector<int> waiting_workers_;  // numbers of those not started yet
  Supervisor supervisor_;
};

}  // namespace optfleet::commands
