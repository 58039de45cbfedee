// optctl worker drain and undrain: take a machine out of service and back.
#include <memory>

#include "optctl/commands/answers.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
  bool keep_running = false;
};

std::string DrainText(const v1::Worker& worker, const Options& options) {
  const int attempts = worker.attempts_size();
  if (attempts == 0) return "drained";
  return "drains: " + std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts") +
         (options.keep_running ? " on the way to the end" : " stopping after a checkpoint");
}

Result<int> Drain(Context& context, const Options& options, bool drain) {
  return AnswerForEach(
      context, "workers", options.names, &WorkerNamed,
      [&](Client& client, const std::string& name) {
        return drain ? client.DrainWorker(name, options.keep_running, options.reason)
                     : client.UndrainWorker(name, options.reason);
      },
      [&](const v1::Worker& worker) {
        return drain ? DrainText(worker, options) : std::string("takes attempts again");
      });
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
