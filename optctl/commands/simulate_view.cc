#include "optctl/commands/simulate_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "common/text.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/plan_view.h"
#include "optctl/commands/sections.h"
#include "sweeps/search/simulate.h"

namespace optfleet::commands {
namespace {

using sweeps::Spread;
using sweeps::SpreadOf;
using sweeps::SweepOutcome;
using Side = SweepOutcome Comparison::*;

template <typename Number>
Spread Over(const std::vector<Comparison>& runs, Number number) {
  std::vector<double> values;
  for (const Comparison& run : runs) values.push_back(number(run));
  return SpreadOf(std::move(values));
}

// Over the seeds with which some job came to its end; nothing if there are none.
std::optional<Spread> Regret(const std::vector<Comparison>& runs, Side side) {
  std::vector<double> values;
  for (const Comparison& run : runs)
    if (const auto regret = run.RegretOf(run.*side)) values.push_back(*regret);
  if (values.empty()) return std::nullopt;
  return SpreadOf(std::move(values));
}

int64_t TimesFound(const std::vector<Comparison>& runs, Side side) {
  return std::count_if(runs.begin(), runs.end(),
                       [side](const Comparison& run) { return run.RegretOf(run.*side).value_or(1) <= 0; });
}

int32_t JobsOf(const SweepOutcome& outcome) {
  int32_t jobs = 0;
  for (const sweeps::StageOutcome& stage : outcome.stages) jobs += stage.jobs;
  return jobs;
}

int64_t MostJobs(const std::vector<Comparison>& runs) {
  int32_t most = 0;
  for (const Comparison& run : runs) most = std::max(most, JobsOf(run.search));
  return most;
}

// A time of the search and of what it is compared with, over the seeds with which both spent some.
struct Times {
  std::vector<double> search;
  std::vector<double> plain;
  std::vector<double> shares;

