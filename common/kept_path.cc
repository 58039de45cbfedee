#include "common/kept_path.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace optfleet {
namespace {

constexpr std::string_view kStepPrefix = "step-";

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string ToFolder(const RunDirectoryName& name) {
  std::string folder = ToResource(name.attempt);
  std::replace(folder.begin(), folder.end(), '/', '-');
  return folder + "." + std::to_string(name.incarnation);
}

// From the end, since the id of a sweep may look like anything that follows it.
std::optional<RunDirectoryName> ParseRunDirectory(std::string_view folder) {
  const size_t dot = folder.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto incarnation = WholeNumber(folder.substr(dot + 1));
  if (!incarnation) return std::nullopt;
  std::string resource(folder.substr(0, dot));
  for (const std::string_view word : {"-attempts-", "-jobs-"}) {
    const size_t at = resource.rfind(word);
    if (at == std::string::npos) return std::nullopt;
    resource[at] = resource[at + word.size() - 1] = '/';
  }
  if (!resource.starts_with("sweeps-")) return std::nullopt;
  resource[6] = '/';
  auto attempt = ParseAttemptResource(resource);
  if (!attempt) return std::nullopt;
  RunDirectoryName name{*std::move(attempt), *incarnation};
  return ToFolder(name) == folder ? std::optional(std::move(name)) : std::nullopt;
}

std::string CheckpointFolder(int64_t step) {
  char text[32];
  std::snprintf(text, sizeof text, "step-%012lld", static_cast<long long>(step));
  return text;
}

std::optional<int64_t> ParseCheckpointFolder(std::string_view folder) {
  if (!folder.starts_with(kStepPrefix)) return std::nullopt;
  const auto step = WholeNumber(folder.substr(kStepPrefix.size()));
  return step && CheckpointFolder(*step) == folder ? step : std::nullopt;
}

std::vector<CheckpointName> KeptCheckpointsIn(std::string_view text) {
  std::vector<CheckpointName> names;
  for (size_t at = text.find(kInKept); at != std::string_view::npos; at = text.find(kInKept, at + 1)) {
    const std::string_view rest = text.substr(at + std::string_view("kept/").size());
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) break;
    const auto directory = ParseRunDirectory(rest.substr(0, slash));
    const std::string_view behind = rest.substr(slash + 1);
    const size_t end = behind.find_first_not_of("0123456789", std::min(kStepPrefix.size(), behind.size()));
    const auto step = ParseCheckpointFolder(behind.substr(0, end));
    if (directory && step) names.push_back({directory->attempt, *step});
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace optfleet
