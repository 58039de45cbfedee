#include "sweeps/search/curve_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kSeconds = "seconds_per_step";

std::vector<std::string> Cut(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

template <typename Number>
std::optional<Number> Parsed(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return number;
}

tl::unexpected<Error> Mistake(int64_t line, const std::string& what) {
  return Fail(Code::kInvalidArgument, "line " + std::to_string(line) + ": " + what);
}

struct Head {
  std::vector<std::string> columns;
  std::vector<int64_t> steps;
};

Result<Head> ReadHead(int64_t line, const std::vector<std::string>& names) {
  const auto seconds = std::find(names.begin(), names.end(), kSeconds);
  if (seconds == names.end() || std::next(seconds) == names.end())
    return Mistake(line, "the columns must be what tells jobs apart, then `seconds_per_step`, then steps");
  Head head{.columns = {names.begin(), seconds}, .steps = {}};
  for (auto name = std::next(seconds); name != names.end(); ++name) {
    const auto step = Parsed<int64_t>(*name);
    if (!step || *step <= (head.steps.empty() ? 0 : head.steps.back()))
      return Mistake(line, "`" + *name + "` is no step above the one before");
    head.steps.push_back(*step);
  }
  return head;
}

Result<CurveRow> ReadRow(int64_t line, const Head& head, const std::vector<std::string>& cells) {
  const size_t first = head.columns.size() + 1;
  if (cells.size() != first + head.steps.size())
    return Mistake(line, std::to_string(cells.size()) + " cells, the first line has " +
                             std::to_string(first + head.steps.size()));
  const auto seconds = Parsed<double>(cells[first - 1]);
  if (!seconds || !(*seconds > 0) || !std::isfinite(*seconds))
    return Mistake(line, "`" + cells[first - 1] + "` are no seconds of a step");
  CurveRow row;
  row.line = line;
  row.cells.assign(cells.begin(), cells.begin() + static_cast<int64_t>(first) - 1);
  row.curve = {.points = {}, .steps = head.steps.back(), .seconds_per_step = *seconds};
  for (size_t i = 0; i < head.steps.size(); ++i) {
    const std::string& cell = cells[first + i];
    const auto value =
        cell.empty() ? std::optional(std::numeric_limits<double>::infinity()) : Parsed<double>(cell);
    if (!value) return Mistake(line, "`" + cell + "` is no number");
    row.curve.points.push_back({head.steps[i], *value});
    if (!std::isfinite(*value)) break;
  }
  return row;
}

}  // namespace

Result<CurveTable> ReadCurveTable(std::string_view text) {
  CurveTable table;
  std::optional<Head> head;
  int64_t number = 0;
  for (std::string& line : Cut(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const std::vector<std::string> cells = Cut(line, ',');
    if (!head) {
      auto read = ReadHead(number, cells);
      if (!read) return Fail(std::move(read).error());
      head = *std::move(read);
      continue;
    }
    auto row = ReadRow(number, *head, cells);
    if (!row) return Fail(std::move(row).error());
    table.rows.push_back(*std::move(row));
  }
  if (table.rows.empty()) return Fail(Code::kInvalidArgument, "there are no curves");
  table.columns = std::move(head->columns);
  return table;
}

}  // namespace optfleet::sweeps
