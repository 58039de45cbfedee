#include "sweeps/header_value.h"

#include <charconv>
#include <string>
#include <utility>

#include "common/text.h"
#include "sweeps/header_keys.h"

namespace optfleet::sweeps {

bool IsOneValue(const YamlEntry& entry, Diagnostics* diagnostics) {
  if (entry.value.kind == YamlNode::Kind::kScalar) return true;
  diagnostics->Add(entry.value.position, "`" + entry.key + "` must be one value",
                   "it holds for all jobs of the sweep and cannot be an axis");
  return false;
}

void AddWrongValue(const YamlEntry& entry, const std::string& expected, Diagnostics* diagnostics) {
  diagnostics->Add(entry.value.position, "`" + entry.key + "` must be " + expected + ", found " +
                                             TruncateToWidth(entry.value.text, 60));
}

void AddUnknownName(std::string_view group, std::string_view name, const YamlEntry& entry,
                    Diagnostics* diagnostics) {
  const auto names = HeaderNamesIn(group);
  const auto near = NearestName(name, names);
  std::string hint = near ? "did you mean `" + std::string(*near) + "`?" : "it has ";
  for (size_t i = 0; !near && i < names.size(); ++i)
    hint.append(i == 0 ? "" : i + 1 < names.size() ? ", " : " and ").append(names[i]);
  diagnostics->Add(entry.key_position, "`" + std::string(group) + "` has no key `" + std::string(name) + "`",
                   std::move(hint));
}

std::optional<int32_t> WholeNumber(const YamlEntry& entry, int32_t least, int32_t most,
                                   Diagnostics* diagnostics) {
  const auto number = NumberFrom(entry.value.text);
  if (number && *number >= least && *number <= most && *number == static_cast<int32_t>(*number))
    return static_cast<int32_t>(*number);
  AddWrongValue(entry, "a whole number from " + std::to_string(least) + " to " + FormatCount(most),
                diagnostics);
  return std::nullopt;
}

std::optional<double> NumberFrom(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace optfleet::sweeps
