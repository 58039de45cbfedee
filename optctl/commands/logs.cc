// optctl logs: what a job's trainer wrote, as its worker last delivered it.
#include <memory>
#include <optional>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/interrupts.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"

namespace optfleet::commands {
namespace {

constexpr std::chrono::milliseconds kFollowPeriod{1000};

struct Options {
  std::string job;
  int32_t attempt = 0;
  bool follow = false;
};

// Which attempt is meant: SWEEP/JOB/ATTEMPT, --attempt, or the newest of the job.
Result<AttemptName> FindAttempt(Client& client, const Options& options) {
  if (auto named = AttemptNamed(options.job)) return *named;
  auto job = JobNamed(options.job);
  if (!job) return Fail(std::move(job).error());
  if (options.attempt > 0) return AttemptName{*job, options.attempt};
  auto found = client.GetJob(ToResource(*job));
  if (!found) return Fail(std::move(found).error());
  if (!found->reused_from().empty()) {
    return Fail(Code::kFailedPrecondition, options.job + " never ran: it was taken over from " +
                                               ShortResource(found->reused_from()) + "; try optctl logs " +
                                               ShortResource(found->reused_from()));
  }
  if (found->attempt_count() == 0) {
    return Fail(Code::kFailedPrecondition, options.job + " has not been started yet" +
                                               (found->reason().empty() ? "" : ": " + found->reason()));
  }
  return AttemptName{*job, found->attempt_count()};
}

// Prints what came since the last call. `shown` counts bytes of the whole log.
void PrintNew(const Console& console, const v1::GetAttemptLogResponse& log, int64_t& shown) {
  const int64_t end = log.skipped_bytes() + static_cast<int64_t>(log.text().size());
  if (end <= shown) return;
  if (log.skipped_bytes() > shown) {
    console.Note("(" + FormatBytes(log.skipped_bytes() - shown) + " before this were not kept)");
    shown = log.skipped_bytes();
  }
  console.Print(std::string_view(log.text()).substr(static_cast<size_t>(shown - log.skipped_bytes())));
  shown = end;
}

Result<int> Follow(const Console& console, Client& client, const std::string& name, Interrupts& interrupts) {
  int64_t shown = 0;
  for (;;) {
    auto attempt = client.GetAttempt(name);
    if (!attempt) return Fail(std::move(attempt).error());
    auto log = client.GetAttemptLog(name);
    if (!log) return Fail(std::move(log).error());
    PrintNew(console, *log, shown);
    if (attempt->state() == v1::Attempt::STATE_ENDED) return kExitOk;
    if (interrupts.WaitFor(kFollowPeriod)) return kExitInterrupted;
  }
}

Result<int> Logs(Context& context, const Options& options) {
  std::optional<Interrupts> interrupts;
  if (options.follow) interrupts.emplace();  // before the first thread of the client
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto attempt = FindAttempt(*client, options);
  if (!attempt) return Fail(std::move(attempt).error());
  const std::string name = ToResource(*attempt);
  if (options.follow && !context.json()) return Follow(context.console, *client, name, *interrupts);
  auto log = client->GetAttemptLog(name);
  if (!log) return Fail(std::move(log).error());
  if (context.json()) {
    context.console.PrintJson(
        Json{{"attempt", name}, {"skipped_bytes", log->skipped_bytes()}, {"text", log->text()}});
    return kExitOk;
  }
  int64_t shown = 0;
  PrintNew(context.console, *log, shown);
  if (shown == 0)
    context.console.Note("no log yet: workers deliver it while an attempt runs or when it ends");
  return kExitOk;
}

}  // namespace

void AddLogs(Program& program) {
  CLI::App& command = program.Command("logs", "Show the end of a trainer's log",
                                      "  optctl logs quickstart/17\n"
                                      "  optctl logs quickstart/17 --attempt 1\n"
                                      "  optctl logs quickstart/17 -f");
  auto options = std::make_shared<Options>();
  command.add_option("JOB", options->job, "SWEEP/JOB, its newest attempt, or SWEEP/JOB/ATTEMPT")->required();
  command.add_option("--attempt", options->attempt, "Number of the attempt")->check(CLI::PositiveNumber);
  command.add_flag("-f,--follow", options->follow, "Go on until the attempt ends");
  program.Formats(command, {"table", "json"});
  program.On(command, [options](Context& context) { return Logs(context, *options); });
}

}  // namespace optfleet::commands
