// kept/ of a worker's root: kept/<name of a run directory>/step-N, of run directories that are gone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

// Absolute path of kept/ below `root`.
std::string KeptFolder(const std::string& root);

// Lists it. Remembers what it has read, since a checkpoint there never changes: a look costs one listing a
// run directory, and some reads for each new checkpoint. One thread at a time.
class KeptReader {
 public:
  explicit KeptReader(std::string root) : root_(std::move(root)) {}
  // Folders without a readable manifest, and whatever else has another form, are passed over: nobody is told
  // of them, and so nobody deletes them.
  std::vector<KeptCheckpoint> Scan();

 private:
  const std::string root_;
  std::map<std::string, KeptCheckpoint> known_;  // by path
};

// Gone in one instant for every reader, then deleted, with the run directory's folder if it was the last
// there. May be repeated after a crash; a missing one is no error.
Status DeleteKept(const std::string& root, const KeptName& name);

// Removes what earlier processes left half deleted. Only before the first DeleteKept.
void RemoveHalfDeleted(const std::string& root);

}  // namespace optfleet::worker
