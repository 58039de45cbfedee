// optctl cancel: end sweeps and jobs that have not ended.
#include <memory>

#include "optctl/commands/answers.h"
#include "optctl/commands/job_selection.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
  JobSelection selection;
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

// The jobs of one sweep that match, all or none.
Result<Answer> CancelSelected(Client& client, const ResourceArgument& argument, const Options& options) {
  const auto* sweep = std::get_if<SweepArgument>(&argument);
  if (sweep == nullptr)
    return Fail(Code::kInvalidArgument, "--where and --state choose jobs of sweeps; name sweeps");
  JobSelection selection = options.selection;
  if (selection.states.empty()) selection.states = {"queued", "assigned", "running", "paused"};
  auto jobs = SelectJobs(client, SweepResource(sweep->id), selection);
  if (!jobs) return Fail(std::move(jobs).error());
  auto answer = client.CancelJobs(SweepResource(sweep->id), *jobs, options.reason);
  if (!answer) return Fail(std::move(answer).error());
  const std::vector<int64_t> numbers(jobs->begin(), jobs->end());
  return Answer{answer->sweep().name(),
                std::to_string(numbers.size()) + (numbers.size() == 1 ? " job" : " jobs") +
                    " cancelled: " + NumbersText(numbers),
                ToJson(answer->sweep())};
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
  Answers answers(context, "cancelled");
  for (const ResourceArgument& argument : *arguments) {
    auto answer = options.selection.empty() ? CancelOne(*client, argument, options.reason)
                                            : CancelSelected(*client, argument, options);
    if (!answer) return Fail(std::move(answer).error());
    answers.Add(answer->name, std::move(answer->json));
    answers.Say(answer->name + " " + answer->outcome);
  }
  return answers.End();
}

}  // namespace

void AddCancel(Program& program) {
  CLI::App& command = program.Command("cancel", "Cancel sweeps or jobs that have not ended",
                                      "  optctl cancel quickstart --reason \"wrong data\"\n"
                                      "  optctl cancel quickstart/3 quickstart/4\n"
                                      "  optctl cancel quickstart --where optimizer.name=sgd\n"
                                      "  optctl cancel $(optctl get sweeps -o name)");
  auto options = std::make_shared<Options>();
  command.add_option("NAME", options->names, "SWEEP or SWEEP/JOB")->required();
  command.add_option("--reason", options->reason, "Why, one sentence; shown with the jobs");
  AddSelection(command, options->selection);
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options](Context& context) { return Cancel(context, *options); });
}

}  // namespace optfleet::commands
