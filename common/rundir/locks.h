// Locks that say whether a process of an attempt lives (docs/run-directory.md, "Locks instead of process
// ids"): flock on a description that a child inherits.
#pragma once

#include <string>

#include "common/result.h"

namespace optfleet::rundir {

// Creates the file if needed and takes the lock without waiting; the descriptor is close-on-exec.
// FAILED_PRECONDITION if somebody holds it. The lock is free when every copy of the descriptor is closed.
Result<int> TakeLock(const std::string& path);

// Whether somebody holds the lock now. A file that is not there is not held. Never blocks, never keeps the
// lock.
Result<bool> IsHeld(const std::string& path);

// Lets a descriptor cross the next exec of this process.
Status KeepOverExec(int descriptor);

}  // namespace optfleet::rundir
