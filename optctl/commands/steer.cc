// optctl pause, resume and update: steering sweeps that run.
#include <memory>

#include "optctl/commands/answers.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "sweeps/search/guard.h"

namespace optfleet::commands {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string reason;
  bool keep_running = false;
  std::optional<int32_t> priority;
  std::optional<int32_t> max_running;
  std::optional<double> device_hours;
  bool no_guard = false;
};

template <typename Call, typename Say>
Result<int> ForEachSweep(Context& context, const std::vector<std::string>& names, Call call, Say say) {
  return AnswerForEach(context, "sweeps", names, &SweepNamed, call, say);
}

Result<int> Pause(Context& context, const Options& options) {
  return ForEachSweep(
      context, options.names,
      [&](Client& client, const std::string& name) {
        return client.PauseSweep(name, options.keep_running, options.reason);
      },
      [](const v1::Sweep& sweep) {
        return sweep.pause() == v1::PAUSE_KEEP_RUNNING
                   ? std::string("paused; running jobs go on to their end")
                   : std::string("paused; running jobs stop after a checkpoint");
      });
}

Result<int> Resume(Context& context, const Options& options) {
  return ForEachSweep(
      context, options.names,
      [&](Client& client, const std::string& name) { return client.ResumeSweep(name, options.reason); },
      [](const v1::Sweep&) { return std::string("resumed"); });
}

Result<int> Update(Context& context, const Options& options) {
  if (!options.priority && !options.max_running && !options.device_hours && !options.no_guard)
    return Fail(Code::kInvalidArgument,
                "what is to change? --priority N, --max-running N, --device-hours HOURS, --no-guard");
  return ForEachSweep(
      context, options.names,
      [&](Client& client, const std::string& name) {
        return client.UpdateSweep(name, options.priority, options.max_running, options.device_hours,
                                  options.no_guard);
      },
      [](const v1::Sweep& sweep) {
        return "priority " + std::to_string(sweep.priority()) + ", " +
               (sweep.max_running() == 0 ? std::string("no limit of running jobs")
                                         : "at most " + std::to_string(sweep.max_running()) + " running") +
               (sweep.guard().device_hours() > 0
                    ? ", at most " + sweeps::DeviceTimeText(sweep.guard().device_hours())
                    : "");
      });
}

}  // namespace

void AddSteer(Program& program) {
  CLI::App& pause = program.Command("pause", "Stop sweeps for a while, running jobs after a checkpoint",
                                    "  optctl pause quickstart --reason \"the cluster is needed\"\n"
                                    "  optctl pause quickstart --keep-running");
  auto options = std::make_shared<Options>();
  pause.add_option("SWEEP", options->names, "Sweeps")->required();
  pause.add_option("--reason", options->reason, "Why, one sentence; shown in the history");
  pause.add_flag("--keep-running", options->keep_running, "Let running jobs go on to their end");
  program.Formats(pause, {"table", "json", "name"});
  program.On(pause, [options](Context& context) { return Pause(context, *options); });

  CLI::App& resume = program.Command("resume", "Go on with paused sweeps", "  optctl resume quickstart");
  resume.add_option("SWEEP", options->names, "Sweeps")->required();
  resume.add_option("--reason", options->reason, "Why, one sentence; shown in the history");
  program.Formats(resume, {"table", "json", "name"});
  program.On(resume, [options](Context& context) { return Resume(context, *options); });

  CLI::App& update = program.Command("update", "Change priority or limits of sweeps, also while they run",
                                     "  optctl update quickstart --priority 10\n"
                                     "  optctl update quickstart --max-running 4 --device-hours 100");
  update.add_option("SWEEP", options->names, "Sweeps")->required();
  update.add_option("--priority", options->priority, "Higher first; 0 if never set");
  update.add_option("--max-running", options->max_running, "Jobs at a time; 0 for no limit")
      ->check(CLI::NonNegativeNumber);
  update
      .add_option("--device-hours", options->device_hours, "Hours of all its slots together; 0 for no limit")
      ->check(CLI::NonNegativeNumber);
  update.add_flag("--no-guard", options->no_guard, "Take the bounds of its `guard` off")
      ->excludes("--device-hours");
  program.Formats(update, {"table", "json", "name"});
  program.On(update, [options](Context& context) { return Update(context, *options); });
}

}  // namespace optfleet::commands
