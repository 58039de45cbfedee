#include "worker/process/root.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/json.h"
#include "common/names.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
constexpr const char* kState = "worker.json";

Result<std::string> RememberedId(const std::string& root) {
  const auto text = rundir::ReadWholeFile(root + "/" + kState);
  if (!text) return text.error().code() == Code::kNotFound ? Result<std::string>("") : Fail(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("id") || !json["id"].is_string())
    return Fail(Code::kDataLoss,
                root + "/" + kState + " is damaged; remove it and name the worker with --id");
  return json["id"].get<std::string>();
}

}  // namespace

Result<Root> Root::Open(const std::string& path, const std::string& id, const std::string& fallback) {
  std::error_code error;
  const std::string absolute = fs::absolute(path, error).lexically_normal().string();
  fs::create_directories(absolute, error);
  if (error)
    return Fail(
        ErrnoError(error.value(), "the root " + absolute + " cannot be made; name another one with --root"));
  const auto lock = rundir::TakeLock(absolute + "/" + rundir::kWorkerLock);
  if (!lock && lock.error().code() == Code::kFailedPrecondition)
    return Fail(
        Code::kFailedPrecondition,
        "the root " + absolute + " is in use by another worker; stop that one or name another --root");
  if (!lock)
    return Fail(lock.error().code(), "the root " + absolute + " is not writable (" + lock.error().message() +
                                         "); make it so or name another one with --root");
  Root root(absolute, *lock);
  const auto remembered = RememberedId(absolute);
  if (!remembered) return Fail(remembered.error());
  if (!id.empty() && !remembered->empty() && id != *remembered)
    return Fail(Code::kFailedPrecondition, "the root " + absolute + " belongs to the worker " + *remembered +
                                               ": start it with --id " + *remembered +
                                               " or name another --root");
  root.id_ = !id.empty() ? id : !remembered->empty() ? *remembered : fallback;
  const std::string text = Json{{"version", 1}, {"id", root.id_}}.dump() + "\n";
  if (const auto written = rundir::WriteFileAtomically(absolute, kState, text); !written)
    return Fail(written.error().code(), "the root " + absolute + " is not writable (" +
                                            written.error().message() +
                                            "); make it so or name another one with --root");
  return root;
}

Root::Root(Root&& other) noexcept
    : path_(std::move(other.path_)), id_(std::move(other.id_)), lock_(std::exchange(other.lock_, -1)) {}

Root::~Root() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::string> FolderName(const AttemptKey& key) {
  if (!ParseAttemptResource(key.attempt))
    return Fail(Code::kInvalidArgument, "`" + key.attempt + "` is not the name of an attempt");
  std::string name = key.attempt;
  std::replace(name.begin(), name.end(), '/', '-');
  return name + "." + std::to_string(key.fence.incarnation);
}

}  // namespace optfleet::worker
