// optctl retry: queue ended jobs again.
#include <memory>

#include "optctl/commands/answers.h"
#include "optctl/commands/job_selection.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/wire_json.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  JobSelection selection;
  std::string reason;
};

// One request per sweep, so that each is all or nothing.
using JobsOfSweep = std::vector<std::pair<std::string, std::vector<int32_t>>>;

Status AddJob(const JobName& job, JobsOfSweep* chosen) {
  for (auto& [sweep, numbers] : *chosen) {
    if (sweep == SweepResource(job.sweep)) {
      numbers.push_back(job.job);
      return {};
    }
  }
  chosen->push_back({SweepResource(job.sweep), {job.job}});
  return {};
}

Result<JobsOfSweep> Choose(Client& client, const Options& options) {
  JobsOfSweep chosen;
  for (const std::string& name : options.names) {
    auto argument = ParseResource(name);
    if (!argument) return Fail(std::move(argument).error());
    if (const auto* job = std::get_if<JobName>(&*argument)) {
      if (!options.selection.empty())
        return Fail(Code::kInvalidArgument,
                    "--where and --state choose jobs of a sweep; `" + name + "` is a job");
      OPTFLEET_RETURN_IF_ERROR(AddJob(*job, &chosen));
      continue;
    }
    const auto* sweep = std::get_if<SweepArgument>(&*argument);
    if (sweep == nullptr)
      return Fail(Code::kInvalidArgument, "`" + name + "` is an attempt; retry its job: SWEEP/JOB");
    JobSelection selection = options.selection;
    if (selection.states.empty()) selection.states = {"failed"};
    auto numbers = SelectJobs(client, SweepResource(sweep->id), selection);
    if (!numbers) return Fail(std::move(numbers).error());
    chosen.push_back({SweepResource(sweep->id), *std::move(numbers)});
  }
  return chosen;
}

Result<int> Retry(Context& context, const Options& options) {
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto chosen = Choose(*client, options);
  if (!chosen) return Fail(std::move(chosen).error());
  Answers answers(context, "retried");
  for (const auto& [sweep, numbers] : *chosen) {
    auto answer = client->RetryJobs(sweep, numbers, options.reason);
    if (!answer) return Fail(std::move(answer).error());
    const std::vector<int64_t> jobs(answer->jobs().begin(), answer->jobs().end());
    for (const int64_t job : jobs) {
      const std::string name = sweep + "/jobs/" + std::to_string(job);
      answers.Add(name, name);
    }
    answers.Say(sweep + ": " + std::to_string(jobs.size()) +
                (jobs.size() == 1 ? " job queued again: " : " jobs queued again: ") + NumbersText(jobs));
  }
  return answers.End();
}

}  // namespace

void AddRetry(Program& program) {
  CLI::App& command = program.Command("retry", "Queue jobs again that have ended without success",
                                      "  optctl retry quickstart                            failed jobs\n"
                                      "  optctl retry quickstart --state failed,cancelled\n"
                                      "  optctl retry quickstart/3 quickstart/4 --reason \"disk replaced\"");
  auto options = std::make_shared<Options>();
  command.add_option("NAME", options->names, "SWEEP or SWEEP/JOB")->required();
  AddSelection(command, options->selection);
  command.add_option("--reason", options->reason, "Why, one sentence; shown with the jobs");
  program.Formats(command, {"table", "json", "name"});
  program.On(command, [options](Context& context) { return Retry(context, *options); });
}

}  // namespace optfleet::commands
