#include "sweeps/search/objective.h"

#include "sweeps/metric_key.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kMaximize = "maximize";
constexpr std::string_view kMinimize = "minimize";

}  // namespace

std::optional<Objective> ParseObjective(std::string_view text) {
  const size_t space = text.find(' ');
  const std::string_view metric = text.substr(0, space);
  std::string_view direction = space == std::string_view::npos ? kMinimize : text.substr(space);
  while (direction.starts_with(' ')) direction.remove_prefix(1);
  if (!IsMetricKey(metric) || (direction != kMinimize && direction != kMaximize)) return std::nullopt;
  return Objective{std::string(metric), direction == kMaximize};
}

std::string ToText(const Objective& objective) {
  std::string text = objective.metric;
  if (objective.maximize) text.append(" ").append(kMaximize);
  return text;
}

}  // namespace optfleet::sweeps
