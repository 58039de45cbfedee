// Reads the run directories below a root, again and again. Documents are written once, so each is read once;
// locks, the metrics log and the names of checkpoints are looked at in each scan. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/conclusion.h"

namespace optfleet::worker {

class DirectoryReader {
 public:
  explicit DirectoryReader(std::string root);
  ~DirectoryReader();

  // One value per finished run directory. A folder that cannot be read keeps its last facts. Costs some ten
  // system calls per attempt that has not ended, and one listing for all.
  std::vector<DirectoryFactsPtr> Scan();

 private:
  class Folder;

  const std::string root_;
  const std::string boot_id_;                               // of the machine now; empty if it cannot be read
  std::map<std::string, std::unique_ptr<Folder>> folders_;  // by name
};

// Removes what earlier processes left unfinished below the root: temporary names, and folders without a
// readable job.json in which no process lives. Only before the first scan.
void RemoveUnfinished(const std::string& root);

}  // namespace optfleet::worker
