// The folder that the databases lie in: who may use it, and whether its disk will do.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"

namespace optfleet::store {

// statfs's f_type of a path.
Result<int64_t> FileSystemType(const std::string& path);

// FAILED_PRECONDITION on a network file system: SQLite's WAL needs memory that all its users share, and locks
// that hold.
Status RefuseNetworkDisk(const std::string& folder,
                         const std::function<Result<int64_t>(const std::string&)>& type_of);

// The content of a file, or the entries of a folder, survive a crash of the machine.
Status SyncToDisk(const std::string& path);

// The right to write in a folder, held by `coordinator.lock` as long as the object lives; freed by the kernel
// if the process dies.
class FolderLock {
 public:
  // FAILED_PRECONDITION names the process that holds it.
  static Result<FolderLock> Take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace optfleet::store
