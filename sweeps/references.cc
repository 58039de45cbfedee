#include "sweeps/references.h"

#include "common/text.h"

namespace optfleet::sweeps {
namespace {
constexpr std::string_view kOpen = "${";
constexpr std::string_view kEnvironment = "${env:";
constexpr size_t kShownColumns = 60;
}  // namespace

std::optional<std::string> References::Resolve(std::string_view text, const SourcePosition& position,
                                               Diagnostics* diagnostics) {
  std::string out;
  bool resolved = true;
  while (true) {
    const size_t begin = text.find(kOpen);
    const size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    const auto value = ValueOf(text.substr(begin, end + 1 - begin), position, diagnostics);
    resolved = resolved && value.has_value();
    out.append(text.substr(0, begin)).append(value.value_or(""));
    text.remove_prefix(end + 1);
  }
  if (!resolved) return std::nullopt;
  return out.append(text);
}

std::optional<std::string> References::ValueOf(std::string_view reference, const SourcePosition& position,
                                               Diagnostics* diagnostics) {
  const std::string shown = "`" + TruncateToWidth(reference, kShownColumns) + "`";
  if (!reference.starts_with(kEnvironment)) {
    diagnostics->Add(position, "unknown reference " + shown,
                     "only ${env:NAME}, a variable of the environment, can be referred to here");
    return std::nullopt;
  }
  const std::string name(reference.substr(kEnvironment.size(), reference.size() - kEnvironment.size() - 1));
  const auto found = environment_.find(name);
  if (found == environment_.end()) {
    diagnostics->Add(position, shown + " is not set in the environment",
                     "set it before the command: " + TruncateToWidth(name, kShownColumns) + "=... optctl");
    return std::nullopt;
  }
  used_.insert(*found);
  return found->second;
}

}  // namespace optfleet::sweeps
