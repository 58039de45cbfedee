// Reads the values that jobs have on axes and makes them comparable: "1e-3" and "0.001" are one value. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optctl/report/data.h"

namespace optfleet::report {

struct Value {
  std::string text;              // as its author wrote it; of equal values the first spelling
  std::string key;               // equal for equal values: the shortest form of a number, else the text
  std::optional<double> number;  // finite
};

// A whole text that is one finite number: "16", "3e-3", ".5", "1_000".
std::optional<double> ParseNumber(std::string_view text);

// Value::key of a text.
std::string KeyOf(const std::string& text);

// values[job][axis]; nothing where a job has no value on an axis.
using ValueTable = std::vector<std::vector<std::optional<Value>>>;
ValueTable ReadValues(const ReportData& data);

}  // namespace optfleet::report
