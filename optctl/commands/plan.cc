// optctl plan: what a sweep file would train; and, where a coordinator answers, what of it has been trained.
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "common/text.h"
#include "optctl/commands/epochs.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/misfits_view.h"
#include "optctl/commands/plan_time.h"
#include "optctl/commands/plan_view.h"
#include "optctl/commands/program.h"
#include "optctl/commands/reuse_view.h"
#include "optctl/commands/simulate_view.h"
#include "optctl/commands/slot_types.h"
#include "optctl/commands/sweep_source.h"

namespace optfleet::commands {
namespace {

constexpr size_t kJobsShown = 40;

struct Options {
  SweepArguments sweep;
  PlanOptions plan;
  std::string device = "cpu";
  int64_t index = 0;  // of the only job to show; 0: all
  std::string on;     // name of a type of slots; empty: those that are connected
  bool offline = false;
  bool simulate = false;
  std::string curves;            // file of recorded ones; empty: made up
  std::optional<int32_t> seeds;  // of a simulation

  bool simulates() const { return simulate || !curves.empty(); }
};

// What a coordinator knows of use.
struct Known {
  std::vector<SlotType> types;  // that times are predicted for
  std::vector<v1::Measurement> measurements;
  std::optional<v1::PlanSweepResponse> plan;  // nothing of an older coordinator
};

// Nothing of an older coordinator.
Result<std::vector<v1::Measurement>> MeasurementsOf(Client& client) {
  auto response = client.ListMeasurements();
  if (!response && response.error().code() == Code::kUnimplemented) return std::vector<v1::Measurement>();
  if (!response) return Fail(std::move(response).error());
  return std::vector<v1::Measurement>(response->measurements().begin(), response->measurements().end());
}

Result<Known> Ask(Client& client, const SweepSource& source, const std::string& on) {
  // First whether anybody answers: what is asked then needs the files of the jobs to be read.
  if (auto info = client.GetInfo(); !info) return Fail(std::move(info).error());
  Known known;
  auto workers = client.ListWorkers();
  if (!workers) return Fail(std::move(workers).error());
  auto measurements = MeasurementsOf(client);
  if (!measurements) return Fail(std::move(measurements).error());
  known.measurements = *std::move(measurements);
  auto types = ChooseTypes(SlotTypes(*workers, known.measurements), on);
  if (!types) return Fail(std::move(types).error());
  known.types = *std::move(types);
  auto plan = PlanAtCoordinator(client, source, on.empty() ? "" : known.types.front().model);
  if (plan) known.plan = *std::move(plan);
  if (!plan && plan.error().code() != Code::kUnimplemented) return Fail(std::move(plan).error());
  return known;
}

// A plan needs no coordinator: one that nobody named may be absent or fail.
Result<Known> AskCoordinator(Context& context, const SweepSource& source, const std::string& on) {
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto known = Ask(*client, source, on);
  if (known) return known;
  if (!on.empty() || client->address().origin != kDefaultOrigin) return Fail(std::move(known).error());
  if (known.error().code() != Code::kUnavailable)
    context.console.Note("what has been trained before is not known: " + known.error().message());
  return Known();
}

// Of one job, as --key=value.
std::vector<std::string> OverridesOf(const SweepSource& source, size_t index) {
  return index < source.dialect_overrides.size() ? source.dialect_overrides[index]
                                                 : std::vector<std::string>();
}

Result<int> ShowJob(Context& context, const SweepSource& source, const Options& options) {
  const sweeps::Expansion& expansion = *source.expanded.expansion;
  if (options.index > static_cast<int64_t>(expansion.jobs.size()))
    return Fail(Code::kInvalidArgument, "--index " + std::to_string(options.index) + ": the sweep has " +
                                            FormatCount(static_cast<int64_t>(expansion.jobs.size())) +
                                            " jobs, numbered from 1");
  const auto at = static_cast<size_t>(options.index) - 1;
  const sweeps::Job& job = expansion.jobs[at];
  const auto overrides = OverridesOf(source, at);
  if (!context.json()) {
    std::string text;
    for (const std::string& one : overrides) text += "# --" + one + "\n";
    context.console.Print(text + JobFile(job));
    return kExitOk;
  }
  const auto memory = sweeps::PlannedMemory({job}, options.plan.device);
  Json json = JobJson(job, memory.Of(0));
  if (!options.sweep.dialect.empty()) json["overrides"] = overrides;
  context.console.PrintJson(json);
  return kExitOk;
}

Result<sweeps::CurveTable> ReadCurves(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return Fail(Code::kInvalidArgument, "the curves `" + path + "` cannot be read");
  auto table = sweeps::ReadCurveTable(text.str());
  if (!table) return Fail(table.error().In(path));
  return table;
}

Result<Simulation> SimulateOn(const sweeps::SweepInput& input, const sweeps::Expansion& expansion,
                              const Options& options) {
  SimulationOptions simulation{.slots = options.plan.slots.value_or(1),
                               .throughput = options.plan.throughput};
  if (options.seeds) simulation.seeds = *options.seeds;
  if (options.curves.empty()) return Simulate(input, expansion, nullptr, simulation);
  const auto table = ReadCurves(options.curves);
  if (!table) return Fail(table.error());
  auto result = Simulate(input, expansion, &*table, simulation);
  if (!result) return Fail(result.error().In(options.curves));
  return result;
}

// Nothing that a coordinator knows plays a part.
Result<int> ShowSimulation(Context& context, const sweeps::SweepInput& input,
                           const sweeps::Expansion& expansion, const Options& options) {
  const auto simulation = SimulateOn(input, expansion, options);
  if (!simulation) return Fail(simulation.error());
  if (context.json())
    context.console.PrintJson(SimulationJson(expansion, *simulation, options.curves));
  else
    context.console.Print(SimulationText(expansion, *simulation, options.curves));
  if (simulation->is_plain) {
    context.console.Note("the file has no search; next, to compare: --set halving.first=10%");
  }
  return kExitOk;
}

// What a plan says.
struct Planned {
  const SweepSource& source;
  const sweeps::Expansion& expansion;  // as submitted
  const sweeps::Expansion& known;      // with steps in the place of epochs where the data is here
  PlanTotals totals;
  std::vector<TimePlan> times;  // on each type of slot
  const std::optional<v1::PlanSweepResponse>& told;
};

Json ToJson(const Planned& planned, const Options& options) {
  const auto& told = planned.told;
  Json json = PlanJson(planned.expansion, planned.totals, planned.times);
  AddStepsOfEpochs(planned.expansion, planned.known, &json);
  json["missing_files"] = planned.source.missing_files;
  if (!options.sweep.dialect.empty())
    for (size_t i = 0; i < planned.expansion.jobs.size(); ++i)
      json["jobs"][i]["overrides"] = OverridesOf(planned.source, i);
  json["equal_jobs"] = told ? EqualJobsJson(*told) : Json(nullptr);
  json["reusable_jobs"] = told ? Json(told->reusable_jobs()) : Json(nullptr);
  json["worker_count"] = told ? Json(told->worker_count()) : Json(nullptr);
  json["misfits"] = told ? MisfitsJson(*told) : Json(nullptr);
  if (told) AddMisfits(*told, json["jobs"]);
  return json;
}

void Show(const Context& context, const Planned& planned, const Options& options) {
  const Console& console = context.console;
  const auto& told = planned.told;
  const size_t jobs = planned.known.jobs.size();
  const size_t limit = context.wide() ? jobs : kJobsShown;
  const output::Table table = PointTable(planned.known, planned.totals, planned.times, limit, context.wide());
  console.Print(
      PlanText(planned.known, planned.totals, options.plan, planned.times, told ? PlacesText(*told) : "") +
      "\n" + table.Render(console.out().width, console.out().unicode));
  if (jobs > limit)
    console.Note(FormatCount(static_cast<int64_t>(jobs - limit)) + " more jobs: -o wide shows all");
  if (told)
    for (const std::string& text : {MisfitsText(*told), EqualJobsText(*told)})
      if (!text.empty()) console.Print("\n" + text);
  for (const std::string& missing : planned.source.missing_files) console.Note("to run it here: " + missing);
  const std::string files = FilesText(options.sweep);
  console.Note("next: optctl run " + files + "   |   optctl submit " + files);
}

Result<int> Plan(Context& context, const Options& options) {
  if (options.seeds && !options.simulates())
    return Fail(Code::kInvalidArgument, "--seeds needs --simulate or --simulate-from");
  auto source = ReadSweep(options.sweep, MissingFiles::kAreListed);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  const sweeps::Expansion& expansion = *source->expanded.expansion;
  if (options.index > 0) return ShowJob(context, *source, options);
  const auto with_steps = AnyByEpochs(expansion) ? std::optional(WithStepsOfEpochs(expansion)) : std::nullopt;
  const sweeps::Expansion& known = with_steps ? *with_steps : expansion;
  if (options.simulates()) return ShowSimulation(context, source->input, known, options);
  const auto told = options.offline ? Result<Known>(Known()) : AskCoordinator(context, *source, options.on);
  if (!told) return Fail(told.error());
  Planned planned{*source, expansion, known, Total(known, options.plan), {}, told->plan};
  for (const SlotType& type : told->types)
    planned.times.push_back(PlanTime(known, type, told->measurements,
                                     {.throughput = options.plan.throughput, .slots = options.plan.slots}));
  if (context.json())
    context.console.PrintJson(ToJson(planned, options));
  else
    Show(context, planned, options);
  return kExitOk;
}

}  // namespace

void AddPlan(Program& program) {
  CLI::App& command = program.Command(
      "plan", "Show the jobs of a sweep file and what they cost",
      "  optctl plan lr.yaml\n"
      "  optctl plan lr.yaml --throughput 20000 --slots 2\n"
      "  optctl plan lr.yaml --on H100 --slots 8\n"
      "  optctl plan xl.yaml --device gpu --memory 40GiB\n"
      "  optctl plan lr.yaml --simulate --slots 4\n"
      "  optctl plan lr.yaml --index $SLURM_ARRAY_TASK_ID > job.yaml\n"
      "  optctl plan base.yaml+150m.yaml+lr.yaml --dialect olmo\n"
      "  optctl plan base.yaml+gpu.yaml --set optimizer.learning_rate='[1e-3, 3e-3]' -o json");
  auto options = std::make_shared<Options>();
  AddSweepArguments(command, options->sweep);
  command
      .add_option("--throughput", options->plan.throughput,
                  "Tokens per second of one slot, where nothing was timed")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--slots", options->plan.slots,
                  "Slots that share the jobs; those that are connected if left out")
      ->check(CLI::PositiveNumber);
  command.add_option(
      "--on", options->on,
      "Predict for the slots that are called so, such as H100, connected or only timed before");
  command.add_option("--device", options->device, "Device that memory is predicted for: cpu or gpu")
      ->check(CLI::IsMember({"cpu", "gpu"}));
  command
      .add_option("--memory", options->plan.slot_memory,
                  "Memory of a slot, such as 40GiB; names the jobs that do not fit")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->type_name("SIZE");
  command.add_option("--index", options->index, "Print the job of that number alone, as a file of its own")
      ->check(CLI::PositiveNumber);
  auto* simulate = command.add_flag("--simulate", options->simulate,
                                    "Show what the sweep's search would spend, on curves that are made up");
  auto* curves =
      command.add_option("--simulate-from", options->curves, "The same on recorded curves, a CSV file")
          ->check(CLI::ExistingFile);
  command.add_option("--seeds", options->seeds, "Of a simulation; 20 if left out")
      ->check(CLI::Range(1, 100000));
  command.get_option("--index")->excludes(simulate)->excludes(curves);
  command.add_flag("--offline", options->offline, "Ask no coordinator what it has trained and on what");
  program.Formats(command, {"table", "wide", "json"});
  program.On(command, [options](Context& context) {
    if (options->device == "gpu") options->plan.device = spec::MemoryDevice::kCuda;
    return Plan(context, *options);
  });
}

}  // namespace optfleet::commands
