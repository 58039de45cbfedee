#include "optctl/commands/simulate_view.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <optional>

#include "common/text.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/plan_view.h"
#include "optctl/commands/sections.h"

namespace optfleet::commands {
namespace {

using sweeps::Comparison;
using sweeps::SearchOutcome;
using sweeps::Spread;

template <typename Number>
Spread Over(const std::vector<Comparison>& runs, Number number) {
  std::vector<double> values;
  for (const Comparison& run : runs) values.push_back(number(run));
  return sweeps::SpreadOf(std::move(values));
}

// Over the seeds with which some job came to its end; nothing if there are none.
std::optional<Spread> Regret(const std::vector<Comparison>& runs, SearchOutcome Comparison::*whose) {
  std::vector<double> values;
  for (const Comparison& run : runs)
    if ((run.*whose).regret) values.push_back(*(run.*whose).regret);
  if (values.empty()) return std::nullopt;
  return sweeps::SpreadOf(std::move(values));
}

int64_t TimesFound(const std::vector<Comparison>& runs, SearchOutcome Comparison::*whose) {
  int64_t count = 0;
  for (const Comparison& run : runs) count += (run.*whose).found_best ? 1 : 0;
  return count;
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

std::string SearchText(const sweeps::Expansion& expansion, const Simulation& simulation) {
  if (!expansion.halving) return "none: every job is trained to its end";
  const sweeps::HalvingPlan& plan = *expansion.halving;
  const std::string first = plan.first_steps > 0 ? FormatCount(plan.first_steps) + " steps"
                                                 : FormatSignificant(100 * plan.first_share, 6) + "%";
  std::string text = fmt::format("halving: first {}, factor {}", first, plan.factor);
  if (!simulation.rungs.empty() && simulation.steps > 0)
    text += fmt::format("\nrungs at {} of {} steps", NumbersText(simulation.rungs),
                        FormatCount(simulation.steps));
  return text;
}

std::string CurvesText(const Simulation& simulation, const std::string& from) {
  if (!simulation.is_recorded)
    return "made up: they show how the search works,\nnot what the sweep would find";
  std::string text = "recorded: " + from;
  if (const auto count = static_cast<int64_t>(simulation.without_curve.size()); count > 0)
    text += fmt::format("\n{} of {} jobs {} none and {} left out: {}", FormatCount(count),
                        FormatCount(count + simulation.jobs), count == 1 ? "has" : "have",
                        count == 1 ? "is" : "are", NumbersText(simulation.without_curve));
  if (simulation.other_length > 0)
    text += fmt::format("\nof {} job{} with other steps than the file says: those count",
                        FormatCount(simulation.other_length), simulation.other_length == 1 ? "" : "s");
  return text;
}

void AddStage(Sections& sections, const sweeps::Expansion& expansion) {
  if (expansion.stages.empty()) return;
  if (expansion.in_rounds)
    return sections.Add("round", "the first; later ones are drawn from what it finds, not simulated");
  std::string text = expansion.stages[0].name;
  if (expansion.stages.size() > 1) text += "; later ones start from what it finds, not simulated";
  sections.Add("stage", text);
}

// A time of the search as a part of the grid's, and in figures.
void AddTime(Sections& sections, const std::string& key, const Simulation& simulation, bool is_grid,
             double SearchOutcome::*time) {
  const auto& runs = simulation.runs;
  const double grid = Over(runs, [time](const Comparison& run) { return run.grid.*time; }).median;
  const double search = Over(runs, [time](const Comparison& run) { return run.search.*time; }).median;
  if (is_grid) return sections.Add(key, TimeText(grid, simulation.in_steps));
  const Spread share =
      Over(runs, [time](const Comparison& run) { return run.search.*time / (run.grid.*time); });
  sections.Add(key, fmt::format("{} of the grid's: {}", PercentText(share),
                                PartText(search, grid, simulation.in_steps)));
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

Json TimeJson(const std::vector<Comparison>& runs, double SearchOutcome::*time) {
  return {{"search", SpreadJson(Over(runs, [time](const Comparison& run) { return run.search.*time; }))},
          {"grid", SpreadJson(Over(runs, [time](const Comparison& run) { return run.grid.*time; }))},
          {"share", SpreadJson(Over(runs, [time](const Comparison& run) {
             return run.search.*time / (run.grid.*time);
           }))}};
}

Json RegretJson(const std::vector<Comparison>& runs, SearchOutcome Comparison::*whose) {
  const auto regret = Regret(runs, whose);
  return regret ? SpreadJson(*regret) : Json(nullptr);
}

Json SearchJson(const sweeps::Expansion& expansion, const Simulation& simulation) {
  Json json;
  json["method"] = expansion.halving ? "halving" : "grid";
  if (!expansion.halving) return json;
  json["first_share"] = expansion.halving->first_share;
  json["first_steps"] = expansion.halving->first_steps;
  json["factor"] = expansion.halving->factor;
  json["rungs"] = simulation.rungs;
  return json;
}

}  // namespace

std::string SimulationText(const sweeps::Expansion& expansion, const Simulation& simulation,
                           const std::string& from) {
  const auto& runs = simulation.runs;
  const bool is_grid = !expansion.halving;
  Sections sections;
  sections.Begin("");
  sections.Add("sweep", expansion.name);
  sections.Add("jobs", JobsText(expansion));
  AddStage(sections, expansion);
  sections.Add("search", SearchText(expansion, simulation));
  sections.Add("curves", CurvesText(simulation, from));
  sections.Add("slots", std::to_string(simulation.slots));
  sections.Begin(fmt::format("Simulated with {} seed{}: median (least to most)", runs.size(),
                             runs.size() == 1 ? "" : "s"));
  AddTime(sections, "device time", simulation, is_grid, &SearchOutcome::device_seconds);
  AddTime(sections, "duration", simulation, is_grid, &SearchOutcome::seconds);
  if (!is_grid) {
    const Spread trained =
        Over(runs, [](const Comparison& run) { return static_cast<double>(run.search.trained); });
    sections.Add("trained",
                 fmt::format("{} of {} jobs to their end", CountText(trained), FormatCount(simulation.jobs)));
  }
  std::string regret = RegretText(Regret(runs, &Comparison::search));
  std::string found = fmt::format("with {} of {} seeds", TimesFound(runs, &Comparison::search), runs.size());
  if (!is_grid) {
    regret += "; the grid's " + RegretText(Regret(runs, &Comparison::grid));
    found += fmt::format("; by the grid with {}", TimesFound(runs, &Comparison::grid));
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
  json["stage"] = expansion.stages.empty() ? Json(nullptr) : Json(expansion.stages[0].name);
  json["stage_count"] = expansion.stages.size();
  json["search"] = SearchJson(expansion, simulation);
  json["curves"] = simulation.is_recorded ? "recorded" : "synthetic";
  json["from"] = simulation.is_recorded ? Json(from) : Json(nullptr);
  json["noise"] = sweeps::kMeasuredNoise;
  json["job_count"] = simulation.jobs;
  json["jobs_without_curve"] = simulation.without_curve;
  json["jobs_of_other_length"] = simulation.other_length;
  json["slots"] = simulation.slots;
  json["seeds"] = runs.size();
  json["unit"] = simulation.in_steps ? "steps" : "seconds";
  json["device_time"] = TimeJson(runs, &SearchOutcome::device_seconds);
  json["duration"] = TimeJson(runs, &SearchOutcome::seconds);
  json["trained_jobs"] =
      SpreadJson(Over(runs, [](const Comparison& run) { return static_cast<double>(run.search.trained); }));
  json["regret"] = {{"search", RegretJson(runs, &Comparison::search)},
                    {"grid", RegretJson(runs, &Comparison::grid)}};
  json["best_found"] = {{"search", TimesFound(runs, &Comparison::search)},
                        {"grid", TimesFound(runs, &Comparison::grid)}};
  return json;
}

}  // namespace optfleet::commands
