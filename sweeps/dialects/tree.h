// Configuration trees as OmegaConf treats them: merged, set and looked up by dotted keys. Places of keys and
// values go along, so that a mistake is shown where it was written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/yaml.h"

namespace optfleet::sweeps {

// Maps are merged key by key, everything else is replaced; new keys come behind those that were there.
void MergeTree(const YamlNode& over, YamlNode* base);

// Sets the value of "a.b.c", with maps on the way as they are needed.
void SetInTree(std::string_view key, const SourcePosition& key_position, const YamlNode& value,
               YamlNode* root);

// Null if it is not there.
const YamlNode* FindInTree(const YamlNode& root, std::string_view key);

// Every value that is no map, by its dotted key; in order. Maps without keys are left out.
std::vector<YamlEntry> Flattened(const YamlNode& root);

}  // namespace optfleet::sweeps
