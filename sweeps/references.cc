#include "sweeps/references.h"

#include "common/text.h"

namespace optfleet::sweeps {
namespace {
constexpr std::string_view kOpen = "${";
constexpr std::string_view kEnvironment = "env:";
}  // namespace

std::string References::Resolve(std::string_view text, const SourcePosition& position,
                                Diagnostics* diagnostics) {
  std::string out;
  while (true) {
    const size_t begin = text.find(kOpen);
    const size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, begin));
    const std::string_view whole = text.substr(begin, end + 1 - begin);
    const std::string_view inner = whole.substr(kOpen.size(), whole.size() - kOpen.size() - 1);
    text.remove_prefix(end + 1);
    if (!inner.starts_with(kEnvironment)) {
      diagnostics->Add(position, "unknown reference `" + TruncateToWidth(whole, 60) + "`",
                       "only ${env:NAME}, a variable of the environment, can be referred to");
      out.append(whole);
      continue;
    }
    const std::string name(inner.substr(kEnvironment.size()));
    const auto found = environment_.find(name);
    if (found == environment_.end()) {
      diagnostics->Add(position, "`" + TruncateToWidth(whole, 60) + "` is not set in the environment",
                       "set it before the command: " + TruncateToWidth(name, 40) + "=... optctl");
      out.append(whole);
      continue;
    }
    used_.insert(*found);
    out += found->second;
  }
}

}  // namespace optfleet::sweeps
