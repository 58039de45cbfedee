// One open file of FaultVfs: SQLite's methods on a SimulatedDisk, with locks and shared memory as SQLite's
// Unix files have them, but for one process.
#pragma once

#include <sqlite3.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/simulated_disk.h"

namespace optfleet::simulation {

struct FaultFile;

// What all connections to one database file share.
struct SharedFile {
  int shared = 0;  // connections with a SHARED lock or more
  FaultFile* reserved = nullptr;
  FaultFile* exclusive = nullptr;  // PENDING or EXCLUSIVE
  // The WAL index.
  std::vector<std::unique_ptr<std::vector<char>>> regions;
  std::array<int, SQLITE_SHM_NLOCK> shm_shared{};
  std::array<FaultFile*, SQLITE_SHM_NLOCK> shm_exclusive{};
};

struct FaultDiskState {
  SimulatedDisk* disk = nullptr;
  int64_t life = 0;                                           // of the disk; a new one begins without locks
  std::map<std::string, std::shared_ptr<SharedFile>> shared;  // by name of the database
  std::shared_ptr<SharedFile> Share(const std::string& name);
};

struct FaultFile {
  sqlite3_file base;  // first: SQLite sees only this
  FaultDiskState* state;
  SimulatedDisk::FilePtr content;
  std::shared_ptr<SharedFile> shared;
  std::string name;
  int64_t life;
  int lock;
  bool sync_folder;  // with the next sync
  bool delete_on_close;
  uint16_t shm_shared;  // bits of the slots that this connection holds
  uint16_t shm_exclusive;

  bool dead() const { return life != state->disk->life() || state->disk->stopped(); }
};

const sqlite3_io_methods* FaultFileMethods();

}  // namespace optfleet::simulation
