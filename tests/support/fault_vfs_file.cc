#include "tests/support/fault_vfs_file.h"

#include <algorithm>
#include <cstring>

namespace optfleet::simulation {
namespace {

FaultFile* Of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }

int CodeOf(DiskResult result, int failed) {
  if (result == DiskResult::kOk) return SQLITE_OK;
  return result == DiskResult::kFull ? SQLITE_FULL : failed;
}

std::string FolderOf(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

int Unlock(sqlite3_file* base, int level) {
  FaultFile* file = Of(base);
  if (file->lock <= level) return SQLITE_OK;
  SharedFile& shared = *file->shared;
  if (shared.exclusive == file) shared.exclusive = nullptr;
  if (shared.reserved == file && level < SQLITE_LOCK_RESERVED) shared.reserved = nullptr;
  if (level == SQLITE_LOCK_NONE) --shared.shared;
  file->lock = level;
  return SQLITE_OK;
}

int Lock(sqlite3_file* base, int level) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_LOCK;
  if (file->lock >= level) return SQLITE_OK;
  SharedFile& shared = *file->shared;
  if (shared.exclusive != nullptr && shared.exclusive != file) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_SHARED) {
    ++shared.shared;
  } else if (level == SQLITE_LOCK_RESERVED) {
    if (shared.reserved != nullptr) return SQLITE_BUSY;
    shared.reserved = file;
  } else {
    if (shared.reserved != nullptr && shared.reserved != file) return SQLITE_BUSY;
    shared.exclusive = file;
    if (shared.shared > 1) {
      file->lock = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
  }
  file->lock = level;
  return SQLITE_OK;
}

int CheckReserved(sqlite3_file* base, int* out) {
  const SharedFile& shared = *Of(base)->shared;
  *out = shared.reserved != nullptr || shared.exclusive != nullptr;
  return SQLITE_OK;
}

int ShmUnmap(sqlite3_file* base, int remove) {
  FaultFile* file = Of(base);
  SharedFile& shared = *file->shared;
  for (int slot = 0; slot < SQLITE_SHM_NLOCK; ++slot) {
    if (file->shm_exclusive >> slot & 1) shared.shm_exclusive[static_cast<size_t>(slot)] = nullptr;
    if (file->shm_shared >> slot & 1) --shared.shm_shared[static_cast<size_t>(slot)];
  }
  file->shm_exclusive = file->shm_shared = 0;
  if (remove != 0 && !file->dead()) shared.regions.clear();
  return SQLITE_OK;
}

int Close(sqlite3_file* base) {
  FaultFile* file = Of(base);
  if (file->shared) {
    ShmUnmap(base, 0);
    Unlock(base, SQLITE_LOCK_NONE);
  }
  if (file->delete_on_close && !file->dead()) file->state->disk->Remove(file->name);
  file->content.reset();
  file->shared.reset();
  file->name.~basic_string();
  file->content.~shared_ptr();
  file->shared.~shared_ptr();
  return SQLITE_OK;
}

int Read(sqlite3_file* base, void* target, int amount, sqlite3_int64 offset) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_READ;
  const std::string& bytes = file->content->bytes;
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  const sqlite3_int64 there = std::clamp<sqlite3_int64>(size - offset, 0, amount);
  if (there > 0) std::memcpy(target, bytes.data() + offset, static_cast<size_t>(there));
  if (there == amount) return SQLITE_OK;
  std::memset(static_cast<char*>(target) + there, 0, static_cast<size_t>(amount - there));
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* base, const void* bytes, int amount, sqlite3_int64 offset) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_WRITE;
  const std::string_view text(static_cast<const char*>(bytes), static_cast<size_t>(amount));
  return CodeOf(file->state->disk->Write(file->content.get(), offset, text), SQLITE_IOERR_WRITE);
}

int Truncate(sqlite3_file* base, sqlite3_int64 size) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_TRUNCATE;
  return CodeOf(file->state->disk->Truncate(file->content.get(), size), SQLITE_IOERR_TRUNCATE);
}

