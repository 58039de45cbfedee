// The checkpoints of a run directory as a list on disk: which are there, deleting them, choosing one to go on
// from. Their content is checkpoint.h's. One thread per run directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/rundir/documents.h"
#include "trainer_core/checkpoint/retention.h"

namespace optfleet::trainer {

// Steps of the checkpoints that are there, good or not, ascending.
std::vector<int64_t> CheckpointSteps(const std::string& run_folder);

// Writes down which are kept for good, then deletes the doomed ones. A checkpoint loses its name before its
// files go, so that no reader takes half a one for a damaged one. What cannot be written or deleted is logged
// and stays for the next time.
void ApplyRetention(const std::string& run_folder, const Retention& retention);

// `path` is a run directory (its newest checkpoint) or a checkpoint's folder. A damaged one is passed over
// for the next older one of the same run directory, and named in `damaged` with what is wrong. DATA_LOSS if
// none is good, NOT_FOUND if none is there.
Result<rundir::Checkpoint> ChooseCheckpoint(const std::string& path, std::vector<std::string>* damaged);

// A copy on another file system, verified before and after; appears whole or not at all. ALREADY_EXISTS if
// `to` is there.
Status CopyCheckpoint(const std::string& from, const std::string& to);

// fsync of a folder.
Status SyncFolder(const std::string& folder);

}  // namespace optfleet::trainer
