#include "optctl/commands/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/text.h"
#include "optctl/report/answer.h"

namespace optfleet::commands {
namespace {

constexpr const char* kNone = "-";

std::string Finite(const std::string& key, double value) {
  if (key.ends_with("bytes")) return FormatBytes(static_cast<int64_t>(value));
  if (key.ends_with("tokens") || key == "tokens_per_second") return FormatCount(std::llround(value));
  if (key.ends_with("seconds")) return FormatClock(value);
  if (key == "learning_rate") return fmt::format("{:.3g}", value);
  return fmt::format("{:#.4g}", value);
}

}  // namespace

std::string PointLabel(const std::vector<report::Parameter>& parameters) {
  std::string label;
  for (const auto& [key, value] : parameters) {
    const std::string word =
        key == "optimizer.learning_rate" ? "lr=" + value : report::DescribeValue(key, value);
    if (!word.empty()) label += (label.empty() ? "" : " ") + word;
  }
  return label;
}

std::string PointLabel(const v1::Job& job) {
  std::vector<report::Parameter> parameters;
  for (const v1::Parameter& parameter : job.parameters())
    parameters.push_back({parameter.key(), parameter.value()});
  return PointLabel(parameters);
}

std::string ColumnHeader(const std::string& key) {
  std::string header = report::ShortName(key);
  std::transform(header.begin(), header.end(), header.begin(),
                 [](unsigned char c) { return c == ' ' ? '_' : static_cast<char>(std::toupper(c)); });
  return header;
}

std::string KeepText(const v1::KeepCheckpoints& keep) {
  if (keep.has_best_jobs() && keep.best_jobs() == 0) return "none of jobs that have ended";
  std::string text = "of all jobs";
  if (keep.has_best_jobs())
    text = keep.best_jobs() == 1 ? "of the best job"
                                 : "of the " + std::to_string(keep.best_jobs()) + " best jobs";
  std::string each;
  if (keep.has_best()) each = std::to_string(keep.best()) + " best";
  if (keep.has_last()) each += (each.empty() ? "" : " and ") + std::to_string(keep.last()) + " last";
  return each.empty() ? text + ", all of each" : text + ", " + each + " of each";
}

std::optional<double> FigureIn(const Figures& figures, const std::string& key) {
  for (const v1::Figure& figure : figures) {
    if (figure.key() == key) return figure.value();
  }
  return std::nullopt;
}

std::optional<double> FigureOf(const v1::Job& job, const std::string& key) {
  const auto result = FigureIn(job.final(), key);
  return result ? result : FigureIn(job.latest(), key);
}

std::string FigureText(const std::string& key, const std::optional<double>& value) {
  if (!value) return kNone;
  if (std::isnan(*value)) return "nan";
  if (std::isinf(*value)) return *value > 0 ? "inf" : "-inf";
  return Finite(key, *value);
}

std::string StepText(int64_t step, int64_t total_steps) {
  if (total_steps == 0) return step == 0 ? kNone : std::to_string(step);
  return fmt::format("{}/{}", step, total_steps);
}

}  // namespace optfleet::commands
