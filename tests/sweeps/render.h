// An expansion as text, for tests that compare whole expansions.
#pragma once

#include <string>

#include "sweeps/expand.h"

namespace optfleet::testing {

// Name, axes, then per job its block, its values and where its spec differs from the first job's; or the
// diagnostics.
std::string Render(const sweeps::ExpandResult& result);

// A sweep of one file.
sweeps::SweepInput OneFile(const std::string& text);

// What a sweep needs besides the keys under test: data, budget.
inline const std::string kEnough = "data.path: text.txt\nbudget.steps: 100\n";

}  // namespace optfleet::testing
