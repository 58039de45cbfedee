#include "tests/support/fault_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <new>
#include <utility>

#include "tests/support/fault_vfs_file.h"

namespace optfleet::simulation {

struct FaultVfs::Parts {
  std::string name;
  std::function<Time()> now;
  FaultDiskState state;
  uint64_t random = 0x9E3779B97F4A7C15;  // of xRandomness: salts and names of temporary files
  int temporary = 0;
  sqlite3_vfs vfs{};
};

namespace {

FaultVfs::Parts* Of(sqlite3_vfs* vfs) { return static_cast<FaultVfs::Parts*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  base->pMethods = nullptr;
  auto* parts = Of(vfs);
  SimulatedDisk* disk = parts->state.disk;
  const std::string path = name != nullptr ? name : "temporary-" + std::to_string(++parts->temporary);
  SimulatedDisk::FilePtr content = disk->Find(path);
  const bool creates = !content && (flags & SQLITE_OPEN_CREATE) != 0;
  if (disk->stopped() || (!content && !creates)) return SQLITE_CANTOPEN;
  if (creates && disk->Create(path, &content) != DiskResult::kOk) return SQLITE_CANTOPEN;
  constexpr int kSyncsFolder = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  auto* file = new (base) FaultFile{.base = {},
                                    .state = &parts->state,
                                    .content = std::move(content),
                                    .shared = nullptr,
                                    .name = path,
                                    .life = disk->life(),
                                    .lock = SQLITE_LOCK_NONE,
                                    .sync_folder = creates && (flags & kSyncsFolder) != 0,
                                    .delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                                    .shm_shared = 0,
                                    .shm_exclusive = 0};
  file->shared = parts->state.Share(path);
  file->base.pMethods = FaultFileMethods();
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  SimulatedDisk* disk = Of(vfs)->state.disk;
  const auto removed = disk->Remove(name);
  if (removed == DiskResult::kNotFound) return SQLITE_IOERR_DELETE_NOENT;
  if (removed != DiskResult::kOk) return SQLITE_IOERR_DELETE;
  if (sync_folder == 0) return SQLITE_OK;
  const std::string path = name;
  const size_t slash = path.rfind('/');
  const auto synced = disk->SyncFolder(slash == std::string::npos ? "" : path.substr(0, slash));
  return synced == DiskResult::kOk ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

int Access(sqlite3_vfs* vfs, const char* name, int, int* out) {
  *out = Of(vfs)->state.disk->Exists(name) ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  if (static_cast<int>(std::strlen(name)) >= size) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* vfs, int count, char* out) {
  uint64_t& random = Of(vfs)->random;
  for (int i = 0; i < count; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    out[i] = static_cast<char>(random);
  }
  return count;
}

int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }  // nobody else would wake meanwhile

int CurrentTime64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  constexpr sqlite3_int64 kUnixEpoch = 210866760000000;  // in milliseconds of SQLite's day numbers
  *out = kUnixEpoch + UnixMicros(Of(vfs)->now()) / 1000;
  return SQLITE_OK;
}

int CurrentTime(sqlite3_vfs* vfs, double* out) {
  sqlite3_int64 milliseconds = 0;
  CurrentTime64(vfs, &milliseconds);
  *out = static_cast<double>(milliseconds) / 86400000.0;
  return SQLITE_OK;
}

int GetLastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

FaultVfs::FaultVfs(std::string name, SimulatedDisk* disk, std::function<Time()> now)
    : parts_(std::make_unique<Parts>()) {
  parts_->name = std::move(name);
  parts_->now = std::move(now);
  parts_->state.disk = disk;
  parts_->state.life = disk->life();
  sqlite3_vfs& vfs = parts_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(FaultFile);
  vfs.mxPathname = 512;
  vfs.zName = parts_->name.c_str();
  vfs.pAppData = parts_.get();
  vfs.xOpen = &Open;
  vfs.xDelete = &Delete;
  vfs.xAccess = &Access;
  vfs.xFullPathname = &FullPathname;
  vfs.xRandomness = &Randomness;
  vfs.xSleep = &Sleep;
  vfs.xCurrentTime = &CurrentTime;
  vfs.xCurrentTimeInt64 = &CurrentTime64;
  vfs.xGetLastError = &GetLastError;
  sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&parts_->vfs); }

const std::string& FaultVfs::name() const { return parts_->name; }

}  // namespace optfleet::simulation
