// Workers that exist only as messages: they report the records of their attempts as fast as they are taken,
// the next of an attempt once the one before is acknowledged, as opt-worker does.
#pragma once

#include <cstdint>

#include "tests/bench/ingest/cluster.h"
#include "tests/bench/support/figures.h"

namespace optfleet::bench {

struct Flood {
  int64_t steps = 0;      // of each attempt
  int64_t hand_over = 0;  // consecutive steps in one call
};

struct FloodResult {
  double seconds = 0;
  int64_t calls = 0;
  int64_t refused = 0;  // calls that met a full queue and were repeated
  Spread call_ms;       // from sending records to hearing that they are on disk
};

// Returns when every record was acknowledged.
FloodResult Report(const Cluster& cluster, const Flood& flood);

}  // namespace optfleet::bench
