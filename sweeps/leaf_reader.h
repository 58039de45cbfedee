// Reads the keys of a spec from YAML maps: nested (optimizer: {name: adam}) or dotted (optimizer.name: adam).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/yaml.h"
#include "sweeps/document.h"
#include "sweeps/leaves.h"

namespace optfleet::sweeps {

class LeafReader {
 public:
  explicit LeafReader(const ReadContext& context) : context_(context) {}

  // Adds what an entry of the top level or of a block gives: a group of keys, or one dotted key. An unknown
  // key is reported.
  void ReadEntry(const YamlEntry& entry, Leaves* leaves);

 private:
  void ReadGroup(std::string_view group, const YamlEntry& entry, Leaves* leaves);
  void ReadLeaf(const spec::Field& field, const YamlEntry& entry, Leaves* leaves);
  void ReadValue(const YamlNode& node, Leaf* leaf);
  void ReadItem(const YamlNode& item, Leaf* leaf);
  void ReadText(const YamlNode& node, Leaf* leaf);
  void ReadValues(const YamlEntry& entry, Leaf* leaf);
  void ReadChoices(const YamlEntry& entry, const YamlNode& list, Leaf* leaf);
  void ReadLargest(const YamlEntry& entry, const YamlNode& range, Leaf* leaf);
  void ReadConditional(const YamlEntry& entry, const YamlNode& when, Leaf* leaf);
  void ReadComputed(const YamlNode& node, Leaf* leaf);
  void AddUnknown(const YamlEntry& entry, std::string_view group);
  bool MayBeAxis(const spec::Field& field, const YamlEntry& entry);
  bool CheckShape(const spec::Field& field, const YamlEntry& entry);
  std::string ResolvedPath(const std::string& path) const;

  const ReadContext& context_;
};

}  // namespace optfleet::sweeps
