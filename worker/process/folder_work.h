// Making, pruning and removing run directories: slow work on disk. Stateless; usable from any thread, one
// call per folder at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/rundir/documents.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

// Makes the folder of `job` below `root` with job.json in it; it appears whole or not at all. The newest good
// checkpoint of `parent` becomes the resume point; damaged ones are named in `damaged` and passed over;
// without a good one the start is fresh. Returns the folder and the job as written. ALREADY_EXISTS if the
// folder is there.
struct Prepared {
  std::string folder;
  rundir::JobDocument job;
  std::vector<std::string> damaged;
};
Result<Prepared> Prepare(const std::string& root, rundir::JobDocument job,
                         const std::optional<AttemptKey>& parent);

// Leaves what a later attempt and the status need: checkpoints, metrics.log and the JSON documents.
Status PruneFolder(const std::string& folder);

// Gone in one instant for every reader, then deleted; checkpoints that their run keeps for good (kept.json)
// are moved to kept/ beside the run directories first. An empty or missing folder is no error.
Status RemoveFolder(const std::string& folder);

}  // namespace optfleet::worker
