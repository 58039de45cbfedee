// An axis written by its ends: {from: 1e-4, to: 1e-2, count: 5, spacing: log}.
#pragma once

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/leaves.h"
#include "sweeps/references.h"

namespace optfleet::sweeps {

inline constexpr int64_t kMostRangeValues = 10'000;

// Whether a key of that kind may be given by a range: numbers and whole numbers.
bool TakesRange(const spec::Field& field);

// A number as the values of ranges are rounded, for a key that takes it; else as near as it takes one.
LeafValue RangeValue(const spec::Field& field, double value, const SourcePosition& position);

// Adds `count` values to the leaf, ends included: equally far apart, or with `spacing: log` equally far apart
// in their logarithms. The ends are as they are written; what lies between is rounded to four significant
// digits (whole numbers to whole ones) and is what its text says, so that a value written by hand is the same
// point. Without a count the leaf gets a distribution
// instead. `node` is a map; what is not allowed is reported, and nothing is added then.
void ReadRange(const YamlNode& node, References* references, Leaf* leaf, Diagnostics* diagnostics);

}  // namespace optfleet::sweeps
