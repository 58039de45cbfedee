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

std::string MedianText(const sweeps::StopPlan::Median& plan) {
  return "median: after " + LengthText(plan.after) +
         " a job stops whose best value is above the median of the averages of at least " +
         FormatCount(plan.least_jobs) + " others";
}

std::string PlateauText(const sweeps::StopPlan::Plateau& plan) {
  return "plateau: a job stops that has not become better" +
         (plan.min_delta > 0 ? " by more than " + FigureText(plan.min_delta) : "") + " for " +
         LengthText(plan.patience);
}

std::string DivergenceText(const sweeps::DivergencePlan& plan) {
  std::string above;
  if (std::isfinite(plan.factor)) above = FigureText(plan.factor) + " times its best one";
  if (std::isfinite(plan.limit)) above += (above.empty() ? "" : " or ") + FigureText(plan.limit);
  const std::string values = plan.patience > 1 ? FormatCount(plan.patience) + " values in a row" : "a value";
  return "divergence: a job stops with " + values + " above " + above;
}

}  // namespace

std::vector<std::string> RulesOf(const SearchPolicy& search) {
  std::vector<std::string> rules;
  if (search.halving) rules.push_back(HalvingText(*search.halving));
  if (!search.stop) return rules;
  if (search.stop->median) rules.push_back(MedianText(*search.stop->median));
  if (search.stop->plateau) rules.push_back(PlateauText(*search.stop->plateau));
  if (search.stop->divergence) rules.push_back(DivergenceText(*search.stop->divergence));
  return rules;
}

}  // namespace optfleet::domain
