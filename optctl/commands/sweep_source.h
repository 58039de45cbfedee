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
  std::string dialect;                 // whose keys the files are written in; empty: ours
};
void AddSweepArguments(CLI::App& command, SweepArguments& arguments);
void AddDialectOption(CLI::App& command, std::string& dialect);
// "lr.yaml --dialect olmo": to be repeated in another command.
std::string FilesText(const SweepArguments& arguments);

struct SweepSource {
  sweeps::SweepInput input;  // in our keys
  sweeps::ExpandResult expanded;
  // With a dialect: what each job's launcher would pass there, "optimizer.learning_rate=0.0001" and so on.
  std::vector<std::vector<std::string>> dialect_overrides;
  std::vector<std::string> missing_files;  // "data file /data/c4.bin does not exist"
};

// What runs here needs its files; a plan does not.
enum class MissingFiles { kAreMistakes, kAreListed };

// INVALID_ARGUMENT if a sweep file cannot be read. Mistakes inside the files are in the result's diagnostics.
Result<SweepSource> ReadSweep(const SweepArguments& arguments,
                              MissingFiles missing = MissingFiles::kAreMistakes);

// Shows all mistakes (JSON on request), ends with "N problems; nothing was submitted." and gives the exit
// code.
int ShowProblems(const Context& context, const Diagnostics& diagnostics);

// What the coordinator needs to expand the same jobs.
v1::CreateSweepRequest RequestOf(const SweepSource& source);

}  // namespace optfleet::commands
