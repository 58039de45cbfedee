// Gives a large sweep to the engine in parts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/rpc/backend.h"

namespace optfleet::rpc {

// So many jobs are written in one commit: some ten milliseconds, for which others wait.
inline constexpr size_t kMostPointsAtOnce = 500;

// Begins the sweep (`head` without points) and adds what `points(first, count)` makes of points first, first
// + 1, ..., while the engine writes those before. Returns the id with `finished` false: FinishSweep is left
// to the caller. With `finished` the request was carried out before, under that id. An error leaves nothing
// behind. Blocks; for a working thread.
struct LargeSweep {
  std::string id;
  bool finished = false;
};
Result<LargeSweep> WriteLargeSweep(Backend* backend, engine::CreateSweep head, size_t count,
                                   const std::function<std::vector<engine::Point>(size_t, size_t)>& points);

}  // namespace optfleet::rpc
