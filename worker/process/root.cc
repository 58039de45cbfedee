#include "worker/process/root.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "common/json.h"
#include "common/kept_path.h"
#include "common/names.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
constexpr const char* kState = "worker.json";
constexpr int64_t kMostNumber = 0x7fffffff;
constexpr int kStartBits = 32;

struct Remembered {
  std::string id;      // empty in a new root
  int64_t number = 0;  // of the root, 31 bits; 0 if it has none yet
  int64_t starts = 0;
};

Result<Remembered> Remember(const std::string& root) {
  const auto text = rundir::ReadWholeFile(root + "/" + kState);
  if (!text) return text.error().code() == Code::kNotFound ? Result<Remembered>({}) : Fail(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("id") || !json["id"].is_string())
    return Fail(Code::kDataLoss,
                root + "/" + kState + " is damaged; remove it and name the worker with --id");
  const auto whole = [&](const char* key) {
    return json.contains(key) && json[key].is_number_integer() ? json[key].get<int64_t>() : 0;
  };
  return Remembered{json["id"].get<std::string>(), whole("number") & kMostNumber, whole("starts")};
}

int64_t NewNumber() { return (static_cast<int64_t>(std::random_device()()) & kMostNumber) | 1; }

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
  const auto remembered = Remember(absolute);
  if (!remembered) return Fail(remembered.error());
  const std::string& old_id = remembered->id;
  if (!id.empty() && !old_id.empty() && id != old_id)
    return Fail(Code::kFailedPrecondition, "the root " + absolute + " belongs to the worker " + old_id +
                                               ": start it with --id " + old_id + " or name another --root");
  root.id_ = !id.empty() ? id : !old_id.empty() ? old_id : fallback;
  const int64_t number = remembered->number != 0 ? remembered->number : NewNumber();
  const int64_t starts = remembered->starts + 1;
  root.session_ = (number << kStartBits) | starts;
  const std::string text =
      Json{{"version", 1}, {"id", root.id_}, {"number", number}, {"starts", starts}}.dump() + "\n";
  if (const auto written = rundir::WriteFileAtomically(absolute, kState, text); !written)
    return Fail(written.error().code(), "the root " + absolute + " is not writable (" +
                                            written.error().message() +
                                            "); make it so or name another one with --root");
  return root;
}

Root::Root(Root&& other) noexcept
    : path_(std::move(other.path_)),
      id_(std::move(other.id_)),
      session_(other.session_),
      lock_(std::exchange(other.lock_, -1)) {}

Root::~Root() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::string> FolderName(const AttemptKey& key) {
  auto attempt = ParseAttemptResource(key.attempt);
  if (!attempt) return Fail(Code::kInvalidArgument, "`" + key.attempt + "` is not the name of an attempt");
  return ToFolder({*std::move(attempt), key.fence.incarnation});
}

}  // namespace optfleet::worker
