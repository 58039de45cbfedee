#include "optctl/report/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace optfleet::report {

std::optional<double> ParseNumber(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  if (begin != end && *begin == '+') ++begin;
  double number = 0;
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || rest != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

namespace {

Value MakeValue(std::string text, bool own) {
  Value value{.text = std::move(text), .key = {}, .number = std::nullopt, .own = own};
  value.number = ParseNumber(value.text);
  value.key = value.number ? fmt::format("{}", *value.number + 0.0) : value.text;
  return value;
}

// The leaf at a dotted key, as YAML would write it; nothing for maps, lists and missing keys.
std::optional<std::string> LeafText(const Json& spec, std::string_view dotted) {
  const Json* node = &spec;
  while (!dotted.empty()) {
    const size_t dot = std::min(dotted.find('.'), dotted.size());
    if (!node->is_object()) return std::nullopt;
    const auto found = node->find(std::string(dotted.substr(0, dot)));
    if (found == node->end()) return std::nullopt;
    node = &*found;
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  if (node->is_string()) return node->get<std::string>();
  if (node->is_boolean() || node->is_number()) return node->dump();
  return std::nullopt;
}

}  // namespace

std::optional<Value> ValueOn(const Job& job, const Json& spec, const std::string& axis) {
  for (const Parameter& parameter : job.parameters) {
    if (parameter.key == axis) return MakeValue(parameter.value, true);
  }
  if (auto text = LeafText(spec, axis)) return MakeValue(*std::move(text), false);
  return std::nullopt;
}

ValueTable ReadValues(const ReportData& data) {
  ValueTable table;
  table.reserve(data.jobs.size());
  for (const Job& job : data.jobs) {
    const Json spec = Json::parse(job.spec_json, nullptr, false);
    auto& row = table.emplace_back();
    for (const std::string& axis : data.axes) row.push_back(ValueOn(job, spec, axis));
  }
  return table;
}

}  // namespace optfleet::report
