// optctl watch: follow a sweep until it has ended.
#include <fmt/format.h>

#include <memory>

#include "common/text.h"
#include "optctl/commands/ending.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/follow.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"

namespace optfleet::commands {

Result<int> WatchSweep(Context& context, const std::string& sweep, bool exit_status, Interrupts& interrupts) {
  FollowOptions options;
  options.sweep = sweep;
  options.open = [&context] { return OpenClient(context); };
  auto followed = Follow(context.console, std::move(options), interrupts);
  if (!followed) return Fail(std::move(followed).error());
  const std::string id = ShortResource(sweep);
  if (followed->interrupted) {
    context.console.Note("stopped watching; the sweep goes on. next: optctl watch " + id +
                         "   |   optctl cancel " + id);
    return kExitInterrupted;
  }
  if (context.json()) {
    context.console.PrintJson(ToJson(followed->sweep));
  } else {
    for (const std::string& line : EndLines(*followed)) context.console.Note(line);
    if (IsHeld(followed->sweep))
      context.console.Note(fmt::format("next: optctl update {0} --no-guard && optctl resume {0}", id));
    context.console.Note(fmt::format("next: optctl results {0}   |   optctl report {0} --out {0}.html", id));
  }
  return exit_status ? ExitCodeOfJobs(followed->sweep) : kExitOk;
}

void AddWatch(Program& program) {
  CLI::App& command = program.Command("watch", "Follow a sweep until it has ended",
                                      "  optctl watch quickstart\n"
                                      "  optctl watch quickstart --exit-status && optctl results quickstart");
  auto sweep = std::make_shared<std::string>();
  auto exit_status = std::make_shared<bool>(false);
  command.add_option("SWEEP", *sweep, "The sweep")->required();
  command.add_flag("--exit-status", *exit_status, "End with 10 if jobs failed or its guard holds it");
  program.Formats(command, {"table", "json"});
  program.On(command, [sweep, exit_status](Context& context) -> Result<int> {
    auto name = SweepNamed(*sweep);
    if (!name) return Fail(std::move(name).error());
    Interrupts interrupts;
    return WatchSweep(context, *name, *exit_status, interrupts);
  });
}

}  // namespace optfleet::commands
