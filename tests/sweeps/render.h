// An expansion as text, for tests that compare whole expansions.
#pragma once

#include <string>
#include <vector>

#include "sweeps/expand.h"

namespace optfleet::testing {

// Name, axes, then per job its block, its values and where its spec differs from the first job's; or the
// diagnostics.
std::string Render(const sweeps::ExpandResult& result);

// A sweep of one file.
sweeps::SweepInput OneFile(const std::string& text);

// What a sweep needs besides the keys under test: data, budget.
inline const std::string kEnough = "data.path: text.txt\nbudget.steps: 100\n";

// Expands `text` as sweep.yaml behind a file with kEnough.
sweeps::ExpandResult Expanded(const std::string& text, const std::vector<std::string>& overrides = {});

// The values of each job of such a sweep, in order of the axes, as "8 1e-3".
std::vector<std::string> PointsOf(const std::string& text, const std::vector<std::string>& overrides = {});

// What is wrong with such a sweep, as people read it; a failure of the test if nothing is.
std::string MistakesOf(const std::string& text, const std::vector<std::string>& overrides = {});

}  // namespace optfleet::testing
