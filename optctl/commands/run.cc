// optctl run: a sweep on this machine, from its file to the report, with daemons of its own.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "common/text.h"
#include "optctl/commands/ending.h"
#include "optctl/commands/epochs.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/local_run.h"
#include "optctl/commands/plan_view.h"
#include "optctl/commands/program.h"
#include "optctl/commands/report_data.h"
#include "optctl/commands/report_file.h"
#include "optctl/commands/resource_argument.h"

namespace optfleet::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStopPatience{60};
constexpr std::chrono::milliseconds kKeepPeriod{500};

struct Options {
  SweepArguments sweep;
  LocalClusterOptions cluster;
  std::string report;
  bool keep = false;
  bool again = false;
  bool replace = false;
  bool reuse = false;
  bool no_guard = false;
};

// Where state belongs by the XDG rules.
std::string DefaultState(const std::string& sweep_id) {
  std::string base = output::ProcessEnvironment("XDG_STATE_HOME");
  if (base.empty()) {
    const std::string home = output::ProcessEnvironment("HOME");
    base = (home.empty() ? fs::temp_directory_path().string() : home) + "/.local/state";
  }
  return base + "/optfleet/" + sweep_id;
}

// Stops everything, says so, and leaves nothing behind even if it does not want to end.
void StopCluster(const Console& console, LocalCluster& cluster, Interrupts& interrupts) {
  if (cluster.Stop(interrupts, kStopPatience)) return;
  console.Note("stopping at once");
  cluster.Kill();
}

Result<int> ShowEnd(Context& context, LocalRun& run, const Followed& followed, const Options& options) {
  const std::string id = ShortResource(followed.sweep.name());
  const std::string path = options.report.empty() ? run.state() + "/" + id + ".html" : options.report;
  auto client = run.Open();
  if (!client) return Fail(std::move(client).error());
  OPTFLEET_RETURN_IF_ERROR(WriteReport(*client, followed.sweep.name(), path));
  context.console.Note(EndLines(followed).front() + "\n");  // the answer follows with the results
  ShowResults(context, ReportDataOf(followed.sweep, followed.jobs), false);
  context.console.Note(fmt::format("\nreport       {}", ShortPath(path)));
  return ExitCodeOfJobs(followed.sweep);
}

void ShowInterrupted(const Console& console, const Options& options, const std::string& state) {
  std::string command = "optctl run " + FilesText(options.sweep);
  for (const std::string& text : options.sweep.overrides) command += " --set '" + text + "'";
  if (!options.cluster.state.empty()) command += " --state " + state;
  console.Note("stopped; nothing is lost. Continue with: " + command);
}

Result<int> KeepServing(const Console& console, LocalRun& run, Interrupts& interrupts) {
  console.Note("the coordinator goes on until Ctrl-C; look at it with: optctl get sweeps --state " +
               run.state());
  while (!interrupts.WaitFor(kKeepPeriod)) {
    auto lines = run.cluster().Check();
    if (!lines) return Fail(std::move(lines).error());
    for (const std::string& line : *lines) console.Note(line);
  }
  return kExitOk;
}

// The sweep goes on though its guard held it.
Status TakeGuardOff(LocalRun& run, const std::string& sweep) {
  auto client = run.Open();
  if (!client) return Fail(std::move(client).error());
  auto updated = client->UpdateSweep(sweep, {}, {}, {}, true);
  if (!updated) return Fail(std::move(updated).error());
  if (updated->pause() == v1::PAUSE_UNSPECIFIED) return {};
  auto resumed = client->ResumeSweep(sweep, "its guard was taken off");
  return resumed ? Status() : Fail(std::move(resumed).error());
}

