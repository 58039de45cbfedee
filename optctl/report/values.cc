#include "optctl/report/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

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

std::string KeyOf(const std::string& text) {
  const std::optional<double> number = ParseNumber(text);
  return number ? fmt::format("{}", *number + 0.0) : text;  // + 0.0: -0 is 0
}

namespace {

std::optional<Value> ValueOn(const Job& job, const std::string& axis) {
  for (const Parameter& parameter : job.parameters) {
    if (parameter.key == axis) {
      return Value{
          .text = parameter.value, .key = KeyOf(parameter.value), .number = ParseNumber(parameter.value)};
    }
  }
  return std::nullopt;
}

}  // namespace

ValueTable ReadValues(const ReportData& data) {
  ValueTable table(data.jobs.size(), std::vector<std::optional<Value>>(data.axes.size()));
  for (size_t axis = 0; axis < data.axes.size(); ++axis) {
    std::map<std::string, std::string> spellings;
    for (size_t job = 0; job < data.jobs.size(); ++job) {
      auto& value = table[job][axis] = ValueOn(data.jobs[job], data.axes[axis]);
      if (value) value->text = spellings.emplace(value->key, value->text).first->second;
    }
  }
  return table;
}

}  // namespace optfleet::report
