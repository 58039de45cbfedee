// optctl events: what happened to a sweep, job, attempt or worker.
#include <memory>

#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"
#include "optctl/output/table.h"

namespace optfleet::commands {
namespace {

Result<std::string> ResourceNamed(const std::string& name) {
  if (ParseWorkerResource(name)) return name;
  auto argument = ParseResource(name);
  if (!argument) return Fail(std::move(argument).error());
  if (const auto* sweep = std::get_if<SweepArgument>(&*argument)) return SweepResource(sweep->id);
  if (const auto* job = std::get_if<JobName>(&*argument)) return ToResource(*job);
  return ToResource(std::get<AttemptName>(*argument));
}

Result<int> Events(Context& context, const std::string& name) {
  auto resource = ResourceNamed(name);
  if (!resource) return Fail(std::move(resource).error());
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto events = client->ListEvents(*resource);
  if (!events) return Fail(std::move(events).error());
  if (context.json()) {
    Json all = Json::array();
    for (const v1::Event& event : *events) all.push_back(ToJson(event));
    context.console.PrintJson({{"events", std::move(all)}});
  } else if (events->empty()) {
    context.console.Note("no events");
  } else {
    context.console.Print(
        EventTable(*events).Render(context.console.out().width, context.console.out().unicode));
  }
  return kExitOk;
}

}  // namespace

void AddEvents(Program& program) {
  auto name = std::make_shared<std::string>();
  CLI::App& command = program.Command("events", "Show what happened to a sweep, job, attempt or worker",
                                      "  optctl events quickstart\n  optctl events workers/gpu01");
  command.add_option("NAME", *name, "SWEEP, SWEEP/JOB, SWEEP/JOB/ATTEMPT or workers/WORKER")->required();
  program.Formats(command, {"table", "json"});
  program.On(command, [name](Context& context) { return Events(context, *name); });
}

}  // namespace optfleet::commands
