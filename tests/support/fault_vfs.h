// SQLite on a SimulatedDisk: a VFS whose files, locks and shared memory live in this process, so that tests
// decide what a crash leaves of a database. Give its name to store::StoreOptions::vfs.
//
// As SQLite's own Unix files: contents are durable after xSync; a new journal or WAL syncs its folder with
// its first xSync; a full disk is SQLITE_FULL, a broken one SQLITE_IOERR. Shared memory is gone with a crash.
// Handles from before a crash do nothing and fail: closing a connection of a dead process changes no file.
// One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/time.h"
#include "tests/support/simulated_disk.h"

namespace optfleet::simulation {

class FaultVfs {
 public:
  // Registers itself under `name`, which must be new in this process. `now` gives SQLite the time.
  FaultVfs(std::string name, SimulatedDisk* disk, std::function<Time()> now);
  ~FaultVfs();  // every connection must be closed
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const std::string& name() const;

  struct Parts;  // in the source

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace optfleet::simulation
