// A scalar as OmegaConf's YAML loader types it, which the files of other studies were written for: YAML 1.1
// with numbers such as 1e-3, yes and off as booleans. Source: omegaconf._utils.get_yaml_loader.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "common/yaml.h"

namespace optfleet::sweeps {

using PlainValue = std::variant<std::monostate, bool, int64_t, double, std::string>;

// Of a scalar or a null. Whole numbers beyond 64 bits stay text.
PlainValue PlainValueOf(const YamlNode& node);

// As Python's str prints it: None, True, 0.0001, 1e-15. A study's launcher writes overrides so.
std::string PythonText(const PlainValue& value);

// Of a scalar, a null or a list: "[a, 1, None]".
std::string PythonText(const YamlNode& node);

}  // namespace optfleet::sweeps
