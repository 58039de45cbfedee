// Follows a sweep to its end: the live view on a terminal, one line per change elsewhere. Used by watch,
// submit --wait and run.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "optctl/commands/context.h"
#include "optctl/commands/interrupts.h"

namespace optfleet::commands {

struct FollowOptions {
  std::string sweep;  // sweeps/ID
  std::function<Result<Client>()>
      open;  // called again after a coordinator did not answer: it may come back elsewhere
  std::function<Result<std::vector<std::string>>()>
      each_round;  // what else must be looked after; gives lines to show. May be empty
  bool has_answered =
      false;  // whether the coordinator is known to be there; if not, its first silence ends the command
  std::chrono::seconds patience{60};  // how long the coordinator may be silent before that ends the command
};

struct Followed {
  bool interrupted = false;  // by Ctrl-C; the sweep goes on
  v1::Sweep sweep;
  std::vector<v1::Job> jobs;
};

// Its guard holds the sweep, and nothing of it runs any more: it goes on only if a person lets it.
bool IsHeld(const v1::Sweep& sweep);

// Ends when the sweep has ended or is held, when `interrupts` reports a signal, when each_round fails, or
// when patience is over (UNAVAILABLE). NOT_FOUND and other refusals end it at once. Everything is drawn on
// standard error; nothing of the live view is left behind.
Result<Followed> Follow(const Console& console, FollowOptions options, Interrupts& interrupts);

// 10 if jobs failed, were lost or cancelled, or its guard holds the sweep, else 0.
int ExitCodeOfJobs(const v1::Sweep& sweep);

}  // namespace optfleet::commands
