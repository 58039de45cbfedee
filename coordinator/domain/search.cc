#include "coordinator/domain/search.h"

#include <array>
#include <cstdio>

namespace optfleet::domain {
namespace {

// "10%", "12.5%".
std::string PercentText(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g%%", share * 100);
  return text.data();
}

std::string HalvingText(const sweeps::HalvingPlan& plan) {
  const std::string first = plan.first_share > 0 ? PercentText(plan.first_share) + " of their steps"
                                                 : "step " + std::to_string(plan.first_steps);
  const std::string factor = std::to_string(plan.factor);
  return "halving: jobs pause at " + first + ", and the best of every " + factor + " go on to " + factor +
         " times as many";
}

}  // namespace

std::vector<std::string> RulesOf(const SearchPolicy& search) {
  std::vector<std::string> rules;
  if (search.halving) rules.push_back(HalvingText(*search.halving));
  return rules;
}

}  // namespace optfleet::domain
