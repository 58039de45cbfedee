#include <cmath>

#include "common/text.h"
#include "spec/parameters.h"
#include "spec/quantity.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kMostTokens = 1'000'000'000'000'000;  // the range of budget.tokens

const std::vector<std::string_view>& Keys() {
  static const std::vector<std::string_view> keys{"budget.tokens",  "budget.steps",  "budget.flops",
                                                  "budget.seconds", "budget.epochs", "budget.device_hours"};
  return keys;
}

int CountGiven(const BudgetSpec& budget) {
  return (budget.steps != 0 ? 1 : 0) + (budget.tokens != 0 ? 1 : 0) + (budget.flops != 0 ? 1 : 0) +
         (budget.seconds != 0 ? 1 : 0) + (budget.epochs != 0 ? 1 : 0) + (budget.device_hours != 0 ? 1 : 0);
}

struct Given {
  std::string_view key;
  std::string shown;
};

std::vector<Given> GivenBudgets(const BudgetSpec& budget) {
  std::vector<Given> given;
  const auto add = [&](std::string_view key, double value) {
    if (value != 0) given.push_back({key, Show(key, FormatNumber(value))});
  };
  const auto add_count = [&](std::string_view key, int64_t value) {
    if (value != 0) given.push_back({key, Show(key, value)});
  };
  add_count("budget.steps", budget.steps);
  add_count("budget.tokens", budget.tokens);
  add("budget.flops", budget.flops);
  add("budget.seconds", budget.seconds);
  add("budget.epochs", budget.epochs);
  add("budget.device_hours", budget.device_hours);
  return given;
}

// Steps and the tokens of these steps are one budget, said twice: so are those of a resolved spec.
bool Agree(const BudgetSpec& budget, int64_t step_tokens) {
  const bool only_these =
      budget.flops == 0 && budget.seconds == 0 && budget.epochs == 0 && budget.device_hours == 0;
  return only_these && budget.steps <= kMostTokens / step_tokens &&
         budget.tokens == budget.steps * step_tokens;
}

// Whether exactly one end of the run is given.
bool CheckOneGiven(const BudgetSpec& budget, int64_t step_tokens, std::vector<Problem>* problems) {
  const int count = CountGiven(budget);
  if (count == 0) {
    problems->push_back(
        {"budget_is_given", Keys(),
         "none of `budget.steps`, `budget.tokens`, `budget.epochs`, `budget.flops`, `budget.seconds` and "
         "`budget.device_hours` is given",
         "give one of them"});
    return false;
  }
  if (count == 1 || Agree(budget, step_tokens)) return true;
  const auto given = GivenBudgets(budget);
  std::string message = given[0].shown + " and " + given[1].shown + " are both given";
  if (budget.steps != 0 && budget.tokens != 0)
    message += " and differ, as a step has " + std::to_string(step_tokens) + " tokens";
  problems->push_back({"one_budget",
                       {given[1].key, given[0].key},
                       message,
                       "keep one; 0 takes back a value given elsewhere"});
  return false;
}

// The last step may go a little beyond the budget, as with tokens. More steps than fit into the tokens are
// all the same too many.
int64_t StepsOfFlops(const TrainingSpec& spec, int64_t step_tokens) {
  const double of_step =
      FlopsPerToken(spec.model, spec.data.sequence_length) * static_cast<double>(step_tokens);
  const double steps = std::ceil(spec.budget.flops / of_step);
  return steps > static_cast<double>(kMostTokens) ? kMostTokens : static_cast<int64_t>(steps);
}

}  // namespace

std::string Show(std::string_view key, const std::string& value) {
  return "`" + std::string(key) + "` " + value;
}

std::string Show(std::string_view key, int64_t value) { return Show(key, std::to_string(value)); }

bool ResolveBudget(int64_t devices, TrainingSpec* spec, std::vector<Problem>* problems) {
  BudgetSpec& budget = spec->budget;
  const int64_t step_tokens = spec->training.batch_size * spec->data.sequence_length;  // at most 2^40
  if (!CheckOneGiven(budget, step_tokens, problems)) return false;
  if (budget.device_hours != 0)
    budget.seconds = budget.device_hours * kSecondsInHour / static_cast<double>(devices);
  budget.device_hours = 0;
  if (budget.seconds != 0 || budget.epochs != 0) return true;
  if (budget.flops != 0) budget.steps = StepsOfFlops(*spec, step_tokens);
  if (budget.steps == 0) budget.steps = (budget.tokens - 1) / step_tokens + 1;
  budget.flops = 0;
  if (budget.steps > kMostTokens / step_tokens) {
    problems->push_back({"budget_too_large", Keys(),
                         Show("budget.steps", budget.steps) + " of " + std::to_string(step_tokens) +
                             " tokens are more than " + std::to_string(kMostTokens) + " tokens",
                         "lower the budget"});
    return false;
  }
  budget.tokens = budget.steps * step_tokens;
  return true;
}

}  // namespace optfleet::spec
