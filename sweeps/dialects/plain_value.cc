#include "sweeps/dialects/plain_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

namespace optfleet::sweeps {
namespace {

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool IsNull(std::string_view text) { return IsOneOf(text, {"", "~", "null", "Null", "NULL"}); }

std::optional<bool> AsBool(std::string_view text) {
  if (IsOneOf(text, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
  if (IsOneOf(text, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return false;
  return std::nullopt;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// 1_000 is a thousand.
std::string WithoutUnderscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

template <typename Number, typename... Base>
std::optional<Number> Parse(std::string_view text, Base... base) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// 12, -7, 0x1f, 0b101, 017.
std::optional<int64_t> AsInteger(std::string_view text) {
  std::string digits = WithoutUnderscores(text);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  if (digits.empty() || !IsDigit(digits[0])) return std::nullopt;
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0b")) {
    base = digits[1] == 'x' ? 16 : 2;
    digits.erase(0, 2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.erase(0, 1);
  }
  const auto number = Parse<int64_t>(digits, base);
  if (!number) return std::nullopt;
  return negative ? -*number : *number;
}

// 1.5, .5, 1., 1e-3, -2.5e+10, .inf, .nan.
std::optional<double> AsReal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const double sign = negative ? -1 : 1;
  if (IsOneOf(text, {".inf", ".Inf", ".INF"})) return sign * std::numeric_limits<double>::infinity();
  if (IsOneOf(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || (!IsDigit(text[0]) && (text[0] != '.' || text.size() < 2 || !IsDigit(text[1]))))
    return std::nullopt;
  std::string digits = WithoutUnderscores(text);
  const auto number = Parse<double>(digits);
  return number ? std::optional(sign * *number) : std::nullopt;
}

// Shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
std::string PythonReal(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> text{};
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format).ptr;
  std::string out(text.data(), end);
  if (plain && out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace

PlainValue PlainValueOf(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kNull) return {};
  if (node.quoted) return node.text;
  if (IsNull(node.text)) return {};
  if (const auto boolean = AsBool(node.text)) return *boolean;
  if (const auto integer = AsInteger(node.text)) return *integer;
  if (const auto real = AsReal(node.text)) return *real;
  return node.text;
}

std::string PythonText(const PlainValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "True" : "False";
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return PythonReal(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "None";
}

std::string PythonText(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kSequence) return PythonText(PlainValueOf(node));
  std::string text = "[";
  for (const YamlNode& item : node.items) text.append(text.size() > 1 ? ", " : "") += PythonText(item);
  return text + "]";
}

}  // namespace optfleet::sweeps
