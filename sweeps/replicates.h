// The key `replicates`: each point several times, with seeds that follow each other.
#pragma once

#include "common/yaml.h"
#include "sweeps/document.h"
#include "sweeps/leaves.h"

namespace optfleet::sweeps {

inline constexpr std::string_view kReplicates = "replicates";
inline constexpr int32_t kMostReplicates = 1000;

// Reports what is not a whole number from 1 to kMostReplicates.
void ReadReplicates(const YamlEntry& entry, std::optional<Replicates>* replicates, Diagnostics* diagnostics);

// Makes training.seed the last axis of a block, of the given seed (or the default) and those behind it. One
// that is an axis already is reported.
void AddReplicates(const Replicates& replicates, Leaves* leaves, Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