  void Add(double of_search, double of_plain) {
    if (of_search <= 0 || of_plain <= 0) return;
    search.push_back(of_search);
    plain.push_back(of_plain);
    shares.push_back(of_search / of_plain);
  }
};

Times TimesOf(const std::vector<Comparison>& runs, double SweepOutcome::*time) {
  Times times;
  for (const Comparison& run : runs) times.Add(run.search.*time, run.plain.*time);
  return times;
}

// Device time of the stage of that index.
Times TimesOfStage(const std::vector<Comparison>& runs, size_t stage) {
  Times times;
  for (const Comparison& run : runs)
    if (stage < run.search.stages.size() && stage < run.plain.stages.size())
      times.Add(run.search.stages[stage].device_seconds, run.plain.stages[stage].device_seconds);
  return times;
}

// Names of the stages that began with some seed.
std::vector<std::string> StagesOf(const std::vector<Comparison>& runs) {
  std::vector<std::string> names;
  for (const Comparison& run : runs)
    for (size_t i = names.size(); i < run.search.stages.size(); ++i)
      names.push_back(run.search.stages[i].name);
  return names;
}

std::string Percent(double part) { return FormatSignificant(100 * part, std::abs(part) < 0.1 ? 2 : 3); }

// "31% (28 to 35)".
std::string PercentText(const Spread& spread) {
  std::string text = Percent(spread.median) + "%";
  if (spread.least < spread.most) text += " (" + Percent(spread.least) + " to " + Percent(spread.most) + ")";
  return text;
}

std::string RegretText(const std::optional<Spread>& regret) { return regret ? PercentText(*regret) : "-"; }

std::string TimeText(double time, bool in_steps) {
  return in_steps ? FormatCount(std::llround(time)) + " steps" : FormatAbout(time);
}

// "4,710 of 15,120 steps", "25 min of 90 min".
std::string PartText(double part, double whole, bool in_steps) {
  return (in_steps ? FormatCount(std::llround(part)) : FormatAbout(part)) + " of " +
         TimeText(whole, in_steps);
}

std::string CountText(const Spread& spread) {
  std::string text = FormatSignificant(spread.median, 7);
  if (spread.least < spread.most)
    text += fmt::format(" ({} to {})", FormatSignificant(spread.least, 7), FormatSignificant(spread.most, 7));
  return text;
}

// "10%", "200 steps".
std::string LengthText(double share, int64_t steps) {
  return share > 0 ? FormatSignificant(100 * share, 6) + "%" : FormatCount(steps) + " steps";
}

std::string HalvingText(const sweeps::HalvingPlan& plan, const Simulation& simulation) {
  std::string text = fmt::format("halving: first {}, factor {}",
                                 LengthText(plan.first_share, plan.first_steps), plan.factor);
  if (!simulation.rungs.empty() && simulation.steps > 0)
    text += fmt::format("\nrungs at {} of {} steps", NumbersText(simulation.rungs),
                        FormatCount(simulation.steps));
  return text;
}

std::string StopText(const sweeps::StopPlan& plan) {
  std::string text;
  const auto add = [&text](const std::string& rule) { text += (text.empty() ? "stop: " : ", ") + rule; };
  if (plan.median) add("median after " + LengthText(plan.median->after.share, plan.median->after.steps));
  if (plan.plateau)
    add("plateau of " + LengthText(plan.plateau->patience.share, plan.plateau->patience.steps));
  if (plan.divergence) add("divergence");
  return text;
}

// Stages that draw so, by name; of a sweep without stages "".
std::vector<std::string> StagesThat(const sweeps::Expansion& expansion, sweeps::Drawing drawing) {
  std::vector<std::string> names;
  for (const sweeps::StagePlan& stage : expansion.stages) {
    const std::string name = expansion.in_rounds ? "" : stage.name;
    if (stage.drawing == drawing && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

std::string SearchText(const sweeps::Expansion& expansion, const Simulation& simulation) {
  std::string text;
  const auto add = [&text](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
  const auto add_stages = [&](const char* method, sweeps::Drawing drawing) {
    for (const std::string& stage : StagesThat(expansion, drawing))
      add(method + (stage.empty() ? "" : " in stage " + stage));
  };
  add_stages("tpe, beside as many points at random", sweeps::Drawing::kTpe);
  add_stages("the largest that is predicted to fit", sweeps::Drawing::kLargest);
  if (expansion.halving) add(HalvingText(*expansion.halving, simulation));
  if (expansion.stop) add(StopText(*expansion.stop));
  if (simulation.lacks_values) add("no value before the end for a rule:\n`evaluation.every_steps` is 0");
  return text.empty() ? "none: every job is trained to its end" : text;
}

std::string CurvesText(const sweeps::Expansion& expansion, const Simulation& simulation,
                       const std::string& from) {
  if (!simulation.is_recorded)
    return "made up: they show how the search works,\nnot what the sweep would find";
  std::string text = "recorded: " + from;
  if (const auto count = static_cast<int64_t>(simulation.without_curve.size()); count > 0)
    text += fmt::format("\n{} of {} jobs {} none and {} left out: {}", FormatCount(count),
                        FormatCount(static_cast<int64_t>(expansion.jobs.size())), count == 1 ? "has" : "have",
                        count == 1 ? "is" : "are", NumbersText(simulation.without_curve));
  if (simulation.other_length > 0)
    text += fmt::format("\nof {} job{} with other steps than the file says: those count",
                        FormatCount(simulation.other_length), simulation.other_length == 1 ? "" : "s");
  return text;
}

// What the search is compared with: "the grid's", "random points'".
const char* WhoseText(const Simulation& simulation) {
  return simulation.proposes ? "random points'" : "the grid's";
}

// A time of the search as a part of the grid's, and in figures.
std::string TimeText(const Times& times, const Simulation& simulation) {
  if (times.shares.empty()) return "-";
  const double plain = SpreadOf(times.plain).median;
  if (simulation.is_plain) return TimeText(plain, simulation.in_steps);
  return fmt::format("{} of {}: {}", PercentText(SpreadOf(times.shares)), WhoseText(simulation),
                     PartText(SpreadOf(times.search).median, plain, simulation.in_steps));
}

// Of a sweep with several: what each costs, and what came in its way.
void AddStages(Sections& sections, const Simulation& simulation) {
  const std::vector<std::string> names = StagesOf(simulation.runs);
  for (size_t stage = 0; stage < names.size(); ++stage) {
    if (names[stage].empty()) continue;
    const Times times = TimesOfStage(simulation.runs, stage);
    if (!times.shares.empty()) {
      constexpr size_t kWidth = 64;  // beside the keys on 80 columns
      sections.Add("stage", WrapWords(names[stage] + ": " + TimeText(times, simulation), kWidth));
    }
    int32_t left_out = 0;
    for (const Comparison& run : simulation.runs)
      if (stage > 0 && stage < run.search.stages.size())
        left_out = std::max(left_out, run.search.stages[stage].without_curve);
    if (left_out > 0)
      sections.Add("left out", fmt::format("{}: up to {} job{} without a curve", names[stage], left_out,
                                           left_out == 1 ? "" : "s"));
  }
  const auto stopped = std::count_if(simulation.runs.begin(), simulation.runs.end(),
                                     [](const Comparison& run) { return !run.search.problem.empty(); });
  if (stopped > 0)
    sections.Add("not begun", fmt::format("a stage, with {} of {} seeds: no job had a value", stopped,
                                          simulation.runs.size()));
}

// The last digits depend on the machine's mathematics.
double Rounded(double value) {
  constexpr int kDigits = 9;
  return std::strtod(FormatSignificant(value, kDigits).c_str(), nullptr);
}

Json SpreadJson(const Spread& spread) {
  return {
      {"median", Rounded(spread.median)}, {"least", Rounded(spread.least)}, {"most", Rounded(spread.most)}};
}

Json TimeJson(const Times& times) {
  if (times.shares.empty()) return nullptr;
  return {{"search", SpreadJson(SpreadOf(times.search))},
          {"grid", SpreadJson(SpreadOf(times.plain))},
          {"share", SpreadJson(SpreadOf(times.shares))}};
}

Json RegretJson(const std::vector<Comparison>& runs, Side side) {
  const auto regret = Regret(runs, side);
  return regret ? SpreadJson(*regret) : Json(nullptr);
}

Json SearchJson(const sweeps::Expansion& expansion, const Simulation& simulation) {
  Json json;
  json["methods"] = Json::array();
  if (simulation.proposes) json["methods"].push_back("tpe");
  if (expansion.halving) json["methods"].push_back("halving");
  if (expansion.stop) json["methods"].push_back("stop");
  if (!expansion.halving) return json;
  json["first_share"] = expansion.halving->first_share;
  json["first_steps"] = expansion.halving->first_steps;
  json["factor"] = expansion.halving->factor;
  json["rungs"] = simulation.rungs;
  return json;
}

Json StagesJson(const std::vector<Comparison>& runs) {
  Json json = Json::array();
  const std::vector<std::string> names = StagesOf(runs);
  for (size_t stage = 0; stage < names.size(); ++stage)
    if (!names[stage].empty())
      json.push_back({{"name", names[stage]}, {"device_time", TimeJson(TimesOfStage(runs, stage))}});
  return json;
}

}  // namespace

std::string SimulationText(const sweeps::Expansion& expansion, const Simulation& simulation,
                           const std::string& from) {
  const auto& runs = simulation.runs;
  Sections sections;
  sections.Begin("");
  sections.Add("sweep", expansion.name);
  sections.Add("jobs", JobsText(expansion));
  sections.Add("search", SearchText(expansion, simulation));
  sections.Add("curves", CurvesText(expansion, simulation, from));
  sections.Add("slots", std::to_string(simulation.slots));
  sections.Begin(fmt::format("Simulated with {} seed{}: median (least to most)", runs.size(),
                             runs.size() == 1 ? "" : "s"));
  sections.Add("device time", TimeText(TimesOf(runs, &SweepOutcome::device_seconds), simulation));
  AddStages(sections, simulation);
  sections.Add("duration", TimeText(TimesOf(runs, &SweepOutcome::seconds), simulation));
  if (!simulation.is_plain) {
    const Spread trained =
        Over(runs, [](const Comparison& run) { return static_cast<double>(run.search.trained); });
    sections.Add("trained",
                 fmt::format("{} of {} jobs to their end", CountText(trained), FormatCount(MostJobs(runs))));
  }
  std::string regret = RegretText(Regret(runs, &Comparison::search));
  std::string found = fmt::format("with {} of {} seeds", TimesFound(runs, &Comparison::search), runs.size());
  if (!simulation.is_plain) {
    const char* others = simulation.proposes ? "random points" : "the grid";
    regret += fmt::format("; {} {}", WhoseText(simulation), RegretText(Regret(runs, &Comparison::plain)));
    found += fmt::format("; by {} with {}", others, TimesFound(runs, &Comparison::plain));
  }
  sections.Add("regret", regret);
  sections.Add("best found", found);
  return sections.Render();
}

Json SimulationJson(const sweeps::Expansion& expansion, const Simulation& simulation,
                    const std::string& from) {
  const auto& runs = simulation.runs;
  Json json;
  json["name"] = expansion.name;
  json["stages"] = StagesJson(runs);
  json["search"] = SearchJson(expansion, simulation);
  json["beside"] = simulation.proposes ? "random" : "grid";
  json["curves"] = simulation.is_recorded ? "recorded" : "synthetic";
  json["from"] = simulation.is_recorded ? Json(from) : Json(nullptr);
  json["noise"] = sweeps::kMeasuredNoise;
  json["job_count"] = MostJobs(runs);
  json["jobs_without_curve"] = simulation.without_curve;
  json["jobs_of_other_length"] = simulation.other_length;
  json["slots"] = simulation.slots;
  json["seeds"] = runs.size();
  json["unit"] = simulation.in_steps ? "steps" : "seconds";
  json["device_time"] = TimeJson(TimesOf(runs, &SweepOutcome::device_seconds));
  json["duration"] = TimeJson(TimesOf(runs, &SweepOutcome::seconds));
  json["trained_jobs"] =
      SpreadJson(Over(runs, [](const Comparison& run) { return static_cast<double>(run.search.trained); }));
  json["regret"] = {{"search", RegretJson(runs, &Comparison::search)},
                    {"grid", RegretJson(runs, &Comparison::plain)}};
  json["best_found"] = {{"search", TimesFound(runs, &Comparison::search)},
                        {"grid", TimesFound(runs, &Comparison::plain)}};
  return json;
}

}  // namespace optfleet::commands
