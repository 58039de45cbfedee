#include "sweeps/grid_keys.h"

#include <span>
#include <string>
#include <utility>

#include "sweeps/leaf_reader.h"

namespace optfleet::sweeps {
namespace {

std::string Quote(std::string_view key) { return "`" + std::string(key) + "`"; }

// Maps of a key that holds one or a list of them.
std::vector<const YamlNode*> MapsOf(const YamlEntry& entry, const char* example, Diagnostics* diagnostics) {
  const bool is_list = entry.value.kind == YamlNode::Kind::kSequence;
  std::vector<const YamlNode*> given;
  if (!is_list) given.push_back(&entry.value);
  for (const YamlNode& item : entry.value.items) given.push_back(&item);
  std::vector<const YamlNode*> maps;
  for (const YamlNode* map : given) {
    if (map->kind == YamlNode::Kind::kMap && !map->entries.empty())
      maps.push_back(map);
    else
      diagnostics->Add(is_list ? map->position : entry.key_position,
                       Quote(entry.key) + " must be a map of keys, or a list of such maps", example);
  }
  return maps;
}

// All are lists of one length.
void CheckZip(std::span<const Leaf> linked, const SourcePosition& position, Diagnostics* diagnostics) {
  if (linked.size() < 2)
    return diagnostics->Add(position, "`zip` links at least two keys", "write a single axis without `zip`");
  const Leaf& first = linked.front();
  for (const Leaf& leaf : linked) {
    if (!leaf.is_axis) {
      diagnostics->Add(leaf.key_position, Quote(leaf.field->key) + " in `zip` must be a list",
                       "move a key with one value out of `zip`");
    } else if (first.is_axis && leaf.values.size() != first.values.size()) {
      diagnostics->Add(leaf.key_position,
                       Quote(leaf.field->key) + " has " + std::to_string(leaf.values.size()) +
                           (leaf.values.size() == 1 ? " value, " : " values, ") + Quote(first.field->key) +
                           " " + std::to_string(first.values.size()),
                       "linked keys have equally many");
    }
  }
}

// What leaves points out names the values of keys, nothing that is only known at each point.
void CheckPlain(const Leaf& leaf, Diagnostics* diagnostics) {
  for (const LeafValue& value : leaf.values)
    if (value.computed != nullptr)
      return diagnostics->Add(value.position, "`exclude` takes plain values",
                              "exclude by the keys that the computed one follows from");
  if (leaf.when != nullptr)
    diagnostics->Add(leaf.key_position, "`exclude` takes no conditions", "name the other key, too");
}

void ReadZip(const YamlEntry& entry, LeafReader* reader, Leaves* leaves, Diagnostics* diagnostics) {
  constexpr const char* kExample = "as {training.batch_size: [8, 16], budget.steps: [200, 100]}";
  for (const YamlNode* map : MapsOf(entry, kExample, diagnostics)) {
    const size_t mistakes = diagnostics->count();
    const size_t before = leaves->size();
    for (const YamlEntry& member : map->entries) reader->ReadEntry(member, leaves);
    for (size_t i = before; i < leaves->size(); ++i)
      if ((*leaves)[i].when != nullptr)
        diagnostics->Add((*leaves)[i].key_position, "`zip` takes no conditions",
                         "write the key with its condition outside of it");
    for (size_t i = before; i < leaves->size(); ++i) (*leaves)[i].zip = map->position;
    if (diagnostics->count() == mistakes)
      CheckZip(std::span<const Leaf>(*leaves).subspan(before), map->position, diagnostics);
  }
}

void ReadExclusions(const YamlEntry& entry, LeafReader* reader, std::vector<Leaves>* exclusions,
                    Diagnostics* diagnostics) {
  constexpr const char* kExample = "as {optimizer.name: sgd, training.batch_size: [64, 128]}";
  for (const YamlNode* map : MapsOf(entry, kExample, diagnostics)) {
    const size_t mistakes = diagnostics->count();
    Leaves leaves;
    for (const YamlEntry& member : map->entries) reader->ReadEntry(member, &leaves);
    for (const Leaf& leaf : leaves) CheckPlain(leaf, diagnostics);
    if (diagnostics->count() == mistakes) exclusions->push_back(std::move(leaves));
  }
}

}  // namespace

bool IsGridKey(std::string_view key) { return key == kZip || key == kExclude; }

void ReadGridKey(const YamlEntry& entry, const ReadContext& context, LeafReader* reader, Leaves* leaves,
                 std::vector<Leaves>* exclusions) {
  if (!context.takes_blocks)
    return context.diagnostics->Add(entry.key_position, Quote(entry.key) + " cannot be set here",
                                    "override the keys of a spec instead");
  if (entry.key == kZip) return ReadZip(entry, reader, leaves, context.diagnostics);
  ReadExclusions(entry, reader, exclusions, context.diagnostics);
}

}  // namespace optfleet::sweeps
