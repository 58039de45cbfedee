#include "spec/length.h"

#include <cmath>

#include "common/text.h"
#include "spec/quantity.h"

namespace optfleet::spec {
namespace {

constexpr double kMostSteps = 1e12;
constexpr double kMostTokens = 1e15;
constexpr double kWholeRun = 100;

std::optional<LengthUnit> UnitOf(Unit unit) {
  switch (unit) {
    case Unit::kNone:
    case Unit::kSteps:
      return LengthUnit::kSteps;
    case Unit::kTokens:
      return LengthUnit::kTokens;
    case Unit::kPercent:
      return LengthUnit::kPercent;
    case Unit::kSeconds:
    case Unit::kBytes:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Length> ParseLength(std::string_view text) {
  const auto read = ReadQuantityFrom(text);
  if (!read || read->length != text.size()) return std::nullopt;
  const auto unit = UnitOf(read->quantity.unit);
  if (!unit) return std::nullopt;
  const Length length{read->quantity.amount, *unit};
  return IsAllowed(length) ? std::optional(length) : std::nullopt;
}

bool IsAllowed(const Length& length) {
  if (!(length.amount >= 0)) return false;
  if (length.unit == LengthUnit::kPercent) return length.amount <= kWholeRun;
  const double most = length.unit == LengthUnit::kSteps ? kMostSteps : kMostTokens;
  return length.amount <= most && std::floor(length.amount) == length.amount;
}

std::string ToText(const Length& length) {
  if (length.unit == LengthUnit::kPercent) return FormatNumber(length.amount) + "%";
  const std::string amount = std::to_string(static_cast<int64_t>(length.amount));
  return length.unit == LengthUnit::kSteps ? amount : amount + " tokens";
}

double ExactSteps(const Length& length, const RunMeasure& run) {
  switch (length.unit) {
    case LengthUnit::kTokens:
      return length.amount / static_cast<double>(run.tokens_per_step);
    case LengthUnit::kPercent:
      return length.amount * static_cast<double>(run.steps) / kWholeRun;
    case LengthUnit::kSteps:
      break;
  }
  return length.amount;
}

Length InSteps(const Length& length, const RunMeasure& run) {
  const double exact = ExactSteps(length, run);
  return {length.unit == LengthUnit::kTokens ? std::ceil(exact) : std::floor(exact + 0.5),
          LengthUnit::kSteps};
}

}  // namespace optfleet::spec
