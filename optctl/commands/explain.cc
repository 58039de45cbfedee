// optctl explain: what the keys of a sweep file mean, from the tables that read them.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"
#include "optctl/commands/sections.h"
#include "optctl/commands/sweep_source.h"
#include "optctl/output/table.h"
#include "spec/canonical.h"
#include "spec/fields.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/header_keys.h"

namespace optfleet::commands {
namespace {

// A key of either table.
struct Key {
  std::string key;
  std::string takes;
  std::string without;  // the default, or what holds without it; empty: nothing
  std::string doc;
  std::string read;  // which runs read it; empty: every one
  bool may_be_axis = false;
};

Key KeyOf(const spec::Field& field) {
  return {.key = std::string(field.key),
          .takes = spec::Expectation(field),
          .without = spec::ToText(field.get(spec::TrainingSpec{})),
          .doc = std::string(field.doc),
          .read = std::string(field.use.when),
          .may_be_axis = field.group() != spec::kGroupOutsideHash};
}

Key KeyOf(const sweeps::HeaderKey& key) {
  return {.key = std::string(key.key),
          .takes = std::string(key.takes),
          .without = std::string(key.without),
          .doc = std::string(key.doc),
          .read = "",
          .may_be_axis = false};
}

Key KeyOf(const sweeps::OlmoKey& key) {
  return {.key = std::string(key.key),
          .takes = std::string(sweeps::OlmoTypeName(key.type)),
          .without = std::string(key.otherwise),
          .doc = sweeps::OlmoMeaning(key),
          .read = "",
          .may_be_axis = true};
}

struct Options {
  std::string name;
  std::string dialect;
};

// Those of the file itself first, as in a file.
std::vector<Key> AllKeys(const std::string& dialect) {
  std::vector<Key> keys;
  if (!dialect.empty()) {
    for (const auto& key : sweeps::OlmoKeys()) keys.push_back(KeyOf(key));
    return keys;
  }
  for (const auto& key : sweeps::HeaderKeyTable()) keys.push_back(KeyOf(key));
  for (const spec::Field& field : spec::Fields()) keys.push_back(KeyOf(field));
  return keys;
}

// The key of that name, or all below the group of that name.
std::vector<Key> KeysNamed(const Options& options) {
  const std::string& name = options.name;
  std::vector<Key> found;
  for (Key& key : AllKeys(options.dialect))
    if (key.key == name || key.key.starts_with(name + ".")) found.push_back(std::move(key));
  return found;
}

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('.') + 1); }

// "optimizer.beta2" for beta2 and for optimiser.beta2, "optimizer.learning_rate" for learning_rates.
std::string NearestKey(const Options& options) {
  const std::string& name = options.name;
  const std::vector<Key> all = AllKeys(options.dialect);
  std::vector<std::string_view> keys, parts;
  for (const Key& key : all) {
    keys.emplace_back(key.key);
    parts.push_back(LastPart(key.key));
  }
  if (const auto near = NearestName(name, keys)) return std::string(*near);
  const auto part = NearestName(LastPart(name), parts);
  if (!part) return "";
  return all[static_cast<size_t>(std::find(parts.begin(), parts.end(), *part) - parts.begin())].key;
}

Error Unknown(const Options& options) {
  const std::string near = NearestKey(options);
  return {Code::kInvalidArgument,
          "no key and no group is called " + options.name + "; " +
              (near.empty() ? "`optctl explain` lists the groups" : "did you mean " + near + "?")};
}

std::string OneKey(const Key& key) {
  Sections sections;
  sections.Begin("");
  sections.Add("key", key.key);
  sections.Add("meaning", key.doc);
  sections.Add("takes", key.takes);
  sections.Add("default", key.without);
  sections.Add("read", key.read);
  sections.Add("axis", key.may_be_axis ? "a list of values is an axis" : "");
  return sections.Render();
}

std::string ListOf(const std::vector<Key>& keys, const Console& console) {
  output::Table table(
      {{"KEY"}, {"DEFAULT", output::Align::kLeft, true}, {"MEANING", output::Align::kLeft, true}});
  for (const Key& key : keys) table.Add({key.key, key.without, key.doc});
  return table.Render(console.out().width, console.out().unicode);
}

// Groups with the number of their keys; keys that stand alone by themselves.
std::string Groups(const std::string& dialect, const Console& console) {
  output::Table table({{"GROUP"}, {"KEYS", output::Align::kRight}, {"SUCH AS", output::Align::kLeft, true}});
  const std::vector<Key> all = AllKeys(dialect);
  for (size_t i = 0; i < all.size();) {
    const std::string group = all[i].key.substr(0, all[i].key.find('.'));
    std::string examples;
    size_t end = i;
    for (; end < all.size() && all[end].key.substr(0, all[end].key.find('.')) == group; ++end)
      examples +=
          (end == i ? "" : ", ") + all[end].key.substr(std::min(all[end].key.size(), group.size() + 1));
    const bool alone = end == i + 1 && all[i].key == group;
    table.Add({group, alone ? "" : std::to_string(end - i), alone ? all[i].doc : examples});
    i = end;
  }
  return table.Render(console.out().width, console.out().unicode);
}

Json ToJson(const Key& key) {
  return {{"key", key.key},     {"takes", key.takes}, {"default", key.without},
          {"meaning", key.doc}, {"read", key.read},   {"may_be_axis", key.may_be_axis}};
}

Result<int> Explain(Context& context, const Options& options) {
  const std::string& name = options.name;
  const std::vector<Key> keys = name.empty() ? AllKeys(options.dialect) : KeysNamed(options);
  if (keys.empty()) return Fail(Unknown(options));
  if (context.json()) {
    Json json = Json::array();
    for (const Key& key : keys) json.push_back(ToJson(key));
    context.console.PrintJson({{"keys", std::move(json)}});
  } else if (name.empty()) {
    context.console.Print(Groups(options.dialect, context.console));
    context.console.Note("next: optctl explain GROUP   |   optctl explain GROUP.KEY");
  } else if (keys.size() == 1 && keys[0].key == name) {
    context.console.Print(OneKey(keys[0]));
  } else {
    context.console.Print(ListOf(keys, context.console));
  }
  return kExitOk;
}

}  // namespace

void AddExplain(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Command("explain", "Show what a key of a sweep file means",
                      "  optctl explain\n  optctl explain schedule\n  optctl explain optimizer.beta2\n"
                      "  optctl explain optimizer.beta_0 --dialect olmo");
  command.add_option("KEY", options->name, "A key, or a group of keys; without it the groups are listed");
  AddDialectOption(command, options->dialect);
  program.Formats(command, {"table", "json"});
  program.On(command, [options](Context& context) { return Explain(context, *options); });
}

}  // namespace optfleet::commands
