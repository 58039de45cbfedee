// Rules that stop a job before its end (sweeps/search/stop_rules.h): the header key `stop`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "spec/length.h"
#include "sweeps/search/objective.h"
#include "sweeps/search/stop_rules.h"

namespace optfleet::sweeps {

// As far as it was written. Plain values.
struct StopKeys {
  std::optional<spec::Length> median_after;  // steps, or a share of a job's steps; turns median stopping on
  std::optional<int32_t> median_jobs;
  std::optional<spec::Length> plateau;  // the same; turns it on
  std::optional<double> plateau_by;
  std::optional<double> diverged_factor;  // either of both turns it on
  std::optional<double> diverged_limit;
  std::optional<int32_t> diverged_reports;
  std::map<std::string_view, SourcePosition> positions;  // of what was written, by name in the group

  // Nothing if no rule was turned on.
  std::optional<StopPlan> Plan() const;
};

// Names of header keys that ReadStop takes; a dotted key ("stop.plateau") belongs to it, too.
bool IsStopKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadStop(const YamlEntry& entry, StopKeys* stop, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeStop(const StopKeys& over, StopKeys* base);

// Keys of a rule that no other key turns on, of all files together, and what the direction of the objective
// has no use for.
void ReportIdleStopKeys(const StopKeys& stop, const Objective& objective, Diagnostics* diagnostics);

// Shares of the run, where some job ends after a time.
void ReportStopShares(const StopKeys& stop, Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
