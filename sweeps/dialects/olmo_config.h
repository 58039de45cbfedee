// One run's configuration of seed 4: composed, with its overrides, references resolved, defaults filled in
// and each value of its key's type. What is wrong is reported at its place, in the words of its author.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/dialects/interpolation.h"
#include "sweeps/dialects/plain_value.h"

namespace optfleet::sweeps {

// What was meant by unknown keys. Looking for it takes longer than all else, and each point has the same
// ones.
using Hints = std::map<std::string, std::string>;

class OlmoConfig {
 public:
  // All outlive it.
  OlmoConfig(const YamlNode& root, const std::map<std::string, std::string>& environment, Hints* hints,
             Diagnostics* diagnostics)
      : root_(root), references_(root, environment, diagnostics), hints_(*hints), diagnostics_(diagnostics) {}

  // Reports keys that are unknown, and values other than the default of keys that must keep it.
  void CheckKeys();

  // Of a key of OlmoKeys() of that type. Nothing if it is null, or wrong (reported).
  std::optional<int64_t> Integer(std::string_view key);
  std::optional<double> Number(std::string_view key);
  std::optional<bool> Boolean(std::string_view key);
  std::optional<std::string> Text(std::string_view key);
  std::vector<std::string> List(std::string_view key);
  bool True(std::string_view key) { return Boolean(key).value_or(false); }

  // Where it is given; where it is not, where the file begins.
  SourcePosition PositionOf(std::string_view key) const;
  void Refuse(std::string_view key, const std::string& message, const std::string& hint = "");

 private:
  // As given or by default; a null where something is wrong.
  YamlNode ValueOf(std::string_view key);
  void RefuseValue(std::string_view key, const YamlNode& found);
  const std::string& HintFor(const std::string& key);

  const YamlNode& root_;
  Interpolation references_;
  Hints& hints_;
  Diagnostics* diagnostics_;
};

}  // namespace optfleet::sweeps
