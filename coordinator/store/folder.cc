#include "coordinator/store/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace optfleet::store {
namespace {

struct NetworkDisk {
  int64_t type;  // f_type, statfs(2)
  const char* name;
};
constexpr std::array kNetworkDisks = {
    NetworkDisk{0x6969, "NFS"},      NetworkDisk{0xFF534D42, "CIFS"},   NetworkDisk{0xFE534D42, "SMB"},
    NetworkDisk{0x517B, "SMB"},      NetworkDisk{0x5346414F, "AFS"},    NetworkDisk{0x73757245, "Coda"},
    NetworkDisk{0x00C36400, "Ceph"}, NetworkDisk{0x0BD00BD0, "Lustre"},
};

std::string HolderOf(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

Result<int64_t> FileSystemType(const std::string& path) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return Fail(ErrnoError(errno, path));
  return static_cast<int64_t>(static_cast<uint32_t>(info.f_type));
}

Status RefuseNetworkDisk(const std::string& folder,
                         const std::function<Result<int64_t>(const std::string&)>& type_of) {
  const Result<int64_t> type = type_of ? type_of(folder) : FileSystemType(folder);
  if (!type.has_value()) return Fail(type.error());
  const auto* disk = std::find_if(kNetworkDisks.begin(), kNetworkDisks.end(),
                                  [&](const NetworkDisk& known) { return known.type == *type; });
  if (disk == kNetworkDisks.end()) return {};
  return Fail(Code::kFailedPrecondition,
              folder + " is on a network file system (" + disk->name +
                  "), where a database can be damaged; give a folder on a local disk");
}

Status SyncToDisk(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Fail(ErrnoError(errno, path));
  const int failed = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (failed != 0) return Fail(ErrnoError(failed, path));
  return {};
}

Result<FolderLock> FolderLock::Take(const std::string& folder) {
  const std::string path = folder + "/coordinator.lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Fail(ErrnoError(errno, path));
  FolderLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(ErrnoError(errno, path));
    return Fail(Code::kFailedPrecondition, folder + " is in use by the coordinator of " +
                                               HolderOf(descriptor) +
                                               "; stop that one, or give another folder");
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return Fail(ErrnoError(errno, path));
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace optfleet::store
