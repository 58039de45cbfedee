// optctl describe: everything about one sweep, job, attempt or worker.
#include <algorithm>
#include <memory>
#include <vector>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/sections.h"
#include "optctl/commands/show.h"
#include "optctl/commands/wire_names.h"
#include "sweeps/search/guard.h"

namespace optfleet::commands {
namespace {

constexpr size_t kRuleWidth = 60;  // beside the keys on 80 columns
constexpr size_t kJobsShown = 20;
constexpr size_t kStagesShown = 12;

template <typename Message>
void AddTimes(Sections& sections, const Message& message) {
  if (message.has_create_time()) sections.Add("created", IsoTime(TimeOf(message.create_time())));
  if constexpr (requires { message.start_time(); }) {
    if (message.has_start_time()) sections.Add("started", IsoTime(TimeOf(message.start_time())));
  }
  if (message.has_end_time()) sections.Add("ended", IsoTime(TimeOf(message.end_time())));
}

void AddFigures(Sections& sections, const char* title, const Figures& figures) {
  sections.Begin(title);
  for (const v1::Figure& figure : figures)
    sections.Add(figure.key(), FigureText(figure.key(), figure.value()));
}

std::string Render(const Context& context, const output::Table& table) {
  return table.Render(context.console.out().width, context.console.out().unicode);
}

// A stage with all its rounds.
struct StageState {
  const v1::Stage* first;
  int rounds = 0;  // 0: it has none
  int begun = 0;   // of them
};

std::vector<StageState> StagesOf(const v1::Sweep& sweep) {
  std::vector<StageState> stages;
  for (const v1::Stage& stage : sweep.stages()) {
    if (stage.round() < 2) stages.push_back({.first = &stage});
    stages.back().rounds += stage.round() > 0 ? 1 : 0;
    stages.back().begun += stage.begun() ? 1 : 0;
  }
  return stages;
}

// "begun", "2 of 3 rounds begun".
std::string StateText(const StageState& stage) {
  if (stage.rounds == 0) return stage.begun > 0 ? "begun" : "to come";
  const std::string rounds = std::to_string(stage.rounds) + (stage.rounds == 1 ? " round" : " rounds");
  return stage.begun > 0 ? std::to_string(stage.begun) + " of " + rounds + " begun" : rounds + " to come";
}

void AddStages(Sections& sections, const v1::Sweep& sweep) {
  if (sweep.stages().empty()) return;
  const std::vector<StageState> stages = StagesOf(sweep);
  const auto begun =
      std::count_if(stages.begin(), stages.end(), [](const StageState& stage) { return stage.begun > 0; });
  // Rounds of a sweep without stages stand there, too, and there may be many.
  if (stages.size() > kStagesShown)
    return sections.Add("stages", std::to_string(begun) + " of " + std::to_string(stages.size()) + " begun");
  sections.Begin("Stages");
  for (const StageState& stage : stages) {
    std::string text = StateText(stage);
    if (!stage.first->base().empty()) text += ", " + stage.first->base();
    for (const std::string& job : stage.first->from_jobs())
      text += (&job == &stage.first->from_jobs(0) ? ": job " : ", ") + job.substr(job.rfind('/') + 1);
    sections.Add(stage.first->name(), text);
  }
  if (!sweep.stage_problem().empty()) sections.Text(sweep.stage_problem() + "\n");
}

// "2.5 device hours, of at most 100 device hours".
std::string DeviceTimeText(const v1::Sweep& sweep) {
  const double limit = sweep.guard().device_hours();
  const std::string most = limit > 0 ? ", of at most " + sweeps::DeviceTimeText(limit) : "";
  return sweeps::DeviceTimeText(sweep.device_hours()) + most;
}

Result<int> DescribeSweep(Context& context, Client& client, const std::string& name) {
  auto sweep = client.GetSweep(name);
  if (!sweep) return Fail(std::move(sweep).error());
  auto jobs = client.ListJobs(name);
  if (!jobs) return Fail(std::move(jobs).error());
  if (context.json()) {
    Json json = ToJson(*sweep);
    json["jobs"] = Json::array();
    for (const v1::Job& job : *jobs) json["jobs"].push_back(ToJson(job));
    context.console.PrintJson(json);
    return kExitOk;
  }
  Sections sections;
  sections.Begin("");
  sections.Add("name", sweep->name());
  sections.Add("display name", sweep->display_name());
  sections.Add("state", Condition(*sweep));
  sections.Add("held by guard", sweep->guard_verdict());
  std::string counts = std::to_string(sweep->job_count());
  for (const v1::StateCount& count : sweep->counts())
    counts += ", " + std::to_string(count.count()) + " " + count.state();
  sections.Add("jobs", counts);
  if (sweep->merged_points() > 0) sections.Add("merged points", std::to_string(sweep->merged_points()));
  if (sweep->reused_jobs() > 0)
    sections.Add("taken over", FormatCount(sweep->reused_jobs()) + " of equal jobs");
  if (sweep->priority() != 0) sections.Add("priority", std::to_string(sweep->priority()));
  if (sweep->max_running() != 0) sections.Add("max running", std::to_string(sweep->max_running()));
  if (sweep->has_keep_checkpoints()) sections.Add("checkpoints kept", KeepText(sweep->keep_checkpoints()));
  for (const std::string& rule : sweep->rules()) sections.Add("rule", WrapWords(rule, kRuleWidth));
  sections.Add("device time", DeviceTimeText(*sweep));
  sections.Add("objective",
               sweep->objective() + (sweep->direction() == v1::DIRECTION_MAXIMIZE ? " (more is better)"
                                                                                  : " (less is better)"));
  sections.Add("best job", ShortResource(sweep->best_job()));
  AddTimes(sections, *sweep);
  AddStages(sections, *sweep);
  sections.Begin("Axes");
  for (const std::string& axis : sweep->axes()) sections.Text(axis + "\n");
  sections.Begin("Files");
  for (const v1::SourceFile& file : sweep->files()) sections.Text(file.path() + "\n");
  for (const std::string& text : sweep->overrides()) sections.Text("--set " + text + "\n");
  const size_t hidden = jobs->size() > kJobsShown ? jobs->size() - kJobsShown : 0;
  if (hidden > 0) jobs->resize(kJobsShown);
  std::string text = sections.Render();
  if (!jobs->empty()) text += "\nJobs\n" + Render(context, JobTable(*jobs, context.wide(), Now()));
  context.console.Print(text);
  if (hidden > 0) {
    context.console.Note(FormatCount(static_cast<int64_t>(hidden)) + " more: optctl get jobs " +
                         ShortResource(name));
  }
  return kExitOk;
}

Result<int> DescribeJob(Context& context, Client& client, const std::string& name) {
  auto job = client.GetJob(name);
  if (!job) return Fail(std::move(job).error());
  auto attempts = client.ListAttempts(name);
  if (!attempts) return Fail(std::move(attempts).error());
  if (context.json()) {
    Json json = ToJson(*job);
    json["attempts"] = Json::array();
    for (const v1::Attempt& attempt : *attempts) json["attempts"].push_back(ToJson(attempt));
    context.console.PrintJson(json);
    return kExitOk;
  }
  Sections sections;
  sections.Begin("");
  sections.Add("name", job->name());
  sections.Add("state", Condition(*job));
  sections.Add("reason", job->reason());
  sections.Add("step", StepText(job->step(), job->total_steps()));
  sections.Add("worker", ShortResource(job->worker()));
  AddTimes(sections, *job);
  sections.Begin("Point");
  for (const v1::Parameter& parameter : job->parameters()) sections.Add(parameter.key(), parameter.value());
  AddFigures(sections, "Result", job->final());
  AddFigures(sections, "Newest record", job->latest());
  sections.Begin("Spec " + job->spec_hash().substr(0, 12));
  const Json spec = Json::parse(job->spec_json(), nullptr, false);
  if (spec.is_object()) sections.Text(spec.dump(2) + "\n");
  std::string text = sections.Render();
  if (!attempts->empty())
    text += "\nAttempts\n" + Render(context, AttemptTable(*attempts, context.wide(), Now()));
  context.console.Print(text);
  return kExitOk;
}

Result<int> DescribeAttempt(Context& context, Client& client, const std::string& name) {
  auto attempt = client.GetAttempt(name);
  if (!attempt) return Fail(std::move(attempt).error());
  if (context.json()) {
    context.console.PrintJson(ToJson(*attempt));
    return kExitOk;
  }
  Sections sections;
  sections.Begin("");
  sections.Add("name", attempt->name());
  sections.Add("state", Condition(*attempt));
  sections.Add("reason", attempt->reason());
  sections.Add("worker", ShortResource(attempt->worker()));
  sections.Add("step", std::to_string(attempt->step()));
  sections.Add("records held", std::to_string(attempt->held_record()));
  if (!attempt->parent().empty()) {
    sections.Add("resumed from",
                 ShortResource(attempt->parent()) + " at step " + std::to_string(attempt->resume_step()));
  }
  if (attempt->trainer_pid() != 0) sections.Add("trainer pid", std::to_string(attempt->trainer_pid()));
  sections.Add("run directory", attempt->run_directory());
  AddTimes(sections, *attempt);
  if (attempt->has_lease_time()) sections.Add("lease ends", IsoTime(TimeOf(attempt->lease_time())));
  AddFigures(sections, "Result", attempt->final());
  context.console.Print(sections.Render());
  return kExitOk;
}

Result<int> DescribeWorker(Context& context, Client& client, const std::string& name) {
  auto found = FindWorkers(client, {name});
  if (!found) return Fail(std::move(found).error());
  const v1::Worker& worker = found->front();
  if (context.json()) {
    context.console.PrintJson(ToJson(worker));
    return kExitOk;
  }
  Sections sections;
  sections.Begin("");
  sections.Add("name", worker.name());
  sections.Add("state", Condition(worker));
  sections.Add("host", worker.host());
  sections.Add("version", worker.version());
  if (worker.has_excluded_until_time()) {
    sections.Add("left alone", "until " + IsoTime(TimeOf(worker.excluded_until_time())) + ", since " +
                                   std::to_string(worker.failures_in_a_row()) + " attempts in a row failed");
  }
  std::string labels;
  for (const std::string& label : worker.labels()) labels += (labels.empty() ? "" : ", ") + label;
  sections.Add("labels", labels);
  if (worker.host_memory_bytes() > 0) sections.Add("memory", FormatBytes(worker.host_memory_bytes()));
  if (worker.has_last_seen_time()) sections.Add("last seen", IsoTime(TimeOf(worker.last_seen_time())));
  sections.Begin("Slots");
  for (const v1::Slot& slot : worker.slots()) {
    std::string text = NameOf(slot.kind());
    if (slot.kind() == v1::Slot::KIND_CPU) text += ", " + std::to_string(slot.threads()) + " threads";
    if (slot.memory_bytes() > 0) text += ", " + FormatBytes(slot.memory_bytes());
    if (!slot.model().empty()) text += ", " + slot.model();
    sections.Add(std::to_string(slot.index()), text);
  }
  sections.Begin("Attempts");
  for (const std::string& attempt : worker.attempts()) sections.Text(ShortResource(attempt) + "\n");
  context.console.Print(sections.Render());
  return kExitOk;
}

Result<int> Describe(Context& context, const std::string& name) {
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  if (ParseWorkerResource(name)) return DescribeWorker(context, *client, name);
  auto argument = ParseResource(name);
  if (!argument) return Fail(std::move(argument).error());
  if (const auto* sweep = std::get_if<SweepArgument>(&*argument)) {
    return DescribeSweep(context, *client, SweepResource(sweep->id));
  }
  if (const auto* job = std::get_if<JobName>(&*argument))
    return DescribeJob(context, *client, ToResource(*job));
  return DescribeAttempt(context, *client, ToResource(std::get<AttemptName>(*argument)));
}

}  // namespace

void AddDescribe(Program& program) {
  CLI::App& command = program.Command("describe", "Show all about one sweep, job, attempt or worker",
                                      "  optctl describe quickstart\n"
                                      "  optctl describe quickstart/17\n"
                                      "  optctl describe quickstart/17/1\n"
                                      "  optctl describe workers/local");
  auto name = std::make_shared<std::string>();
  command.add_option("NAME", *name, "SWEEP, SWEEP/JOB, SWEEP/JOB/ATTEMPT or workers/WORKER")->required();
  program.Formats(command, {"table", "wide", "json"});
  program.On(command, [name](Context& context) { return Describe(context, *name); });
}

}  // namespace optfleet::commands
