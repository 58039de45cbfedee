#include "tests/fuzz/grid_bound.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "common/yaml.h"

namespace optfleet::fuzz {
namespace {

constexpr int64_t kEnough = int64_t{1} << 31;

// What a range, a sample or replicates multiply by.
int64_t Counted(const YamlEntry& entry) {
  const std::string name = entry.key.substr(entry.key.rfind('.') + 1);
  if (name != "count" && name != "points" && name != "replicates") return 1;
  const double count = std::strtod(entry.value.text.c_str(), nullptr);
  return count > 1 ? static_cast<int64_t>(std::min(count, static_cast<double>(kEnough))) : 1;
}

int64_t Most(const YamlNode& node) {
  int64_t most = node.kind == YamlNode::Kind::kSequence ? 0 : 1;
  for (const YamlNode& item : node.items) most = std::min(kEnough, most + Most(item));
  for (const YamlEntry& entry : node.entries)
    most = std::min(kEnough, most * std::max<int64_t>(1, std::max(Most(entry.value), Counted(entry))));
  return most;
}

int64_t Most(std::string_view text) {
  Diagnostics diagnostics({{"", std::string(text)}});
  const auto root = ParseYaml(0, text, &diagnostics);
  return root ? std::max<int64_t>(1, Most(*root)) : 1;
}

}  // namespace

int64_t MostPointsOf(const sweeps::SweepInput& input) {
  int64_t most = 1;
  for (const sweeps::SweepFile& file : input.files) most = std::min(kEnough, most * Most(file.text));
  for (const std::string& text : input.overrides)
    most = std::min(kEnough, most * Most(std::string_view(text).substr(text.find('=') + 1)));
  return most;
}

}  // namespace optfleet::fuzz
