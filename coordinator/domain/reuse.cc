#include "coordinator/domain/reuse.h"

#include <array>
#include <string_view>

namespace optfleet::domain {
namespace {

// Figures of a result that say how the machine did, not what was learnt.
bool IsOfTheDevice(std::string_view key) {
  static constexpr std::array<std::string_view, 5> kWhole = {
      "data_wait_share", "memory_limit_bytes", "memory_refused_bytes", "mfu", "peak_memory_bytes"};
  for (const std::string_view whole : kWhole)
    if (key == whole) return true;
  return key.ends_with("_seconds") || key.ends_with("_per_second") || key.starts_with("predicted_");
}

std::string Quoted(const std::string& key) { return "`" + key + "`"; }

}  // namespace

bool SameDevice(const RunGround& ran, const WantedGround& wanted) {
  return wanted.devices.size() == 1 && !ran.device_model.empty() &&
         *wanted.devices.begin() == ran.device_model;
}

std::optional<std::string> WhyNotTakenOver(const RunGround& ran, const WantedGround& wanted) {
  if (ran.numerics_version != wanted.numerics_version || ran.resumed_from_other_version)
    return "it was computed by another version of the numerics";
  for (const auto& [key, stamp] : wanted.files) {
    const auto read = ran.files.find(key);
    if (read == ran.files.end()) return "its result does not say what the file of " + Quoted(key) + " held";
    if (!stamp) return "the file of " + Quoted(key) + " could not be read where this was submitted";
    if (*stamp != read->second) return "the file of " + Quoted(key) + " held other data then";
  }
  if (wanted.ends_by_time && !SameDevice(ran, wanted))
    return "it ended by time (`budget.seconds`), on another kind of device";
  return std::nullopt;
}

Figures FiguresTakenOver(Figures final, bool same_device) {
  if (!same_device) std::erase_if(final, [](const auto& figure) { return IsOfTheDevice(figure.first); });
  return final;
}

}  // namespace optfleet::domain
