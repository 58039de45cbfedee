// optctl cancel: end sweeps and jobs that have not ended.
#include <memory>

#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
};

struct Answer {
  std::string name;
  std::string outcome;  // what became of it, to follow its name
  Json json;
};

std::string OutcomeText(const v1::Sweep& sweep) {
  switch (sweep.state()) {
    case v1::Sweep::STATE_CANCELLED:
      return "cancelled";
    case v1::Sweep::STATE_ENDED:
      return "had ended";
    default:
      return "is being cancelled: " + std::to_string(CountOf(sweep, "running")) + " running";
  }
}

// Cancelling what has ended is no error, but it is told apart.
std::string OutcomeText(const v1::Job& job) {
  if (job.state() != v1::Job::STATE_ENDED) return "is being cancelled: " + Condition(job);
  return job.outcome() == v1::OUTCOME_CANCELLED ? "cancelled" : "had ended: " + Condition(job);
}

Result<Answer> CancelOne(Client& client, const ResourceArgument& argument, const std::string& reason) {
  if (const auto* sweep = std::get_if<SweepArgument>(&argument)) {
    auto answer = client.CancelSweep(SweepResource(sweep->id), reason);
    if (!answer) return Fail(std::move(answer).error());
    return Answer{answer->name(), OutcomeText(*answer), ToJson(*answer)};
  }
  auto answer = client.CancelJob(ToResource(std::get<JobName>(argument)), reason);
  if (!answer) return Fail(std::move(answer).error());
  return Answer{answer->name(), OutcomeText(*answer), ToJson(*answer)};
}

// All names are checked before the first is cancelled: a slip of the finger changes nothing.
Result<std::vector<ResourceArgument>> Parse(const std::vector<std::string>& names) {
  std::vector<ResourceArgument> arguments;
  for (const std::string& name : names) {
    auto argument = ParseResource(name);
    if (!argument) return Fail(std::move(argument).error());
    if (std::holds_alternative<AttemptName>(*argument)) {
      return Fail(Code::kInvalidArgument, "`" + name + "` is an attempt; cancel its job: SWEEP/JOB");
    }
    arguments.push_back(*std::move(argument));
  }
  return arguments;
}

Result<int> Cancel(Context& context, const Options& options) {
  auto arguments = Parse(options.names);
  if (!arguments) return Fail(std::move(arguments).error());
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  Json json;
  json["cancelled"] = Json::array();
  for (const ResourceArgument& argument : *arguments) {
    auto answer = CancelOne(*client, argument, options.reason);
    if (!answer) return Fail(std::move(answer).error());
    json["cancelled"].push_back(answer->json);
    if (context.options.format == Format::kName) {
      context.console.Print(answer->name + "\n");
    } else if (!context.json()) {
      context.console.Print(answer->name + " " + answer->outcome + "\n");
    }
  }
  if (context.json()) context.console.PrintJson(json);
  return kExitOk;
}

}  // namespace

void AddCancel(Program& program) {
  CLI::App& command = program.Command("cancel", "Cancel sweeps or jobs that have not ended",
                                      "  optctl cancel quickstart --reason \"wrong data\"\n"
                                      "  optctl cancel quickstart/3 quickstart/4\n"
                                      "  optctl cancel $(optctl get sweeps -o name)");
  auto options = std::make_shared<Options>();
  command.add_option("NAME", options->names, "SWEEP or SWEEP/JOB")->required();
  command.add_option("--reason", options->reason, "Why, one sentence; shown with the jobs");
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options](Context& context) { return Cancel(context, *options); });
}

}  // namespace optfleet::commands
