// The environment of a trainer: an allow-list of the worker's, so that secrets and settings of the worker do
// not leak into results.
#pragma once

#include <string>
#include <vector>

#include "common/rundir/documents.h"

namespace optfleet::worker {

// `own` are NAME=value lines. Threads and the visible device follow from the slot and win over what `own`
// says.
std::vector<std::string> TrainerEnvironment(const std::vector<std::string>& own,
                                            const rundir::SlotGrant& slot);

}  // namespace optfleet::worker
