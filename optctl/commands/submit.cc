// optctl submit: create a sweep on a coordinator.
#include <memory>

#include "common/text.h"
#include "optctl/commands/ending.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/interrupts.h"
#include "optctl/commands/program.h"
#include "optctl/commands/request_id.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/reuse_view.h"
#include "optctl/commands/sweep_source.h"
#include "optctl/commands/wire_json.h"

namespace optfleet::commands {
namespace {

struct Options {
  SweepArguments sweep;
  std::string name;
  std::string request_id;
  bool reuse = false;
  bool wait = false;
  bool exit_status = false;
};

// An id is part of addresses and file names; what comes near to a typed one is offered, never taken silently.
Status CheckName(const std::string& name) {
  if (name.empty() || IsValidId(name)) return {};
  return Fail(Code::kInvalidArgument, "--name `" + name +
                                          "` must be lower-case letters, digits and hyphens, at most 63; "
                                          "for example " +
                                          MakeId(name));
}

void ShowCreated(const Context& context, const v1::Sweep& sweep) {
  if (context.options.format == Format::kName) {
    context.console.Print(sweep.name() + "\n");
    return;
  }
  context.console.Print(sweep.name() + " created (" + FormatCount(sweep.job_count()) +
                        (sweep.job_count() == 1 ? " job" : " jobs") + ReusedText(sweep.reused_jobs()) +
                        ")\n");
}

// Where no answer came, it may have been created or not.
Error OrUnknown(Error error, const std::string& request_id) {
  if (error.code() != Code::kDeadlineExceeded) return error;
  return Error(error.code(), error.message() + "\nthe sweep may be there; a repeat with --request-id " +
                                 request_id + " makes no second one");
}

Result<int> Submit(Context& context, const Options& options) {
  OPTFLEET_RETURN_IF_ERROR(CheckName(options.name));
  auto source = ReadSweep(options.sweep);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  std::optional<Interrupts> interrupts;
  if (options.wait) interrupts.emplace();  // before the first thread of the client
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  v1::CreateSweepRequest request = RequestOf(*source);
  request.set_sweep_id(options.name);
  if (options.reuse) AskForReuse(*source, request);
  request.set_request_id(options.request_id.empty() ? RandomRequestId() : options.request_id);
  auto sweep = client->CreateSweep(request);
  if (!sweep) return Fail(OrUnknown(std::move(sweep).error(), request.request_id()));
  if (options.wait) {
    context.console.Note(sweep->name() + " created (" + FormatCount(sweep->job_count()) + " jobs)");
    return WatchSweep(context, sweep->name(), options.exit_status, *interrupts);
  }
  if (context.json()) {
    context.console.PrintJson(ToJson(*sweep));
    return kExitOk;
  }
  ShowCreated(context, *sweep);
  const std::string id = ShortResource(sweep->name());
  context.console.Note("next: optctl watch " + id + "   |   optctl get jobs " + id +
                       "   |   optctl results " + id);
  return kExitOk;
}

}  // namespace

void AddSubmit(Program& program) {
  CLI::App& command =
      program.Command("submit", "Create a sweep on a coordinator",
                      "  optctl submit lr.yaml\n"
                      "  optctl submit lr.yaml --name lr-small --set model.width=64\n"
                      "  optctl submit lr.yaml --wait --exit-status\n"
                      "  optctl submit lr.yaml --reuse          trains only what has no equal job\n"
                      "  optctl submit lr.yaml --request-id \"$(uuidgen)\"     safe to repeat");
  auto options = std::make_shared<Options>();
  AddSweepArguments(command, options->sweep);
  command.add_option("--name", options->name, "Id of the sweep; else made from the file's name");
  command.add_option("--request-id", options->request_id, "A repeat with the same id makes no second sweep")
      ->type_name("UUID");
  command.add_flag("--reuse", options->reuse, "Take over outcomes of equal jobs that succeeded");
  CLI::Option* wait = command.add_flag("--wait", options->wait, "Follow it until it has ended");
  command.add_flag("--exit-status", options->exit_status, "With --wait: end with 10 if jobs failed")
      ->needs(wait);
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options](Context& context) { return Submit(context, *options); });
}

}  // namespace optfleet::commands
