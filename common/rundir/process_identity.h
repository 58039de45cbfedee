// A process id alone is never trusted: ids are used again, and a boot starts over. With the start time (clock
// ticks since boot) and the boot's id it names one process for ever. Usable from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/rundir/documents.h"

namespace optfleet::rundir {

// Field 22 of /proc/PID/stat. NOT_FOUND if there is no such process.
Result<uint64_t> StartTicks(int64_t pid);
Result<std::string> BootId();

// Whether the trainer that `started` names exists (as a zombie, too).
bool TrainerExists(const StartedDocument& started);

// Signals the trainer's process group; NOT_FOUND if that trainer is no more.
Status SignalTrainer(const StartedDocument& started, int signal);

}  // namespace optfleet::rundir
