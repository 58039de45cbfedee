// OmegaConf's references in a finished tree: ${model.n_heads}, ${oc.env:NAME}, ${oc.env:NAME,default} and
// ${path.glob:...}. Each is resolved when its value is asked for, so what nobody asks for may stay open.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"

namespace optfleet::sweeps {

class Interpolation {
 public:
  // All outlive it.
  Interpolation(const YamlNode& root, const std::map<std::string, std::string>& environment,
                Diagnostics* diagnostics)
      : root_(root), environment_(environment), diagnostics_(diagnostics) {}

  // The value with its references replaced: one that is a single reference takes the kind of what it names.
  // Nothing if one cannot be resolved, which is reported: unknown keys, names that are not set, a circle.
  std::optional<YamlNode> Resolve(const YamlNode& node);

 private:
  std::optional<YamlNode> ResolveText(const YamlNode& node);
  std::optional<YamlNode> ValueOfNested(std::string_view reference, const YamlNode& at);
  std::optional<YamlNode> ValueOf(std::string_view reference, const YamlNode& at);
  std::optional<YamlNode> ValueOfKey(std::string_view key, const YamlNode& at);
  std::optional<YamlNode> ValueOfEnvironment(std::string_view argument, const YamlNode& at);

  const YamlNode& root_;
  const std::map<std::string, std::string>& environment_;
  Diagnostics* diagnostics_;
  std::vector<std::string> open_;  // keys that are being resolved
  int depth_ = 0;                  // references that are being resolved
};

}  // namespace optfleet::sweeps
