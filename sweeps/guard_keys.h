// Bounds past which a whole sweep pauses (sweeps/search/guard.h): the header key `guard`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/search/guard.h"

namespace optfleet::sweeps {

// As far as it was written. Plain values.
struct GuardKeys {
  std::optional<JobsOrShare> diverged;
  std::optional<JobsOrShare> failed;
  std::optional<int32_t> after;
  std::optional<double> device_hours;
  std::map<std::string_view, SourcePosition> positions;  // of what was written, by name in the group

  // Nothing if no bound was given.
  std::optional<GuardPlan> Plan() const;
};

// Names of header keys that ReadGuard takes; a dotted key ("guard.failed") belongs to it, too.
bool IsGuardKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadGuard(const YamlEntry& entry, GuardKeys* guard, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeGuard(const GuardKeys& over, GuardKeys* base);

// `after` where no bound is a share, of all files together.
void ReportIdleGuardKeys(const GuardKeys& guard, Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
