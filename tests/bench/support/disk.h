// What the disk below a benchmark is and how often it is asked to write through.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/support/figures.h"

namespace optfleet::bench {

// fsync and fdatasync of this whole process so far, SQLite's included: a program that links this library
// counts them in its own definitions of the two.
int64_t SyncCount();

// "ext4", "tmpfs", ...
std::string FileSystemOf(const std::string& folder);

// Milliseconds of `count` times 4 KiB appended to a file in `folder` and fsynced.
Spread MeasureSync(const std::string& folder, int count);

}  // namespace optfleet::bench
