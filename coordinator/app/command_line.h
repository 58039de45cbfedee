// The command line of opt-coordinator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/log.h"
#include "common/result.h"
#include "coordinator/app/address.h"
#include "coordinator/app/retention_options.h"
#include "coordinator/engine/engine.h"
#include "coordinator/rpc/faults.h"

namespace optfleet::app {

struct CommandLine {
  std::string state_folder;
  std::string restore;  // folder of a backup to put in the place of the databases; empty: serve
  Address grpc;
  Address http;
  engine::Options engine;
  Duration keep_events{};
  RetentionOptions retention;
  std::vector<rpc::Fault> faults;
  uint64_t fault_seed = 1;
  LogOptions log;
  bool parent_death = false;
};

// What to do: run with these settings, or print a text and end with an exit code (0 for --help and --version,
// 2 for a mistake, which names the option and the remedy).
struct ParsedCommandLine {
  std::optional<CommandLine> run;
  std::string text;
  int exit_code = 0;
};
ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

// "10m", "1.5h", "500ms", "90s", "2d" or "30" (seconds). INVALID_ARGUMENT for anything else and for what is
// not above 0.
Result<Duration> ParseDuration(const std::string& text);

}  // namespace optfleet::app
