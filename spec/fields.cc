#include "spec/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "common/text.h"
#include "spec/quantity.h"

namespace optfleet::spec {
namespace {

constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53

bool InRange(const Range& range, double value) {
  const bool high_enough = range.min_open ? value > range.min : value >= range.min;
  const bool low_enough = range.max_open ? value < range.max : value <= range.max;
  return high_enough && low_enough;
}

std::string_view WithoutPlus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

std::optional<double> ParseDouble(std::string_view text) {
  text = WithoutPlus(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value == 0 ? 0.0 : value;  // -0 and 0 are one value
}

// 2k, 0.5M tokens where tokens are asked for, or 30min where hours are.
std::optional<double> ParseAmount(const Field& field, std::string_view text) {
  if (const auto number = ParseDouble(text)) return number;
  const auto quantity = ParseQuantity(text);
  if (quantity && quantity->unit == Unit::kSeconds && field.unit == kDeviceHours)
    return quantity->amount / kSecondsInHour;
  const bool fits = quantity && (quantity->unit == Unit::kNone || UnitName(quantity->unit) == field.unit);
  return fits && std::isfinite(quantity->amount) ? std::optional(quantity->amount) : std::nullopt;
}

std::optional<int64_t> ParseInteger(const Field& field, std::string_view text) {
  const std::string_view digits = WithoutPlus(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size()) return value;
  const auto number = ParseAmount(field, text);
  if (!number || std::floor(*number) != *number || std::abs(*number) > kLargestExactInteger)
    return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<bool> ParseBoolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<Value> Parse(const Field& field, std::string_view text) {
  const auto wrap = [](auto parsed) { return parsed ? std::optional<Value>(*parsed) : std::nullopt; };
  switch (field.type) {
    case FieldType::kInteger:
      return wrap(ParseInteger(field, text));
    case FieldType::kNumber:
      return wrap(ParseAmount(field, text));
    case FieldType::kBoolean:
      return wrap(ParseBoolean(text));
    case FieldType::kLength:
      return wrap(ParseLength(text));
    case FieldType::kOwnNumber:
      return text == kInherit ? Value(std::string(kInherit)) : wrap(ParseAmount(field, text));
    case FieldType::kOwnInteger:
      return text == kInherit ? Value(std::string(kInherit)) : wrap(ParseInteger(field, text));
    case FieldType::kText:
    case FieldType::kChoice:
      break;
  }
  return Value(std::string(text));
}

std::string Bounds(const Range& range) {
  const std::string min = ToText(range.min);
  const std::string max = ToText(range.max);
  if (!range.min_open && !range.max_open) return "from " + min + " to " + max;
  if (range.min_open && range.max_open) return "between " + min + " and " + max + ", neither of them";
  if (range.min_open) return "above " + min + ", at most " + max;
  return "from " + min + ", below " + max;
}

}  // namespace

// Asked for some keys at each point of a grid.
const Field* FindField(std::string_view key) {
  static const auto by_key = [] {
    std::unordered_map<std::string_view, const Field*> made;
    for (const Field& field : Fields()) made.emplace(field.key, &field);
    return made;
  }();
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : found->second;
}

std::string Expectation(const Field& field) {
  const std::string of_unit = field.unit.empty() ? "" : " of " + std::string(field.unit);
  switch (field.type) {
    case FieldType::kInteger:
      return "a whole number" + of_unit + " " + Bounds(field.range);
    case FieldType::kNumber:
      return "a number" + of_unit + " " + Bounds(field.range);
    case FieldType::kOwnNumber:
      return "a number" + of_unit + " " + Bounds(field.range) + ", or " + std::string(kInherit);
    case FieldType::kOwnInteger:
      return "a whole number" + of_unit + " " + Bounds(field.range) + ", or " + std::string(kInherit);
    case FieldType::kBoolean:
      return "true or false";
    case FieldType::kText:
      return "a text";
    case FieldType::kLength:
      return "a length: steps (500), tokens (2M tokens) or a share of the run (10%)";
    case FieldType::kChoice:
      break;
  }
  std::string list;
  for (const auto choice : field.choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  return "one of " + list;
}

bool IsUsed(const Field& field, const TrainingSpec& spec) {
  return field.use.by == nullptr || field.use.by(spec);
}

bool Speaks(const Field& field, const TrainingSpec& spec) {
  return IsUsed(field, spec) && field.get(spec) != Value(std::string(kInherit));
}

std::string UnusedMessage(const Field& field) {
  return "`" + std::string(field.key) + "` is read by none of the runs that it is given to";
}

std::string UnusedRemedy(const Field& field) {
  return "remove it; it is read " + std::string(field.use.when);
}

tl::expected<Value, std::string> ParseValue(const Field& field, std::string_view text, bool quoted) {
  const bool takes_text =
      field.type == FieldType::kText || field.type == FieldType::kChoice || field.type == FieldType::kLength;
  if (quoted && !takes_text) return tl::make_unexpected("the text \"" + std::string(text) + "\"");
  const auto value = Parse(field, text);
  if (value && IsAllowed(field, *value)) return *value;
  if (text.empty()) return tl::make_unexpected(std::string("an empty text"));
  return tl::make_unexpected(std::string(text));
}

bool IsAllowed(const Field& field, const Value& value) {
  switch (field.type) {
    case FieldType::kOwnInteger:
      if (value == Value(std::string(kInherit))) return true;
      [[fallthrough]];
    case FieldType::kInteger: {
      const auto* number = std::get_if<int64_t>(&value);
      return number != nullptr && InRange(field.range, static_cast<double>(*number));
    }
    case FieldType::kOwnNumber:
      if (value == Value(std::string(kInherit))) return true;
      [[fallthrough]];
    case FieldType::kNumber: {
      const auto* number = std::get_if<double>(&value);
      return number != nullptr && std::isfinite(*number) && InRange(field.range, *number);
    }
    case FieldType::kBoolean:
      return std::holds_alternative<bool>(value);
    case FieldType::kText:
      return std::holds_alternative<std::string>(value);
    case FieldType::kLength: {
      const auto* length = std::get_if<Length>(&value);
      return length != nullptr && IsAllowed(*length);
    }
    case FieldType::kChoice:
      break;
  }
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr &&
         std::find(field.choices.begin(), field.choices.end(), *text) != field.choices.end();
}

std::string ToText(const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return FormatNumber(*number);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* length = std::get_if<Length>(&value)) return ToText(*length);
  return std::get<std::string>(value);
}

}  // namespace optfleet::spec
