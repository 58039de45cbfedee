// optctl validate: all mistakes of a sweep file, without a coordinator.
#include <memory>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"
#include "optctl/commands/sweep_source.h"

namespace optfleet::commands {
namespace {

Result<int> Validate(Context& context, const SweepArguments& arguments) {
  auto source = ReadSweep(arguments);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  const sweeps::Expansion& expansion = *source->expanded.expansion;
  const auto jobs = static_cast<int64_t>(expansion.jobs.size());
  if (context.json()) {
    context.console.PrintJson(Json{{"valid", true}, {"name", expansion.name}, {"job_count", jobs}});
  } else {
    context.console.Print(arguments.files + " is valid: " + FormatCount(jobs) +
                          (jobs == 1 ? " job\n" : " jobs\n"));
  }
  return kExitOk;
}

}  // namespace

void AddValidate(Program& program) {
  CLI::App& command =
      program.Command("validate", "Check a sweep file, without a coordinator",
                      "  optctl validate lr.yaml\n"
                      "  optctl validate base.yaml+gpu.yaml --set training.batch_size=32 -o json");
  auto arguments = std::make_shared<SweepArguments>();
  AddSweepArguments(command, *arguments);
  program.Formats(command, {"table", "json"});
  program.On(command, [arguments](Context& context) { return Validate(context, *arguments); });
}

}  // namespace optfleet::commands
