#include "sweeps/dialects/tree.h"

#include <algorithm>
#include <utility>

namespace optfleet::sweeps {
namespace {

using Kind = YamlNode::Kind;

template <typename Node>
auto* FindEntry(Node* map, std::string_view key) {
  const auto found = std::find_if(map->entries.begin(), map->entries.end(),
                                  [&](const YamlEntry& entry) { return entry.key == key; });
  return found == map->entries.end() ? nullptr : &*found;
}

YamlNode EmptyMap(const SourcePosition& position) {
  YamlNode map;
  map.kind = Kind::kMap;
  map.position = position;
  return map;
}

void Flatten(const YamlNode& map, const std::string& path, std::vector<YamlEntry>* leaves) {
  for (const YamlEntry& entry : map.entries) {
    const std::string key = path.empty() ? entry.key : path + "." + entry.key;
    if (entry.value.kind == Kind::kMap)
      Flatten(entry.value, key, leaves);
    else
      leaves->push_back({key, entry.key_position, entry.value});
  }
}

}  // namespace

void MergeTree(const YamlNode& over, YamlNode* base) {
  if (over.kind != Kind::kMap) {
    *base = over;
    return;
  }
  if (base->kind != Kind::kMap) *base = EmptyMap(over.position);
  for (const YamlEntry& entry : over.entries) {
    if (entry.key.find('.') != std::string::npos) {
      SetInTree(entry.key, entry.key_position, entry.value, base);
    } else if (YamlEntry* known = FindEntry(base, entry.key)) {
      known->key_position = entry.key_position;
      MergeTree(entry.value, &known->value);
    } else {
      base->entries.push_back(entry);
    }
  }
}

void SetInTree(std::string_view key, const SourcePosition& key_position, const YamlNode& value,
               YamlNode* root) {
  if (root->kind != Kind::kMap) *root = EmptyMap(key_position);
  const size_t dot = key.find('.');
  YamlEntry* entry = FindEntry(root, key.substr(0, dot));
  if (entry == nullptr) {
    root->entries.push_back({std::string(key.substr(0, dot)), key_position, {}});
    entry = &root->entries.back();
  }
  if (dot != std::string_view::npos)
    return SetInTree(key.substr(dot + 1), key_position, value, &entry->value);
  entry->key_position = key_position;
  MergeTree(value, &entry->value);
}

const YamlNode* FindInTree(const YamlNode& root, std::string_view key) {
  const YamlNode* node = &root;
  while (true) {
    const size_t dot = key.find('.');
    const YamlEntry* entry = FindEntry(node, key.substr(0, dot));
    if (entry == nullptr) return nullptr;
    node = &entry->value;
    if (dot == std::string_view::npos) return node;
    key.remove_prefix(dot + 1);
  }
}

std::vector<YamlEntry> Flattened(const YamlNode& root) {
  std::vector<YamlEntry> leaves;
  Flatten(root, "", &leaves);
  return leaves;
}

}  // namespace optfleet::sweeps
