#include "common/failure_cause.h"

#include <array>
#include <utility>

namespace optfleet {
namespace {
constexpr std::array<std::pair<FailureCause, std::string_view>, 6> kNames{
    {{FailureCause::kUnknown, "unknown"},
     {FailureCause::kUserError, "user_error"},
     {FailureCause::kCrashed, "crashed"},
     {FailureCause::kKilled, "killed"},
     {FailureCause::kDeviceFault, "device_fault"},
     {FailureCause::kWorker, "worker"}}};
}  // namespace

std::string_view FailureCauseName(FailureCause cause) {
  for (const auto& [value, name] : kNames)
    if (value == cause) return name;
  return "unknown";
}

std::optional<FailureCause> FailureCauseFromName(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  return std::nullopt;
}

}  // namespace optfleet
