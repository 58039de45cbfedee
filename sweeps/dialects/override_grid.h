// The points of a sweep file of another study, as its launcher makes them: keys of the file under each block
// of `sweep:`, flattened to dotted keys; every list is an axis, the last one fastest; blocks follow each
// other. A point is a list of overrides: first its axes, then what is fixed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"

namespace optfleet::sweeps {

struct OverridePoint {
  int32_t block = 1;
  std::vector<YamlEntry> overrides;  // dotted keys
};

// Whether a file is one; else it is a configuration, in which lists are values.
bool IsOverrideGrid(const YamlNode& file);

// `over` (dotted keys) is laid over each block. More than `limit` points, an empty list and what is no list
// of maps are reported; nothing comes back then.
std::vector<OverridePoint> PointsOf(const YamlNode& file, const std::vector<YamlEntry>& over, int64_t limit,
                                    Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
