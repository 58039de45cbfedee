// The life of one shim: starts the trainer of one run directory, reaps it, records how it ended
// (docs/run-directory.md). Single-threaded. It outlives its worker: own session, deaf to SIGTERM, SIGINT and
// SIGHUP.
#pragma once

#include "worker/shim/options.h"

namespace optfleet::shim {

// Returns the exit code of the process: 0 when exit.json is written, 120 when the folder is unusable.
int Run(const Options& options);

}  // namespace optfleet::shim
