// The keys of a sweep file that are no keys of a spec: one table that names and documents them, for whoever
// reads them and whoever explains them. Constant; usable from any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace optfleet::sweeps {

struct HeaderKey {
  std::string_view key;      // "resources.slots"
  std::string_view takes;    // to follow "must be"
  std::string_view without;  // what holds without it
  std::string_view doc;      // one line
};

std::span<const HeaderKey> HeaderKeyTable();

// Names that may stand at the top level: "name", "resources".
std::span<const std::string_view> HeaderNames();

// Names below a group: "slots" and so on of "resources".
std::vector<std::string_view> HeaderNamesIn(std::string_view group);

}  // namespace optfleet::sweeps
