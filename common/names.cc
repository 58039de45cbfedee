#include "common/names.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace optfleet {
namespace {

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '/') continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

template <typename Number = int32_t>
std::optional<Number> ParseNumber(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || text.front() == '0')
    return std::nullopt;
  return value;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string SweepResource(std::string_view sweep) { return "sweeps/" + std::string(sweep); }
std::string ToResource(const JobName& name) {
  return SweepResource(name.sweep) + "/jobs/" + std::to_string(name.job);
}
std::string ToResource(const AttemptName& name) {
  return ToResource(name.job) + "/attempts/" + std::to_string(name.attempt);
}
std::string ToResource(const CheckpointName& name) {
  return ToResource(name.attempt) + "/checkpoints/" + std::to_string(name.step);
}
std::string WorkerResource(std::string_view worker) { return "workers/" + std::string(worker); }

std::optional<std::string> ParseSweepResource(std::string_view resource) {
  const auto parts = Split(resource);
  if (parts.size() != 2 || parts[0] != "sweeps" || !IsValidId(parts[1])) return std::nullopt;
  return std::string(parts[1]);
}

std::optional<JobName> ParseJobResource(std::string_view resource) {
  const auto parts = Split(resource);
  if (parts.size() != 4 || parts[0] != "sweeps" || parts[2] != "jobs" || !IsValidId(parts[1]))
    return std::nullopt;
  const auto number = ParseNumber(parts[3]);
  if (!number) return std::nullopt;
  return JobName{std::string(parts[1]), *number};
}

std::optional<AttemptName> ParseAttemptResource(std::string_view resource) {
  const auto at = resource.rfind("/attempts/");
  if (at == std::string_view::npos) return std::nullopt;
  const auto job = ParseJobResource(resource.substr(0, at));
  const auto number = ParseNumber(resource.substr(at + std::string_view("/attempts/").size()));
  if (!job || !number) return std::nullopt;
  return AttemptName{*job, *number};
}

std::optional<CheckpointName> ParseCheckpointResource(std::string_view resource) {
  constexpr std::string_view kBetween = "/checkpoints/";
  const auto at = resource.rfind(kBetween);
  if (at == std::string_view::npos) return std::nullopt;
  const auto attempt = ParseAttemptResource(resource.substr(0, at));
  const auto step = ParseNumber<int64_t>(resource.substr(at + kBetween.size()));
  if (!attempt || !step) return std::nullopt;
  return CheckpointName{*attempt, *step};
}

std::optional<std::string> ParseWorkerResource(std::string_view resource) {
  const auto parts = Split(resource);
  if (parts.size() != 2 || parts[0] != "workers" || !IsValidId(parts[1])) return std::nullopt;
  return std::string(parts[1]);
}

bool IsValidId(std::string_view id) {
  if (id.empty() || id.size() > 63 || !IsLower(id.front()) || id.back() == '-') return false;
  for (const char c : id)
    if (!IsLower(c) && !IsDigit(c) && c != '-') return false;
  return true;
}

bool IsLabel(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const auto good = [](std::string_view part) {
    return !part.empty() && part.size() <= 63 && std::all_of(part.begin(), part.end(), [](char c) {
      return IsLower(c) || IsDigit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' ||
             c == '/';
    });
  };
  return good(text.substr(0, equals)) && good(text.substr(equals + 1));
}

std::string MakeId(std::string_view text) {
  std::string id;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (IsLower(c) || (IsDigit(c) && !id.empty()))
      id += c;
    else if (!id.empty() && id.back() != '-')
      id += '-';
    if (id.size() == 63) break;
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id.empty() ? "sweep" : id;
}

}  // namespace optfleet
