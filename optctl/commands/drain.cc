// optctl worker drain and undrain: take a machine out of service and back.
#include <memory>

#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
  bool keep_running = false;
};

Result<int> Drain(Context& context, const Options& options, bool drain) {
  std::vector<std::string> workers;
  for (const std::string& name : options.names) {
    auto worker = WorkerNamed(name);
    if (!worker) return Fail(std::move(worker).error());
    workers.push_back(*std::move(worker));
  }
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  Json json;
  json["workers"] = Json::array();
  for (const std::string& name : workers) {
    auto worker = drain ? client->DrainWorker(name, options.keep_running, options.reason)
                        : client->UndrainWorker(name, options.reason);
    if (!worker) return Fail(std::move(worker).error());
    json["workers"].push_back(ToJson(*worker));
    if (context.options.format == Format::kName) context.console.Print(worker->name() + "\n");
    if (context.json() || context.options.format == Format::kName) continue;
    const std::string attempts =
        std::to_string(worker->attempts_size()) + (worker->attempts_size() == 1 ? " attempt" : " attempts");
    if (!drain)
      context.console.Print(worker->name() + " takes attempts again\n");
    else if (worker->attempts_size() == 0)
      context.console.Print(worker->name() + " drained\n");
    else
      context.console.Print(
          worker->name() + " drains: " + attempts +
          (options.keep_running ? " on the way to the end\n" : " stopping after a checkpoint\n"));
  }
  if (context.json()) context.console.PrintJson(json);
  return kExitOk;
}

}  // namespace

void AddDrain(Program& program, CLI::App& worker) {
  auto options = std::make_shared<Options>();
  CLI::App& drain =
      program.Command(worker, "drain", "Take workers out of service; their jobs go on elsewhere",
                      "  optctl worker drain gpu01 --reason \"new driver\"\n"
                      "  optctl worker drain gpu01 --keep-running");
  drain.add_option("WORKER", options->names, "Workers")->required();
  drain.add_option("--reason", options->reason, "Why, one sentence; shown in the history");
  drain.add_flag("--keep-running", options->keep_running, "Let running attempts go on to their end");
  program.Formats(drain, {"table", "json", "name"});
  program.On(drain, [options](Context& context) { return Drain(context, *options, true); });

  CLI::App& undrain =
      program.Command(worker, "undrain", "Put workers back into service and forgive their failures",
                      "  optctl worker undrain gpu01");
  undrain.add_option("WORKER", options->names, "Workers")->required();
  undrain.add_option("--reason", options->reason, "Why, one sentence; shown in the history");
  program.Formats(undrain, {"table", "json", "name"});
  program.On(undrain, [options](Context& context) { return Drain(context, *options, false); });
}

}  // namespace optfleet::commands
