// optctl extend: more points for a sweep that runs or has ended.
#include <memory>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/file_stamps.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/stage_texts.h"
#include "optctl/commands/sweep_source.h"
#include "optctl/commands/wire_json.h"

namespace optfleet::commands {
namespace {

constexpr size_t kTextWidth = 80;

struct Options {
  std::string name;
  SweepArguments sweep;
  bool dry_run = false;
  bool reuse = false;
};

Result<int> Extend(Context& context, const Options& options) {
  auto name = SweepNamed(options.name);
  if (!name) return Fail(std::move(name).error());
  auto source = ReadSweep(options.sweep);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  const auto stamps = options.reuse ? StampsOf(source->expanded.files) : Client::FileStamps();
  auto answer =
      client->ExtendSweep(*name, RequestOf(*source).sweep(), {options.dry_run, options.reuse}, stamps);
  if (!answer) return Fail(std::move(answer).error());
  if (context.json()) {
    Json json = ToJson(answer->sweep());
    json["new_jobs"] = answer->new_jobs();
    json["known_points"] = answer->known_points();
    json["dry_run"] = options.dry_run;
    context.console.PrintJson(json);
    return kExitOk;
  }
  if (context.options.format == Format::kName) {
    context.console.Print(answer->sweep().name() + "\n");
    return kExitOk;
  }
  const bool in_stages = answer->sweep().stages_size() > 0;
  std::string text = answer->sweep().name() + (options.dry_run ? " would be extended" : " extended");
  if (!in_stages) text += " by " + CountText(answer->new_jobs(), "job", "jobs");
  text += "; " + CountText(answer->known_points(), "point was", "points were") + " there already\n";
  if (in_stages) text += WrapWords(StillToBegin(answer->sweep()), kTextWidth) + "\n";
  context.console.Print(text);
  return kExitOk;
}

}  // namespace

void AddExtend(Program& program) {
  CLI::App& command = program.Command(
      "extend", "Add new points or stages of a changed file to a sweep",
      "  optctl extend quickstart quickstart.yaml --dry-run\n"
      "  optctl extend quickstart quickstart.yaml --set optimizer.learning_rate=[1e-4, 3e-4]");
  auto options = std::make_shared<Options>();
  command.add_option("SWEEP", options->name, "The sweep")->required();
  AddSweepArguments(command, options->sweep);
  command.add_flag("--dry-run", options->dry_run, "Say what would be added, and change nothing");
  command.add_flag("--reuse", options->reuse, "Take over outcomes of equal jobs of other sweeps");
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options](Context& context) { return Extend(context, *options); });
}

}  // namespace optfleet::commands
