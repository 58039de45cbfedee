// optctl why: what keeps a job from running, or what ended it.
#include <algorithm>
#include <memory>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/lists.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/sections.h"
#include "optctl/commands/wire_json.h"
#include "optctl/commands/wire_names.h"
#include "optctl/output/table.h"

namespace optfleet::commands {
namespace {

constexpr int kWorkersShown = 20;

std::string NeedsText(const v1::Resources& needs) {
  std::string text = std::to_string(std::max(1, needs.slots())) + (needs.slots() > 1 ? " slots" : " slot");
  if (needs.device() != v1::Slot::KIND_UNSPECIFIED) text = NameOf(needs.device()) + ", " + text;
  if (needs.share() > 0 && needs.share() < 100) text += ", " + std::to_string(needs.share()) + "% of each";
  if (needs.memory_bytes() > 0)
    text += ", " + FormatBytes(needs.memory_bytes()) + (needs.memory_is_predicted() ? " (predicted)" : "");
  if (needs.host_memory_bytes() > 0) text += ", host memory " + FormatBytes(needs.host_memory_bytes());
  for (const std::string& label : needs.labels()) text += ", " + label;
  return text;
}

Json WhyJson(const v1::ExplainJobResponse& why) {
  Json json;
  json["job"] = why.job().name();
  json["state"] = Condition(why.job());
  json["reason"] = why.reason();
  json["needs"] = NeedsText(why.job().resources());
  json["workers"] = Json::array();
  for (const auto& worker : why.workers()) {
    json["workers"].push_back({{"name", worker.name()},
                               {"fits", worker.fits()},
                               {"reason", worker.reason()},
                               {"release", worker.release()}});
  }
  json["ahead"] = why.ahead();
  json["queued"] = why.queued();
  json["not_before_time"] = TimeJson(why.has_not_before_time(), why.not_before_time());
  json["reserved"] = why.reserved();
  json["holders"] = Json(std::vector<std::string>(why.holders().begin(), why.holders().end()));
  json["events"] = Json::array();
  for (const v1::Event& event : why.events()) json["events"].push_back(ToJson(event));
  return json;
}

// Workers that could take it first, then those that will, then those that never can.
std::string WorkersText(const Context& context, const v1::ExplainJobResponse& why) {
  output::Table table(
      {{"WORKER"}, {"IN THE WAY", output::Align::kLeft, true}, {"UNTIL", output::Align::kLeft, true}});
  std::vector<const v1::ExplainJobResponse::Worker*> workers;
  for (const auto& worker : why.workers()) workers.push_back(&worker);
  std::stable_sort(workers.begin(), workers.end(), [](const auto* a, const auto* b) {
    const auto rank = [](const auto* worker) {
      return worker->fits() ? 0 : worker->release().empty() ? 2 : 1;
    };
    return rank(a) < rank(b);
  });
  const size_t shown = std::min<size_t>(workers.size(), kWorkersShown);
  for (size_t i = 0; i < shown; ++i) {
    table.Add({ShortResource(workers[i]->name()), workers[i]->fits() ? "nothing" : workers[i]->reason(),
               workers[i]->release()});
  }
  std::string text = table.Render(context.console.out().width, context.console.out().unicode);
  if (shown < workers.size()) text += std::to_string(workers.size() - shown) + " more: -o json\n";
  return text;
}

std::string WhyText(const Context& context, const v1::ExplainJobResponse& why) {
  Sections sections;
  sections.Begin("");
  sections.Add("job", ShortResource(why.job().name()));
  sections.Add("state", Condition(why.job()));
  sections.Add("because", why.reason());
  if (why.job().state() == v1::Job::STATE_QUEUED) {
    sections.Add("needs", NeedsText(why.job().resources()));
    if (why.queued() > 0)
      sections.Add("place",
                   std::to_string(why.ahead() + 1) + " of " + std::to_string(why.queued()) + " that wait");
    if (why.has_not_before_time()) sections.Add("not before", IsoTime(TimeOf(why.not_before_time())));
    sections.Add("kept for it", why.reserved());
    std::string holders;
    for (const std::string& holder : why.holders())
      holders += (holders.empty() ? "" : ", ") + ShortResource(holder);
    sections.Add("held by", holders);
  }
  std::string text = sections.Render();
  if (why.workers_size() > 0) text += "\n" + WorkersText(context, why);
  const std::vector<v1::Event> events(why.events().begin(), why.events().end());
  if (!events.empty())
    text += "\n" + EventTable(events).Render(context.console.out().width, context.console.out().unicode);
  return text;
}

Result<int> Why(Context& context, const std::string& name) {
  auto job = JobNamed(name);
  if (!job) return Fail(std::move(job).error());
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto why = client->ExplainJob(ToResource(*job));
  if (!why) return Fail(std::move(why).error());
  if (context.json())
    context.console.PrintJson(WhyJson(*why));
  else
    context.console.Print(WhyText(context, *why));
  return kExitOk;
}

}  // namespace

void AddWhy(Program& program) {
  auto name = std::make_shared<std::string>();
  CLI::App& why = program.Command("why", "Say why a job waits, where it runs, or what ended it",
                                  "  optctl why quickstart/17\n  optctl why quickstart/17 -o json");
  why.add_option("NAME", *name, "SWEEP/JOB")->required();
  program.Formats(why, {"table", "json"});
  program.On(why, [name](Context& context) { return Why(context, *name); });
}

}  // namespace optfleet::commands
