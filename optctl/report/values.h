// Reads the values that jobs have on axes and makes them comparable: "1e-3" of one block and 0.001 of another
// job's spec are one value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"
#include "optctl/report/data.h"

namespace optfleet::report {

struct Value {
  std::string text;  // as its author wrote it; from the spec where the job's block does not have the axis
  std::string key;   // equal for equal values: the shortest form of a number, else the text
  std::optional<double> number;  // finite
  bool own = false;              // written on the job's block rather than taken from its spec
};

// A whole text that is one finite number: "16", "3e-3", ".5", "1_000".
std::optional<double> ParseNumber(std::string_view text);

// `spec` is the job's parsed spec, or a discarded value. Nothing if neither the job nor its spec knows the
// axis.
std::optional<Value> ValueOn(const Job& job, const Json& spec, const std::string& axis);

// values[job][axis], empty optional where unknown.
using ValueTable = std::vector<std::vector<std::optional<Value>>>;
ValueTable ReadValues(const ReportData& data);

}  // namespace optfleet::report
