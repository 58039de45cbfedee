#include "common/outcome.h"

#include <array>
#include <utility>

namespace optfleet {
namespace {
constexpr std::array<std::pair<Outcome, std::string_view>, 8> kNames{
    {{Outcome::kSucceeded, "succeeded"},
     {Outcome::kFailed, "failed"},
     {Outcome::kOutOfMemory, "out_of_memory"},
     {Outcome::kDiverged, "diverged"},
     {Outcome::kStoppedEarly, "stopped_early"},
     {Outcome::kCancelled, "cancelled"},
     {Outcome::kPreempted, "preempted"},
     {Outcome::kLost, "lost"}}};
}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  for (const auto& [value, name] : kNames)
    if (value == outcome) return name;
  return "unspecified";
}

std::optional<Outcome> OutcomeFromName(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  return std::nullopt;
}

bool IsResult(Outcome outcome) {
  return outcome == Outcome::kSucceeded || outcome == Outcome::kOutOfMemory ||
         outcome == Outcome::kDiverged || outcome == Outcome::kStoppedEarly;
}

}  // namespace optfleet
