#include "spec/length.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/text.h"

namespace optfleet::spec {
namespace {

constexpr double kMostSteps = 1e12;
constexpr double kMostTokens = 1e15;
constexpr double kWholeRun = 100;

constexpr std::array<std::pair<char, double>, 4> kMultipliers{
    {{'k', 1e3}, {'M', 1e6}, {'B', 1e9}, {'T', 1e12}}};

void SkipBlanks(std::string_view* text) {
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
}

// The number at the front of the text, which is cut off.
std::optional<double> TakeNumber(std::string_view* text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || !std::isfinite(value) || std::signbit(value)) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return value;
}

double TakeMultiplier(std::string_view* text) {
  for (const auto& [letter, factor] : kMultipliers)
    if (text->starts_with(letter)) {
      text->remove_prefix(1);
      return factor;
    }
  return 1;
}

// 2.3M is 2300000, although 2.3 x 1e6 is a little less.
double WithoutRoundingError(double amount) {
  const double whole = std::round(amount);
  return std::abs(amount - whole) <= 1e-12 * whole ? whole : amount;
}

std::optional<LengthUnit> UnitNamed(std::string_view name) {
  if (name.empty() || name == "step" || name == "steps") return LengthUnit::kSteps;
  if (name == "token" || name == "tokens") return LengthUnit::kTokens;
  if (name == "%") return LengthUnit::kPercent;
  return std::nullopt;
}

}  // namespace

std::optional<Length> ParseLength(std::string_view text) {
  const auto number = TakeNumber(&text);
  if (!number) return std::nullopt;
  const double multiplier = TakeMultiplier(&text);
  SkipBlanks(&text);
  const auto unit = UnitNamed(text);
  if (!unit || (*unit == LengthUnit::kPercent && multiplier != 1)) return std::nullopt;
  const Length length{WithoutRoundingError(*number * multiplier), *unit};
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
