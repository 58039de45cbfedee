// The bound: what a plain program does that inserts the same records in the same order into the same table,
// on one thread, with nothing before SQLite's C interface.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/ingest/workers.h"

namespace optfleet::bench {

// Commits after `commit_points` points. Seconds.
double InsertPlainly(const std::string& path, int attempts, const Flood& flood, int64_t commit_points);

// Ends the program unless the database holds every step of every attempt once, with its values.
void CheckRecords(const std::string& path, int attempts, int64_t steps);

}  // namespace optfleet::bench