int Sync(sqlite3_file* base, int) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_FSYNC;
  SimulatedDisk* disk = file->state->disk;
  if (const auto result = disk->Sync(file->content.get()); result != DiskResult::kOk)
    return CodeOf(result, SQLITE_IOERR_FSYNC);
  if (!file->sync_folder) return SQLITE_OK;
  if (const auto result = disk->SyncFolder(FolderOf(file->name)); result != DiskResult::kOk)
    return CodeOf(result, SQLITE_IOERR_DIR_FSYNC);
  file->sync_folder = false;
  return SQLITE_OK;
}

int FileSize(sqlite3_file* base, sqlite3_int64* size) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(file->content->bytes.size());
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 4096; }
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int ShmMap(sqlite3_file* base, int index, int size, int extend, void volatile** out) {
  FaultFile* file = Of(base);
  *out = nullptr;
  if (file->dead()) return SQLITE_IOERR_SHMMAP;
  auto& regions = file->shared->regions;
  while (static_cast<int>(regions.size()) <= index) {
    if (extend == 0) return SQLITE_OK;
    regions.push_back(std::make_unique<std::vector<char>>(static_cast<size_t>(size)));
  }
  *out = regions[static_cast<size_t>(index)]->data();
  return SQLITE_OK;
}

int ShmLock(sqlite3_file* base, int first, int count, int flags) {
  FaultFile* file = Of(base);
  if (file->dead()) return SQLITE_IOERR_SHMLOCK;
  SharedFile& shared = *file->shared;
  const auto mask = static_cast<uint16_t>(((1U << count) - 1U) << first);
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const auto begin = static_cast<size_t>(first);
  const auto end = static_cast<size_t>(first + count);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (size_t slot = begin; slot < end; ++slot) {
      if (exclusive && shared.shm_exclusive[slot] == file) shared.shm_exclusive[slot] = nullptr;
      if (!exclusive && (file->shm_shared >> slot & 1) != 0) --shared.shm_shared[slot];
    }
    uint16_t& held = exclusive ? file->shm_exclusive : file->shm_shared;
    held = static_cast<uint16_t>(held & ~mask);
    return SQLITE_OK;
  }
  for (size_t slot = begin; slot < end; ++slot) {
    const bool mine_shared = (file->shm_shared >> slot & 1) != 0;
    const int others = shared.shm_shared[slot] - (mine_shared ? 1 : 0);
    if (shared.shm_exclusive[slot] != nullptr && shared.shm_exclusive[slot] != file) return SQLITE_BUSY;
    if (exclusive && others > 0) return SQLITE_BUSY;
  }
  for (size_t slot = begin; slot < end; ++slot) {
    if (exclusive) {
      shared.shm_exclusive[slot] = file;
    } else if ((file->shm_shared >> slot & 1) == 0) {
      ++shared.shm_shared[slot];
    }
  }
  uint16_t& held = exclusive ? file->shm_exclusive : file->shm_shared;
  held = static_cast<uint16_t>(held | mask);
  return SQLITE_OK;
}

void ShmBarrier(sqlite3_file*) {}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = &Close,
    .xRead = &Read,
    .xWrite = &Write,
    .xTruncate = &Truncate,
    .xSync = &Sync,
    .xFileSize = &FileSize,
    .xLock = &Lock,
    .xUnlock = &Unlock,
    .xCheckReservedLock = &CheckReserved,
    .xFileControl = &FileControl,
    .xSectorSize = &SectorSize,
    .xDeviceCharacteristics = &DeviceCharacteristics,
    .xShmMap = &ShmMap,
    .xShmLock = &ShmLock,
    .xShmBarrier = &ShmBarrier,
    .xShmUnmap = &ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

}  // namespace

std::shared_ptr<SharedFile> FaultDiskState::Share(const std::string& name) {
  if (life != disk->life()) {  // the locks and the memory of a dead process are gone
    life = disk->life();
    shared.clear();
  }
  auto& entry = shared[name];
  if (!entry) entry = std::make_shared<SharedFile>();
  return entry;
}

const sqlite3_io_methods* FaultFileMethods() { return &kMethods; }

}  // namespace optfleet::simulation
