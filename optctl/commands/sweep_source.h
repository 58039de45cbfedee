// The sweep that the command line names: files read, composed, expanded and checked against this machine's
// data files.
#pragma once

#include <string>
#include <vector>

#include "optctl/commands/context.h"
#include "sweeps/expand.h"

namespace CLI {
class App;
}

namespace optfleet::commands {

struct SweepArguments {
  std::string files;                   // a.yaml or a.yaml+b.yaml; "-" is standard input
  std::vector<std::string> overrides;  // key=value
};
void AddSweepArguments(CLI::App& command, SweepArguments& arguments);

struct SweepSource {
  sweeps::SweepInput input;
  sweeps::ExpandResult expanded;  // its diagnostics name missing data files, too
};

// INVALID_ARGUMENT if a sweep file cannot be read. Mistakes inside the files are in the result.
Result<SweepSource> ReadSweep(const SweepArguments& arguments);

// Shows all mistakes (JSON on request), ends with "N problems; nothing was submitted." and gives the exit
// code.
int ShowProblems(const Context& context, const Diagnostics& diagnostics);

// What the coordinator needs to expand the same jobs.
v1::CreateSweepRequest RequestOf(const SweepSource& source);

}  // namespace optfleet::commands
