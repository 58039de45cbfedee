#include "sweeps/stages.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/text.h"
#include "sweeps/header_keys.h"

namespace optfleet::sweeps {
namespace {

constexpr size_t kLongestName = 60;
constexpr std::array<std::string_view, 5> kHeaderKeysInside = {"sweep", "zip", "exclude", "replicates",
                                                               "sample"};

std::string Quote(std::string_view name) { return "`" + TruncateToWidth(name, kLongestName) + "`"; }

// So that it can stand in `best(...)`, in a filter and in a column.
bool IsStageName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), allowed);
}

bool StandsOutside(std::string_view key) {
  const auto names = HeaderNames();
  const std::string_view top = key.substr(0, key.find('.'));
  return std::find(names.begin(), names.end(), top) != names.end() &&
         std::find(kHeaderKeysInside.begin(), kHeaderKeysInside.end(), top) == kHeaderKeysInside.end();
}

class Reader {
 public:
  Reader(const ReadContext& context, std::vector<Stage>* stages) : context_(context), stages_(stages) {}

  void Read(const YamlNode& item) {
    if (item.kind != YamlNode::Kind::kMap)
      return context_.diagnostics->Add(item.position, "a stage must be a map of keys",
                                       "begin it with `- name: ` and write its keys below");
    Stage stage{.name = {}, .position = item.position, .base = {}, .own = {}};
    YamlNode rest = item;
    rest.entries.clear();
    for (const YamlEntry& entry : item.entries) {
      if (entry.key == "name") {
        ReadName(entry, &stage);
      } else if (entry.key == "base") {
        ReadBase(entry, &stage);
      } else if (StandsOutside(entry.key)) {
        context_.diagnostics->Add(entry.key_position, Quote(entry.key) + " cannot stand in a stage",
                                  "move it to the top level of the file");
      } else {
        rest.entries.push_back(entry);
      }
    }
    if (stage.name.empty() && !named_wrongly_)
      context_.diagnostics->Add(item.position, "a stage needs a `name`", "as `- name: batch`");
    named_wrongly_ = false;
    stage.own = std::make_shared<const Document>(ReadDocument(rest, context_));
    stages_->push_back(std::move(stage));
  }

 private:
  bool IsKnown(std::string_view name) const {
    return std::any_of(stages_->begin(), stages_->end(),
                       [&](const Stage& stage) { return stage.name == name; });
  }

  void ReadName(const YamlEntry& entry, Stage* stage) {
    const bool is_text = entry.value.kind == YamlNode::Kind::kScalar;
    const std::string& name = entry.value.text;
    named_wrongly_ = true;
    if (!is_text || !IsStageName(name))
      return context_.diagnostics->Add(
          is_text ? entry.value.position : entry.key_position,
          "`name` of a stage must be a word of lower-case letters, digits, _ and -");
    if (IsKnown(name))
      return context_.diagnostics->Add(entry.value.position, "there are two stages " + Quote(name));
    named_wrongly_ = false;
    stage->name = name;
  }

  void ReadBase(const YamlEntry& entry, Stage* stage) {
    if (entry.value.kind != YamlNode::Kind::kScalar)
      return context_.diagnostics->Add(entry.key_position, "`base` must be the best of a stage",
                                       "as best(batch, per optimizer.name)");
    auto base = ParseStageBase(entry.value.text, entry.value.position, context_.diagnostics);
    if (!base) return;
    for (const std::string& name : base->stages) {
      if (IsKnown(name)) continue;
      std::vector<std::string_view> earlier;
      for (const Stage& known : *stages_) earlier.push_back(known.name);
      const auto nearest = NearestName(name, earlier);
      context_.diagnostics->Add(entry.value.position, "there is no earlier stage " + Quote(name),
                                nearest ? "did you mean `" + std::string(*nearest) + "`?"
                                        : "a stage starts from those that stand before it");
      return;
    }
    stage->base = std::move(base);
  }

  const ReadContext& context_;
  std::vector<Stage>* stages_;
  bool named_wrongly_ = false;
};

}  // namespace

void ReadStages(const YamlEntry& entry, const ReadContext& context,
                std::optional<std::vector<Stage>>* stages) {
  if (!context.takes_blocks)
    return context.diagnostics->Add(entry.key_position, "`stages` cannot be set here",
                                    "override the keys of a spec instead");
  if (entry.value.kind != YamlNode::Kind::kSequence || entry.value.items.empty())
    return context.diagnostics->Add(entry.key_position, "`stages` must be a list of stages",
                                    "begin each with `- name: `");
  if (entry.value.items.size() > kMostStages)
    return context.diagnostics->Add(entry.key_position,
                                    "`stages` has more than " + std::to_string(kMostStages) + " stages");
  stages->emplace();
  Reader reader(context, &**stages);
  for (const YamlNode& item : entry.value.items) reader.Read(item);
}

}  // namespace optfleet::sweeps
