// The worker's root: one folder per attempt, a lock so that two workers never share it, and the worker's id.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

class Root {
 public:
  // Makes the folder if needed and takes its lock. `id` may be empty: then the one that the root remembers,
  // else `fallback`. FAILED_PRECONDITION, one sentence with a remedy: in use by another worker, or of a
  // worker with another id.
  static Result<Root> Open(const std::string& path, const std::string& id, const std::string& fallback);
  Root(Root&& other) noexcept;
  Root& operator=(Root&&) = delete;
  ~Root();

  const std::string& path() const { return path_; }  // absolute
  const std::string& id() const { return id_; }
  // Of this start: (a number of the root, how often it was opened), so that of two processes of one root
  // everybody can tell which is the newer.
  int64_t session() const { return session_; }

 private:
  Root(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  std::string id_;
  int64_t session_ = 0;
  int lock_ = -1;
};

// "sweeps-lr-jobs-17-attempts-2.1". INVALID_ARGUMENT if the name is not that of an attempt: it never leads
// out of the root.
Result<std::string> FolderName(const AttemptKey& key);

}  // namespace optfleet::worker
