// Gives a large sweep to the engine in parts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/rpc/backend.h"

namespace optfleet::rpc {

// So many jobs are written in one commit: some ten milliseconds, for which others wait.
inline constexpr size_t kMostPointsAtOnce = 500;

// Makes the points first, first + 1, ..., first + count - 1.
using PointsFrom = std::function<std::vector<engine::Point>(size_t first, size_t count)>;

// Carries out `head`, which has no points, with `count` points: begins the sweep, adds it part by part and
// finishes it. Returns its id. An error leaves nothing behind. Blocks; for a working thread.
Result<std::string> WriteLargeSweep(Backend* backend, engine::CreateSweep head, size_t count,
                                    const PointsFrom& points);

}  // namespace optfleet::rpc
