// Successive halving, in which jobs pause at rungs and only the best go on (sweeps/search/halving.h): the
// header key `halving`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "spec/length.h"
#include "sweeps/search/halving.h"

namespace optfleet::sweeps {

// As far as it was written. Plain values.
struct HalvingKeys {
  std::optional<spec::Length> first;  // steps, or a share of a job's steps
  std::optional<int32_t> factor;
  SourcePosition position;

  // Nothing if no key was written.
  std::optional<HalvingPlan> Plan() const;
};

// Names of header keys that ReadHalving takes; a dotted key ("halving.first") belongs to it, too.
bool IsHalvingKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadHalving(const YamlEntry& entry, HalvingKeys* halving, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeHalving(const HalvingKeys& over, HalvingKeys* base);

}  // namespace optfleet::sweeps