// From the running cluster to the end of the sweep. The caller stops the cluster, whatever comes back.
Result<int> Train(Context& context, LocalRun& run, const SweepSource& source, const Options& options,
                  Interrupts& interrupts) {
  const Console& console = context.console;
  auto sweep = run.Submit(source, {options.again, options.replace, options.reuse}, interrupts);
  if (!sweep) return Fail(std::move(sweep).error());
  if (options.no_guard) OPTFLEET_RETURN_IF_ERROR(TakeGuardOff(run, *sweep));
  auto shown = run.ShowWorkers(interrupts);
  if (!shown) return Fail(std::move(shown).error());
  if (!*shown) return kExitInterrupted;
  FollowOptions follow;
  follow.sweep = *sweep;
  follow.open = [&run] { return run.Open(); };
  follow.has_answered = true;
  follow.each_round = [&run] { return run.cluster().Check(); };
  auto followed = Follow(console, std::move(follow), interrupts);
  if (!followed) return Fail(std::move(followed).error());
  if (followed->interrupted) return kExitInterrupted;
  auto code = ShowEnd(context, run, *followed, options);
  if (!code) return code;
  if (IsHeld(followed->sweep))
    console.Note("next: optctl run " + FilesText(options.sweep) + " --no-guard   goes on where it stopped");
  if (options.keep) {
    auto kept = KeepServing(console, run, interrupts);
    if (!kept) return kept;
  } else if (!IsHeld(followed->sweep)) {
    console.Note("next: open the report in a browser   |   optctl run " + FilesText(options.sweep) +
                 " --keep   to look at single jobs");
  }
  return code;
}

// "4,456,448 tokens", and of what ends by time how long that is.
std::string BudgetText(const PlanTotals& totals) {
  std::string text = totals.all_tokens > 0 ? FormatCount(totals.all_tokens) + " tokens" : "";
  if (totals.timed_jobs > 0)
    text += (text.empty() ? "" : " and ") + FormatAbout(totals.timed_seconds) + " of training";
  return text;
}

Result<int> Run(Context& context, Options options) {
  auto source = ReadSweep(options.sweep);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  const sweeps::Expansion& expansion = *source->expanded.expansion;
  const Console& console = context.console;
  const PlanTotals totals =
      AnyByEpochs(expansion) ? Total(WithStepsOfEpochs(expansion), {}) : Total(expansion, {});
  console.Note(
      fmt::format("plan         {}   {}   {}", JobsText(expansion), BudgetText(totals), AxesText(expansion)));

  LocalClusterOptions cluster = options.cluster;
  cluster.state = context.options.state.empty() ? DefaultState(MakeId(expansion.name))
                                                : fs::absolute(context.options.state).string();
  cluster.programs = fs::read_symlink("/proc/self/exe").parent_path().string();
  options.cluster.state = context.options.state;
  Interrupts interrupts;
  auto run = LocalRun::Start(console, cluster, interrupts);
  if (!run) return Fail(std::move(run).error());
  auto code = Train(context, **run, *source, options, interrupts);
  const bool interrupted = code && *code == kExitInterrupted;
  if (interrupted) console.Note("stopping: trainers write a checkpoint (Ctrl-C again to stop at once)");
  StopCluster(console, (*run)->cluster(), interrupts);
  if (interrupted) ShowInterrupted(console, options, cluster.state);
  return code;
}

}  // namespace

void AddRun(Program& program) {
  CLI::App& command =
      program.Command("run", "Train a sweep on this machine and report on it",
                      "  optctl run sweeps/quickstart.yaml\n"
                      "  optctl run lr.yaml --set model.width=64 --slots 2\n"
                      "  optctl run lr.yaml --state /fast/disk/lr --keep\n"
                      "Run it again to continue what was stopped; what is done is not repeated.");
  auto options = std::make_shared<Options>();
  AddSweepArguments(command, options->sweep);
  command.add_option("--workers", options->cluster.workers, "Workers to start")->check(CLI::Range(1, 64));
  command.add_option("--slots", options->cluster.slots, "Trainers at a time per worker; else one per core")
      ->check(CLI::PositiveNumber);
  command.add_option("--threads", options->cluster.threads, "Threads of each trainer")
      ->check(CLI::PositiveNumber);
  command.add_option("--memory", options->cluster.memory, "Memory of each trainer, such as 2GiB")
      ->type_name("SIZE");
  command.add_option("--report", options->report, "File of the report; else in the state folder")
      ->type_name("FILE");
  command.add_flag("--keep", options->keep, "Keep the daemons after the end, until Ctrl-C");
  command.add_flag("--no-guard", options->no_guard, "Go on though the sweep's guard held it, without it");
  CLI::Option* again =
      command.add_flag("--again", options->again, "Train anew what an earlier run of it has done");
  command.add_flag("--reuse", options->reuse, "Take over outcomes of equal jobs of earlier sweeps")
      ->excludes(again);
  command.add_flag("--replace", options->replace, "Cancel an unfinished earlier version of it");
  program.Formats(command, {"table", "json", "csv"});
  program.On(command, [options](Context& context) { return Run(context, *options); });
}

}  // namespace optfleet::commands
