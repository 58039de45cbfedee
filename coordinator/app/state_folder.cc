#include "coordinator/app/state_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/json.h"

namespace optfleet::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEndpointFile = "endpoint.json";

Error FolderError(int error_number, const std::string& folder) {
  const std::string what = "the state folder " + folder;
  switch (error_number) {
    case EROFS:
      return {Code::kPermissionDenied,
              what + " is on a read-only file system; mount it writable or choose another with --state"};
    case EACCES:
    case EPERM:
      return {Code::kPermissionDenied,
              what + " cannot be written by this user; change its owner or choose another with --state"};
    case ENOSPC:
    case EDQUOT:
      return {Code::kResourceExhausted,
              what + " is on a disk that is full; free some space and start again, nothing was lost"};
    case ENOTDIR:
    case EEXIST:
      return {Code::kFailedPrecondition, what + " is not a folder; choose another with --state"};
    default:
      return ErrnoError(error_number, what);
  }
}

// Writes all of `text` durably; 0 or errno.
int WriteFile(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  int failed = 0;
  for (size_t done = 0; done < text.size() && failed == 0;) {
    const ssize_t written = write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) failed = errno;
    if (written > 0) done += static_cast<size_t>(written);
  }
  if (failed == 0 && fsync(file) != 0) failed = errno;
  close(file);
  return failed;
}

}  // namespace

Status PrepareStateFolder(const std::string& folder) {
  std::error_code error;
  const fs::path path(folder);
  if (!fs::exists(path, error)) {
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
    if (!error && mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return Fail(FolderError(errno, folder));
  }
  if (error) return Fail(FolderError(error.value(), folder));
  if (!fs::is_directory(path, error)) return Fail(FolderError(ENOTDIR, folder));
  // Root passes every permission check, so only a real write tells. A block, since a full disk still makes
  // empty files.
  const std::string probe = folder + "/.tmp-probe";
  const int failed = WriteFile(probe, std::string(4096, ' '));
  unlink(probe.c_str());
  if (failed != 0) return Fail(FolderError(failed, folder));
  return {};
}

Status WriteEndpoint(const std::string& folder, const std::string& grpc, const std::string& http) {
  const Json endpoint = {{"grpc", grpc}, {"http", http}, {"pid", getpid()}};
  const std::string temporary = folder + "/.tmp-endpoint";
  if (const int failed = WriteFile(temporary, endpoint.dump() + "\n"); failed != 0)
    return Fail(FolderError(failed, folder));
  if (rename(temporary.c_str(), (folder + "/" + kEndpointFile).c_str()) != 0)
    return Fail(FolderError(errno, folder));
  return {};
}

void RemoveEndpoint(const std::string& folder) { unlink((folder + "/" + kEndpointFile).c_str()); }

}  // namespace optfleet::app
