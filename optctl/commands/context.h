// What every command is given.
#pragma once

#include <chrono>
#include <string>

#include "common/time.h"
#include "optctl/commands/client.h"
#include "optctl/commands/console.h"

namespace optfleet::commands {

struct GlobalOptions {
  std::string coordinator;  // HOST:PORT, empty if not given
  std::string state;        // folder of a coordinator on this machine, empty if not given
  Format format = Format::kTable;
  bool no_color = false;
};

struct Context {
  GlobalOptions options;
  Console console;

  bool json() const { return options.format == Format::kJson; }
  bool wide() const { return options.format == Format::kWide; }
};

// The coordinator that the options name; nothing is sent yet. INVALID_ARGUMENT for an address that is none,
// NOT_FOUND where --state names a folder without a serving coordinator.
Result<Client> OpenClient(const Context& context);

inline Time Now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace optfleet::commands
