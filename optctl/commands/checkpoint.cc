// optctl checkpoint list, pin and unpin: what outlived its jobs on the disks of workers.
#include <memory>

#include "optctl/commands/answers.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/show.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
};

Result<std::string> ParentNamed(const std::string& text) {
  if (auto sweep = SweepNamed(text)) return sweep;
  if (auto job = JobNamed(text)) return ToResource(*job);
  return Fail(Code::kInvalidArgument,
              "`" + text +
                  "` is not the name of a sweep or job; expected SWEEP or SWEEP/JOB, for example "
                  "quickstart/17");
}

Result<int> List(Context& context, const Options& options) {
  std::vector<std::string> parents;
  for (const std::string& name : options.names) {
    auto parent = ParentNamed(name);
    if (!parent) return Fail(std::move(parent).error());
    parents.push_back(*std::move(parent));
  }
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  std::vector<v1::Checkpoint> all;
  for (const std::string& parent : parents) {
    auto found = client->ListCheckpoints(parent);
    if (!found) return Fail(std::move(found).error());
    all.insert(all.end(), found->begin(), found->end());
  }
  ShowList(context, all, "checkpoints", [](const std::vector<v1::Checkpoint>& checkpoints, bool wide, Time) {
    return CheckpointTable(checkpoints, wide);
  });
  return kExitOk;
}

Result<int> Pin(Context& context, const Options& options, bool pin) {
  const auto read = [](const std::string& text) -> Result<std::string> {
    const auto name = CheckpointNamed(text);
    if (!name) return Fail(name.error());
    return ToResource(*name);
  };
  const auto call = [&](Client& client, const std::string& name) -> Result<v1::Checkpoint> {
    auto checkpoint = client.PinCheckpoint(name, pin, options.reason);
    if (!checkpoint && checkpoint.error().code() == Code::kNotFound)
      return Fail(Code::kNotFound, checkpoint.error().message() +
                                       "; `optctl checkpoint list SWEEP` shows those that there are");
    return checkpoint;
  };
  return AnswerForEach(context, "checkpoints", options.names, read, call, [pin](const v1::Checkpoint&) {
    return pin ? "stays until it is unpinned" : "is no longer pinned";
  });
}

void AddPin(Program& program, CLI::App& parent, bool pin) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Command(parent, pin ? "pin" : "unpin",
                      pin ? "Never delete checkpoints, whatever their sweep keeps"
                          : "Let the sweep's keep_checkpoints decide about checkpoints again",
                      pin ? "  optctl checkpoint pin quickstart/17/1/2000 --reason \"for the paper\""
                          : "  optctl checkpoint unpin quickstart/17/1/2000");
  command.add_option("CHECKPOINT", options->names, "SWEEP/JOB/ATTEMPT/STEP, as `list` shows them")
      ->required();
  command.add_option("--reason", options->reason, "Why, one sentence; shown in the history");
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options, pin](Context& context) { return Pin(context, *options, pin); });
}

}  // namespace

void AddCheckpoint(Program& program) {
  CLI::App& checkpoint = program.Command("checkpoint", "List and pin checkpoints that outlive their jobs",
                                         "  optctl checkpoint list quickstart\n"
                                         "  optctl checkpoint pin quickstart/17/1/2000");
  checkpoint.require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App& list = program.Command(checkpoint, "list", "List the checkpoints of sweeps or jobs",
                                   "  optctl checkpoint list quickstart\n"
                                   "  optctl checkpoint list quickstart/17 -o wide");
  list.add_option("NAME", options->names, "Sweeps or jobs")->required();
  program.Formats(list, {"table", "wide", "json", "name"});
  program.On(list, [options](Context& context) { return List(context, *options); });
  AddPin(program, checkpoint, true);
  AddPin(program, checkpoint, false);
}

}  // namespace optfleet::commands
