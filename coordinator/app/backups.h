// The backups of a coordinator: folders below STATE/backups, each with a copy of both databases. One is made
// at a time, on a thread of its own; a folder has a name that ends in .making until it is complete, so what a
// killed process left is known and removed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/time.h"
#include "coordinator/rpc/maintenance.h"

namespace optfleet::app {

// Any thread.
class Backups {
 public:
  // Removes what was left unfinished.
  Backups(std::string state_folder, std::function<Time()> now);
  // Gives up the one that is being made.
  ~Backups();
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  // The functions of rpc::Maintenance.
  Result<rpc::BackupView> Begin();
  Result<rpc::BackupView> Get(const std::string& id) const;
  Result<std::string> Read(const std::string& id, const std::string& file, int64_t offset,
                           size_t limit) const;
  Status Delete(const std::string& id);

 private:
  std::string FolderOf(const std::string& id) const { return root_ + "/" + id; }
  Status Make(const std::string& id);

  const std::string state_folder_;
  const std::string root_;
  const std::function<Time()> now_;

  std::atomic<bool> given_up_ = false;
  mutable std::mutex mutex_;  // guards the next two
  std::string newest_;        // id of the one that is being or was last made by this process
  rpc::BackupView making_;    // how far it is; ready once it is on disk
  std::thread thread_;
};

}  // namespace optfleet::app
