#include "sweeps/expressions/term.h"

#include <cmath>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

using spec::Field;
using spec::FieldType;
using spec::Quantity;
using spec::Unit;
using spec::Value;

// Sums such as 0.1 * 30 miss a whole number by roundings only.
constexpr double kRounding = 1e-9;
constexpr double kLargestExact = 9007199254740992;
constexpr size_t kShownColumns = 60;

std::optional<int64_t> Whole(double amount) {
  const double nearest = std::round(amount);
  const bool is_whole = std::fabs(amount - nearest) <= kRounding * std::max(1.0, std::fabs(amount));
  if (!is_whole || !(std::fabs(nearest) <= kLargestExact)) return std::nullopt;
  return static_cast<int64_t>(nearest);
}

bool HasUnit(const Field& field) {
  for (const Unit unit : {Unit::kSteps, Unit::kTokens, Unit::kSeconds, Unit::kBytes})
    if (field.unit == spec::UnitName(unit)) return true;
  return false;
}

bool FitsUnit(const Field& field, Unit unit) {
  if (unit == Unit::kNone || spec::UnitName(unit) == field.unit) return true;
  return !HasUnit(field) && (unit == Unit::kTokens || unit == Unit::kSteps);
}

Unit UnitOf(const Field& field) {
  for (const Unit unit : {Unit::kTokens, Unit::kSeconds})
    if (field.unit == spec::UnitName(unit)) return unit;
  return Unit::kNone;
}

std::string NumberText(double amount) {
  const bool is_whole = std::trunc(amount) == amount && std::fabs(amount) < 1e15;
  return is_whole ? std::to_string(static_cast<int64_t>(amount)) : FormatNumber(amount);
}

std::optional<Value> LengthOf(const Quantity& quantity) {
  const auto whole = Whole(quantity.amount);
  switch (quantity.unit) {
    case Unit::kPercent:
      return spec::Percent(quantity.amount);
    case Unit::kTokens:
      return whole ? std::optional<Value>(spec::Tokens(*whole)) : std::nullopt;
    case Unit::kNone:
    case Unit::kSteps:
      return whole ? std::optional<Value>(spec::Steps(*whole)) : std::nullopt;
    case Unit::kSeconds:
    case Unit::kBytes:
      break;
  }
  return std::nullopt;
}

std::optional<Value> NumberFor(const Field& field, const Quantity& quantity) {
  if (field.type == FieldType::kLength) return LengthOf(quantity);
  if (quantity.unit == Unit::kSeconds && field.unit == spec::kDeviceHours)
    return NumberFor(field, {quantity.amount / spec::kSecondsInHour, Unit::kNone});
  if (!FitsUnit(field, quantity.unit)) return std::nullopt;
  switch (field.type) {
    case FieldType::kInteger:
    case FieldType::kOwnInteger: {
      const auto whole = Whole(quantity.amount);
      return whole ? std::optional<Value>(*whole) : std::nullopt;
    }
    case FieldType::kNumber:
    case FieldType::kOwnNumber:
      return quantity.amount == 0 ? 0.0 : quantity.amount;
    case FieldType::kText:
      return TextOf(quantity);
    case FieldType::kLength:
    case FieldType::kBoolean:
    case FieldType::kChoice:
      break;
  }
  return std::nullopt;
}

std::optional<Value> TextFor(const Field& field, const std::string& text) {
  const bool takes_text =
      field.type == FieldType::kText || field.type == FieldType::kChoice || text == spec::kInherit;
  if (!takes_text) return std::nullopt;
  return text;
}

}  // namespace

std::string Describe(const Term& term) {
  if (const auto* flag = std::get_if<bool>(&term)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&term))
    return "the text " + TruncateToWidth(*text, kShownColumns);
  return TextOf(term);
}

Term TermOf(const Field& field, const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value))
    return Quantity{static_cast<double>(*integer), UnitOf(field)};
  if (const auto* number = std::get_if<double>(&value)) return Quantity{*number, UnitOf(field)};
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto& length = std::get<spec::Length>(value);
  switch (length.unit) {
    case spec::LengthUnit::kTokens:
      return Quantity{length.amount, Unit::kTokens};
    case spec::LengthUnit::kPercent:
      return Quantity{length.amount, Unit::kPercent};
    case spec::LengthUnit::kSteps:
      break;
  }
  return Quantity{length.amount, Unit::kNone};
}

tl::expected<Value, std::string> ValueOf(const Field& field, const Term& term) {
  std::optional<Value> value;
  if (const auto* quantity = std::get_if<Quantity>(&term)) value = NumberFor(field, *quantity);
  if (const auto* text = std::get_if<std::string>(&term)) value = TextFor(field, *text);
  if (const auto* flag = std::get_if<bool>(&term); flag && field.type == FieldType::kBoolean) value = *flag;
  if (value && spec::IsAllowed(field, *value)) return *value;
  return tl::make_unexpected(spec::Expectation(field) + ", found " + Describe(term));
}

std::string TextOf(const Term& term) {
  if (const auto* flag = std::get_if<bool>(&term)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&term)) return *text;
  const auto& quantity = std::get<Quantity>(term);
  if (quantity.unit == Unit::kPercent) return FormatNumber(quantity.amount) + "%";
  const std::string_view unit = spec::UnitName(quantity.unit);
  return NumberText(quantity.amount) + (unit.empty() ? "" : " ") + std::string(unit);
}

}  // namespace optfleet::sweeps
