#include "coordinator/domain/search.h"

#include <cmath>

#include "common/text.h"

namespace optfleet::domain {
namespace {

// "10%", "12.5%".
std::string PercentText(double share) { return FormatSignificant(share * 100, 4) + "%"; }

std::string FigureText(double value) { return FormatSignificant(value, 4); }

std::string HalvingText(const sweeps::HalvingPlan& plan) {
  const std::string first = plan.first_share > 0 ? PercentText(plan.first_share) + " of their steps"
                                                 : "step " + std::to_string(plan.first_steps);
  const std::string factor = std::to_string(plan.factor);
  return "halving: jobs pause at " + first + ", and the best of every " + factor + " go on to " + factor +
         " times as many";
}

std::string LengthText(const sweeps::StepsOrShare& length) {
  return length.share > 0 ? PercentText(length.share) + " of its steps"
                          : FormatCount(length.steps) + " steps";
}

std::string MedianText(const sweeps::StopPlan::Median& plan, bool maximize) {
  return "median: after " + LengthText(plan.after) + " a job stops whose best value is " +
         (maximize ? "below" : "above") + " the median of the averages of at least " +
         FormatCount(plan.least_jobs) + " others";
}

std::string PlateauText(const sweeps::StopPlan::Plateau& plan) {
  return "plateau: a job stops that has not become better" +
         (plan.min_delta > 0 ? " by more than " + FigureText(plan.min_delta) : "") + " for " +
         LengthText(plan.patience);
}

std::string DivergenceText(const sweeps::DivergencePlan& plan, bool maximize) {
  std::string above;
  if (std::isfinite(plan.factor)) above = FigureText(plan.factor) + " times its best one";
  if (std::isfinite(plan.limit)) above += (above.empty() ? "" : " or ") + FigureText(plan.limit);
  const std::string values = plan.patience > 1 ? FormatCount(plan.patience) + " values in a row" : "a value";
  return "divergence: a job stops with " + values + (maximize ? " below " : " above ") + above;
}

// "more than 30% of at least 10 ended jobs have diverged", "more than 5 jobs have failed".
std::string BoundText(const sweeps::JobsOrShare& bound, int32_t after, const std::string& what) {
  const std::string jobs =
      bound.share > 0 ? PercentText(bound.share) + " of at least " + FormatCount(after) + " ended jobs have "
                      : FormatCount(bound.jobs) + " jobs have ";
  return "more than " + jobs + what;
}

std::string GuardText(const sweeps::GuardPlan& plan) {
  std::vector<std::string> bounds;
  if (plan.diverged) bounds.push_back("once " + BoundText(*plan.diverged, plan.after, "diverged"));
  if (plan.failed) bounds.push_back("once " + BoundText(*plan.failed, plan.after, "failed"));
  if (plan.device_hours > 0) bounds.push_back("after " + sweeps::DeviceTimeText(plan.device_hours));
  std::string text;
  for (const std::string& bound : bounds) text += (text.empty() ? "" : ", or ") + bound;
  return "guard: the sweep pauses " + text;
}

}  // namespace

std::vector<std::string> RulesOf(const SearchPolicy& search, const sweeps::Objective& objective) {
  std::vector<std::string> rules;
  if (search.halving) rules.push_back(HalvingText(*search.halving));
  const sweeps::StopPlan stop = search.stop.value_or(sweeps::StopPlan());
  if (stop.median) rules.push_back(MedianText(*stop.median, objective.maximize));
  if (stop.plateau) rules.push_back(PlateauText(*stop.plateau));
  if (stop.divergence) rules.push_back(DivergenceText(*stop.divergence, objective.maximize));
  if (search.guard) rules.push_back(GuardText(*search.guard));
  return rules;
}

}  // namespace optfleet::domain
