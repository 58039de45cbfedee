#include "optctl/commands/ending.h"

#include <fmt/format.h>

#include "common/text.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/sweep_follower.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {

std::vector<std::string> EndLines(const Followed& followed) {
  const v1::Sweep& sweep = followed.sweep;
  std::string line =
      ShortResource(sweep.name()) + " " +
      (IsHeld(sweep) ? "is held by its guard (" + sweep.guard_verdict() + ")" : NameOf(sweep.state()));
  if (sweep.has_create_time() && sweep.has_end_time()) {
    const auto spent = TimeOf(sweep.end_time()) - TimeOf(sweep.create_time());
    line += " after " + FormatClock(std::chrono::duration<double>(spent).count());
  }
  std::string counts;
  for (const v1::StateCount& count : sweep.counts()) {
    if (count.count() > 0)
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count.count(), count.state());
  }
  if (!counts.empty()) line += ": " + counts;
  return {line, Answer(sweep, followed.jobs)};
}

}  // namespace optfleet::commands
