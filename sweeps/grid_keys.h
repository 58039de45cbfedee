// The keys `zip` and `exclude`, of the top level and of blocks: they shape the grid of the axes beside them.
#pragma once

#include <string_view>
#include <vector>

#include "common/yaml.h"
#include "sweeps/document.h"
#include "sweeps/leaves.h"

namespace optfleet::sweeps {

class LeafReader;

inline constexpr std::string_view kZip = "zip";
inline constexpr std::string_view kExclude = "exclude";

bool IsGridKey(std::string_view key);

// Adds the keys of `zip` to the leaves, linked; and what `exclude` leaves out to the exclusions: points that
// have one of the values of every key of one of them. What is not allowed is reported.
void ReadGridKey(const YamlEntry& entry, const ReadContext& context, LeafReader* reader, Leaves* leaves,
                 std::vector<Leaves>* exclusions);

}  // namespace optfleet::sweeps
