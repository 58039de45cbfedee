#include "sweeps/leaf_reader.h"

#include <algorithm>

#include "common/text.h"
#include "spec/canonical.h"
#include "spec/presets.h"
#include "sweeps/expressions/template.h"
#include "sweeps/header_keys.h"
#include "sweeps/paths.h"
#include "sweeps/range.h"

namespace optfleet::sweeps {
namespace {

using spec::Field;
using spec::FieldType;

constexpr size_t kShownColumns = 60;

std::string Quote(std::string_view key) { return "`" + TruncateToWidth(key, kShownColumns) + "`"; }

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  return "a value";
}

std::string DidYouMean(std::string_view name) { return "did you mean `" + std::string(name) + "`?"; }

constexpr std::string_view kWhen = "when";
constexpr std::string_view kValues = "values";
constexpr std::string_view kChoose = "choose";
constexpr std::string_view kLargest = "largest";
constexpr double kMostLargest = 1e6;

const YamlNode* FindKey(const YamlNode& node, std::string_view key) {
  for (const YamlEntry& entry : node.entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

// Whether keys stand below it: "optimizer", "optimizer.groups", "optimizer.groups.output".
bool IsGroup(std::string_view path) {
  const auto fields = spec::Fields();
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.key.size() > path.size() && field.key.starts_with(path) && field.key[path.size()] == '.';
  });
}

// What may stand directly below a group.
std::vector<std::string_view> NamesInGroup(std::string_view group) {
  std::vector<std::string_view> names;
  for (const Field& field : spec::Fields()) {
    if (!field.key.starts_with(group) || field.key[group.size()] != '.') continue;
    const std::string_view below = field.key.substr(group.size() + 1);
    const std::string_view name = below.substr(0, below.find('.'));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

struct AllKeys {
  std::vector<std::string_view> keys;
  std::vector<std::string_view> names;  // their last parts

  static const AllKeys& Get() {
    static const AllKeys all = [] {
      AllKeys made;
      for (const Field& field : spec::Fields()) {
        made.keys.push_back(field.key);
        made.names.push_back(field.name());
      }
      return made;
    }();
    return all;
  }
};

// A dotted key whose last part is, or is nearly, `name`.
std::string HintFromAnyGroup(std::string_view name) {
  const auto& [keys, names] = AllKeys::Get();
  const bool is_path = name.find('.') != std::string_view::npos;
  if (const auto key = is_path ? NearestName(name, keys) : std::nullopt) return DidYouMean(*key);
  const auto nearest = NearestName(name.substr(name.rfind('.') + 1), names);
  if (!nearest) return "";
  const auto at = std::find(names.begin(), names.end(), *nearest) - names.begin();
  return DidYouMean(keys[static_cast<size_t>(at)]);
}

std::string HintForTopLevel(std::string_view name) {
  const auto header = HeaderNames();
  std::vector<std::string_view> known(header.begin(), header.end());
  const auto groups = spec::Groups();
  known.insert(known.end(), groups.begin(), groups.end());
  if (const auto nearest = NearestName(name, known)) return DidYouMean(*nearest);
  return HintFromAnyGroup(name);
}

std::string HintInGroup(std::string_view group, std::string_view name) {
  const auto names = NamesInGroup(group);
  if (const auto nearest = NearestName(name, names)) return DidYouMean(*nearest);
  if (const std::string elsewhere = HintFromAnyGroup(name); !elsewhere.empty()) return elsewhere;
  std::string list;
  for (const auto known : names) list += (list.empty() ? "" : ", ") + std::string(known);
  return "keys of `" + std::string(group) + "`: " + list;
}

std::string HintForValue(const Field& field, const YamlNode& node) {
  if (field.type == FieldType::kChoice) {
    const auto nearest = NearestName(node.text, field.choices);
    return nearest ? DidYouMean(*nearest) : "";
  }
  const bool takes_figures = field.type != FieldType::kText && field.type != FieldType::kLength;
  if (node.quoted && takes_figures) return "remove the quotes";
  return "";
}

}  // namespace

void LeafReader::ReadEntry(const YamlEntry& entry, Leaves* leaves) {
  if (IsGroup(entry.key)) return ReadGroup(entry.key, entry, leaves);
  if (const Field* field = spec::FindField(entry.key)) return ReadLeaf(*field, entry, leaves);
  const size_t dot = entry.key.find('.');
  const std::string_view group = std::string_view(entry.key).substr(0, dot);
  AddUnknown(entry, dot != std::string::npos && IsGroup(group) ? group : std::string_view());
}

void LeafReader::ReadGroup(std::string_view group, const YamlEntry& entry, Leaves* leaves) {
  if (entry.value.kind == YamlNode::Kind::kNull) {
    context_.diagnostics->Add(entry.key_position, Quote(group) + " has no keys",
                              "give some below it, or remove it");
    return;
  }
  if (entry.value.kind != YamlNode::Kind::kMap) {
    context_.diagnostics->Add(
        entry.value.position,
        Quote(group) + " must be a map of keys, found " + std::string(KindName(entry.value.kind)),
        "write the keys below it, indented");
    return;
  }
  for (const YamlEntry& member : entry.value.entries) {
    const std::string path = std::string(group) + "." + member.key;
    if (const Field* field = spec::FindField(path))
      ReadLeaf(*field, member, leaves);
    else if (IsGroup(path))
      ReadGroup(path, member, leaves);
    else
      AddUnknown(member, group);
  }
}

void LeafReader::AddUnknown(const YamlEntry& entry, std::string_view group) {
  if (group.empty()) {
    context_.diagnostics->Add(entry.key_position, "unknown key " + Quote(entry.key),
                              HintForTopLevel(entry.key));
    return;
  }
  std::string_view name = entry.key;
  if (name.starts_with(group) && name.substr(group.size()).starts_with('.'))
    name.remove_prefix(group.size() + 1);
  context_.diagnostics->Add(entry.key_position, "unknown key " + Quote(name) + " in " + Quote(group),
                            HintInGroup(group, name));
}

bool LeafReader::MayBeAxis(const Field& field, const YamlEntry& entry) {
  if (field.group() != spec::kGroupOutsideHash) return true;
  context_.diagnostics->Add(
      entry.key_position,
      Quote(field.key) + " cannot be an axis: it changes no number of a run, so all its values are one job",
      "give one value");
  return false;
}

bool LeafReader::CheckShape(const Field& field, const YamlEntry& entry) {
  Diagnostics& diagnostics = *context_.diagnostics;
  const YamlNode& node = entry.value;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      diagnostics.Add(entry.key_position, Quote(field.key) + " has no value",
                      "give " + spec::Expectation(field) + ", or remove the key");
      return false;
    case YamlNode::Kind::kMap:
      if (TakesRange(field)) return MayBeAxis(field, entry);
      diagnostics.Add(node.position,
                      Quote(field.key) + " must be " + spec::Expectation(field) + ", found a map");
      return false;
    case YamlNode::Kind::kSequence:
      if (node.items.empty()) {
        diagnostics.Add(node.position, "the list of " + Quote(field.key) + " is empty",
                        "an axis needs at least one value");
        return false;
      }
      return node.items.size() == 1 || MayBeAxis(field, entry);
    case YamlNode::Kind::kScalar:
      break;
  }
  return true;
}

void LeafReader::ReadLeaf(const Field& field, const YamlEntry& entry, Leaves* leaves) {
  if (const Leaf* first = FindLeaf(*leaves, field.key)) {
    context_.diagnostics->Add(
        entry.key_position,
        Quote(field.key) + " is given twice, first in line " + std::to_string(first->key_position.line),
        "keep one of them");
    return;
  }
  Leaf leaf{&field, entry.key_position, false, {}};
  const YamlNode* when = FindKey(entry.value, kWhen);
  if (when == nullptr)
    ReadValues(entry, &leaf);
  else
    ReadConditional(entry, *when, &leaf);
  leaves->push_back(std::move(leaf));
}

// {choose: [relu, gelu]}
void LeafReader::ReadChoices(const YamlEntry& entry, const YamlNode& list, Leaf* leaf) {
  const std::string key = Quote(leaf->field->key);
  if (entry.value.entries.size() > 1)
    return context_.diagnostics->Add(entry.value.position, "nothing can stand beside `choose`");
  if (list.kind != YamlNode::Kind::kSequence || list.items.empty())
    return context_.diagnostics->Add(list.position, "`choose` of " + key + " must be a list of values");
  if (!MayBeAxis(*leaf->field, entry)) return;
  Leaf choices{leaf->field, leaf->key_position, true, {}};
  for (const YamlNode& item : list.items) ReadItem(item, &choices);
  if (choices.values.size() < list.items.size()) return;  // reported
  leaf->distribution = std::make_shared<const Distribution>(
      Distribution{0, 0, false, false, std::move(choices.values), entry.value.position});
}

// {largest: {from: 1, to: 512}}
void LeafReader::ReadLargest(const YamlEntry& entry, const YamlNode& range, Leaf* leaf) {
  const std::string key = Quote(leaf->field->key);
  constexpr const char* kForm = "as {largest: {from: 1, to: 512}}";
  if (entry.value.entries.size() > 1)
    return context_.diagnostics->Add(entry.value.position, "nothing can stand beside `largest`");
  if (range.kind != YamlNode::Kind::kMap)
    return context_.diagnostics->Add(range.position, "`largest` of " + key + " must be a range", kForm);
  if (!MayBeAxis(*leaf->field, entry)) return;
  Leaf ends{leaf->field, leaf->key_position, true, {}};
  const size_t mistakes = context_.diagnostics->count();
  ReadRange(range, context_.references, &ends, context_.diagnostics);
  if (context_.diagnostics->count() > mistakes) return;
  const auto& ends_of = ends.distribution;
  if (ends_of == nullptr || !ends_of->is_whole || ends_of->is_log || ends_of->to < ends_of->from ||
      ends_of->to > kMostLargest)
    return context_.diagnostics->Add(
        range.position,
        "`largest` of " + key + " must be a range of whole numbers up to 1,000,000, without a count", kForm);
  Distribution largest = *ends.distribution;
  largest.is_largest = true;
  leaf->distribution = std::make_shared<const Distribution>(std::move(largest));
}

void LeafReader::ReadValues(const YamlEntry& entry, Leaf* leaf) {
  if (const YamlNode* range = FindKey(entry.value, kLargest)) return ReadLargest(entry, *range, leaf);
  if (const YamlNode* choices = FindKey(entry.value, kChoose)) return ReadChoices(entry, *choices, leaf);
  const bool is_range = entry.value.kind == YamlNode::Kind::kMap;
  leaf->is_axis = is_range || entry.value.kind == YamlNode::Kind::kSequence;
  if (!CheckShape(*leaf->field, entry)) return;
  if (is_range)
    ReadRange(entry.value, context_.references, leaf, context_.diagnostics);
  else if (leaf->is_axis)
    for (const YamlNode& item : entry.value.items) ReadItem(item, leaf);
  else
    ReadValue(entry.value, leaf);
}

// {values: [0.8, 0.9], when: optimizer.name == sgd}; in the place of `values` also the keys of a range.
void LeafReader::ReadConditional(const YamlEntry& entry, const YamlNode& when, Leaf* leaf) {
  if (when.kind != YamlNode::Kind::kScalar)
    return context_.diagnostics->Add(when.position, "`when` must be an expression",
                                     "as optimizer.name == sgd");
  const std::string condition = "${" + when.text + "}";
  // Begins before the text by what stands around it here, so that places in it are those of the file.
  SourcePosition place = when.position;
  if (place.length == static_cast<int32_t>(when.text.size())) {
    place.column -= 2;
    place.length = static_cast<int32_t>(condition.size());
  }
  auto parsed = Template::Parse(condition, place, context_.references, context_.diagnostics);
  if (!parsed) return;
  leaf->when = std::make_shared<const Template>(*std::move(parsed));
  YamlEntry values = entry;
  std::erase_if(values.value.entries, [](const YamlEntry& one) { return one.key == kWhen; });
  if (FindKey(values.value, kValues) != nullptr) {
    for (const YamlEntry& other : values.value.entries)
      if (other.key != kValues)
        context_.diagnostics->Add(other.key_position, "`" + TruncateToWidth(other.key, kShownColumns) +
                                                          "` cannot stand beside `values`");
    const YamlNode given = *FindKey(values.value, kValues);
    values.value = given;
  }
  ReadValues(values, leaf);
}

// An item of an axis. A list there is one value, of a key whose texts are lists of parts.
void LeafReader::ReadItem(const YamlNode& item, Leaf* leaf) {
  const std::string_view separator = spec::PartsSeparator(*leaf->field);
  if (item.kind != YamlNode::Kind::kSequence || separator.empty()) return ReadValue(item, leaf);
  YamlNode text;
  text.kind = YamlNode::Kind::kScalar;
  text.position = item.position;
  text.quoted = true;
  for (const YamlNode& part : item.items) {
    if (part.kind != YamlNode::Kind::kScalar)
      return context_.diagnostics->Add(part.position, "each part of a value of " + Quote(leaf->field->key) +
                                                          " must be a text, found " +
                                                          std::string(KindName(part.kind)));
    if (!text.text.empty()) text.text += separator;
    text.text += part.text;
  }
  if (text.text.empty())
    return context_.diagnostics->Add(item.position, "a value of " + Quote(leaf->field->key) + " has no parts",
                                     "a list within the list is one value");
  ReadText(text, leaf);
}

void LeafReader::ReadValue(const YamlNode& node, Leaf* leaf) {
  const Field& field = *leaf->field;
  if (node.kind == YamlNode::Kind::kScalar) return ReadText(node, leaf);
  context_.diagnostics->Add(node.position,
                            "each value of " + Quote(field.key) + " must be " + spec::Expectation(field) +
                                ", found " + std::string(KindName(node.kind)),
                            "a list on a key is an axis; it holds plain values");
}

// A scalar.
void LeafReader::ReadText(const YamlNode& node, Leaf* leaf) {
  const Field& field = *leaf->field;
  if (Template::IsOne(node.text)) return ReadComputed(node, leaf);
  auto text = context_.references->Resolve(node.text, node.position, context_.diagnostics);
  if (!text) return;
  LeafValue value{std::move(*text), {}, node.position};
  auto parsed = spec::ParseValue(field, value.text, node.quoted);
  if (!parsed) {
    context_.diagnostics->Add(node.position,
                              Quote(field.key) + " must be " + spec::Expectation(field) + ", found " +
                                  TruncateToWidth(parsed.error(), kShownColumns),
                              HintForValue(field, node));
    return;
  }
  value.value = std::move(*parsed);
  if (spec::NamesFile(field.key, value.text)) value.value = ResolvedPath(value.text);
  leaf->values.push_back(std::move(value));
}

void LeafReader::ReadComputed(const YamlNode& node, Leaf* leaf) {
  const Field& field = *leaf->field;
  if (field.key == spec::kPresetKey)
    return context_.diagnostics->Add(node.position, Quote(field.key) + " cannot be computed",
                                     "it decides which keys there are; make it an axis");
  auto computed = Template::Parse(node.text, node.position, context_.references, context_.diagnostics);
  if (!computed) return;
  computed->SetFolder(context_.folder);
  leaf->values.push_back({node.text, spec::Value(node.text), node.position,
                          std::make_shared<const Template>(*std::move(computed))});
}

std::string LeafReader::ResolvedPath(const std::string& path) const {
  if (path.empty() || context_.folder.empty()) return path;
  return AbsolutePath(context_.folder, path);
}

}  // namespace optfleet::sweeps
