// Some jobs of a sweep, by the values of their point and by how they stand: --where, --state.
#pragma once

#include <string>
#include <vector>

#include "optctl/commands/context.h"

namespace CLI {
class App;
}

namespace optfleet::commands {

struct JobSelection {
  std::vector<std::string> where;   // KEY=VALUE; all must hold
  std::vector<std::string> states;  // any; a state or, of ended jobs, an outcome
  bool empty() const { return where.empty() && states.empty(); }
};

void AddSelection(CLI::App& command, JobSelection& selection);

// Numbers of the jobs of `sweep` ("sweeps/ID") that match, in order. INVALID_ARGUMENT for a key that is no
// axis of the sweep or a state that there is not, with what there is; NOT_FOUND if no job matches.
Result<std::vector<int32_t>> SelectJobs(Client& client, const std::string& sweep,
                                        const JobSelection& selection);

}  // namespace optfleet::commands
