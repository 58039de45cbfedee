// What each axis of a sweep is for. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "optctl/report/values.h"

namespace optfleet::report {

// Indexes into ReportData::axes. An axis with one value, and one that says again what others say (heads that
// grow with the width, a weight decay that only one optimizer has), is in none of them.
struct AxisRoles {
  std::optional<size_t> main;  // numeric, most values; of equals the one that spans decades, then the earlier
  bool main_log = false;       // its values are positive and span a decade or more
  std::vector<size_t> lines;   // axes of words, then of numbers, each in axis order
  std::vector<size_t> repeats;
  // For each line axis the key (Value::key) that needs no mention, or nothing: most combinations of the other
  // line axes were tried at this number alone.
  std::vector<std::optional<std::string>> usual;
};

AxisRoles FindAxisRoles(const ReportData& data, const ValueTable& values);

}  // namespace optfleet::report
