// Backups and diagnosis of this process, on a thread of their own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coordinator/app/backups.h"
#include "coordinator/app/task_pool.h"
#include "coordinator/rpc/maintenance.h"
#include "coordinator/store/integrity.h"

namespace optfleet::app {

struct MaintenanceOptions {
  std::string state_folder;
  Duration patience{};  // an attempt that does not get on for longer is stuck
  std::function<Time()> now;
  std::function<std::vector<rpc::Queue>()> queues;
  std::function<std::vector<rpc::WorkerClock>()> clocks;  // that are apart from this machine's
};

class MaintenanceThread final : public rpc::Maintenance {
 public:
  static constexpr size_t kQueueLimit = 32;

  explicit MaintenanceThread(MaintenanceOptions options);

  bool Post(std::function<void()> task) override;
  Result<rpc::BackupView> BeginBackup() override { return backups_.Begin(); }
  Result<rpc::BackupView> GetBackup(const std::string& id) override { return backups_.Get(id); }
  Result<std::string> ReadBackup(const std::string& id, const std::string& file, int64_t offset,
                                 size_t limit) override {
    return backups_.Read(id, file, offset, limit);
  }
  Status DeleteBackup(const std::string& id) override { return backups_.Delete(id); }
  Result<rpc::Diagnosis> Diagnose(bool check_databases) override;

  // Gives up a check that runs, finishes what was posted, ends the thread.
  void Stop();

  size_t depth() const { return pool_.depth(); }

 private:
  // For at most `limit`.
  void Check(rpc::CheckedDatabase* database, std::chrono::milliseconds limit);

  const MaintenanceOptions options_;
  Backups backups_;
  std::mutex mutex_;                          // guards the next two
  store::IntegrityCheck* running_ = nullptr;  // on the thread now
  bool stopping_ = false;
  TaskPool pool_;  // last: its thread uses the members above
};

}  // namespace optfleet::app
