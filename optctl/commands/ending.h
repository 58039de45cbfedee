// What is said when a sweep has ended.
#pragma once

#include <string>
#include <vector>

#include "optctl/commands/follow.h"
#include "optctl/report/data.h"

namespace optfleet::commands {

// "quickstart ended after 2:51" with the number of jobs by outcome, then the answer. Pure.
std::vector<std::string> EndLines(const Followed& followed);

// The results table, the edges and the answer on standard output, in the format asked for.
void ShowResults(const Context& context, const report::ReportData& data, bool all);

// Follows the sweep, says how it ended and what to do next; the exit code of watch and submit --wait.
Result<int> WatchSweep(Context& context, const std::string& sweep, bool exit_status, Interrupts& interrupts);

}  // namespace optfleet::commands
