#include "sweeps/dialects/translate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "common/yaml.h"
#include "sweeps/dialects/olmo_config.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/dialects/olmo_run.h"
#include "sweeps/dialects/override_grid.h"
#include "sweeps/dialects/tree.h"

namespace optfleet::sweeps {
namespace {

using Kind = YamlNode::Kind;
using Run = std::vector<NativeLine>;
constexpr int kMostDots = 16;

// Maps that dotted keys make are walked, so they must not be deeper than those that are written out.
bool IsShallow(const YamlNode& node, Diagnostics* diagnostics) {
  for (const YamlEntry& entry : node.entries) {
    if (std::count(entry.key.begin(), entry.key.end(), '.') > kMostDots) {
      diagnostics->Add(entry.key_position, "a key of more than " + std::to_string(kMostDots + 1) + " parts");
      return false;
    }
    if (!IsShallow(entry.value, diagnostics)) return false;
  }
  return std::all_of(node.items.begin(), node.items.end(),
                     [&](const YamlNode& item) { return IsShallow(item, diagnostics); });
}

// The given files and overrides, read.
struct Given {
  YamlNode config;                   // all configurations, merged
  std::optional<YamlNode> sweep;     // the sweep file
  std::string name;                  // of the sweep, by its file
  std::vector<YamlEntry> overrides;  // in keys of the dialect
};

class Reader {
 public:
  Reader(const SweepInput& given, Translation* translation) : given_(given), translation_(*translation) {}

  Given Read() {
    Given read;
    read.config.kind = Kind::kMap;
    for (size_t i = 0; i < given_.files.size(); ++i) ReadFile(i, &read);
    for (size_t i = 0; i < given_.overrides.size(); ++i) ReadOverride(i, &read);
    return read;
  }

 private:
  void ReadFile(size_t index, Given* read) {
    const SweepFile& file = given_.files[index];
    auto root = ParseYaml(static_cast<int32_t>(index), file.text, &translation_.diagnostics);
    if (!root || root->kind == Kind::kNull || !IsShallow(*root, &translation_.diagnostics)) return;
    if (root->kind != Kind::kMap)
      return translation_.diagnostics.Add(root->position, "a configuration must be a map of keys");
    if (!IsOverrideGrid(*root)) {
      if (read->name.empty()) read->name = NameFromPath(file.path);
      return MergeTree(*root, &read->config);
    }
    if (read->sweep)
      return translation_.diagnostics.Add(root->position, "there are two sweep files", "give one at a time");
    read->sweep = *std::move(root);
    read->name = NameFromPath(file.path);
  }

  void ReadOverride(size_t index, Given* read) {
    const std::string& text = given_.overrides[index];
    const size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals == std::string::npos || (FindOlmoKey(key) == nullptr && !IsOlmoGroup(key))) {
      translation_.input.overrides.push_back(text);
      return translation_.overrides.push_back(index);
    }
    const auto source = static_cast<int32_t>(given_.files.size() + index);
    // Blanks in place of the key keep the columns of the value.
    auto value =
        ParseYaml(source, std::string(equals + 1, ' ') + text.substr(equals + 1), &translation_.diagnostics);
    if (!value) return;
    // The value of such a key is one list, not an axis.
    const OlmoKey* known = FindOlmoKey(key);
    if (value->kind == Kind::kSequence && known != nullptr && known->type == OlmoType::kList) {
      YamlNode axis;
      axis.kind = Kind::kSequence;
      axis.position = value->position;
      axis.items.push_back(*std::exchange(value, YamlNode()));
      value = std::move(axis);
    }
    read->overrides.push_back({key, {source, 1, 1, static_cast<int32_t>(equals)}, *std::move(value)});
  }

  const SweepInput& given_;
  Translation& translation_;
};

// What is said of several points is said once.
class Merged {
 public:
  explicit Merged(Diagnostics* all) : all_(*all) {}

  void Add(const Diagnostics& of_one) {
    for (const Diagnostic& one : of_one.Sorted()) {
      const SourcePosition& at = one.position;
      if (seen_.insert({at.file, at.line, at.column, one.message}).second)
        all_.Add(at, one.message, one.hint);
    }
  }

 private:
  Diagnostics& all_;
  std::set<std::tuple<int32_t, int32_t, int32_t, std::string>> seen_;
};

// Our file: what all runs share on top, below it a block for each.
class Writer {
 public:
  Writer(std::vector<Run> runs, std::string name) : runs_(std::move(runs)), name_(std::move(name)) {
    for (const Run& run : runs_)
      for (const NativeLine& line : run) {
        auto [known, fresh] = shared_.try_emplace(line.key, Shared{line.value, 0, true});
        ++known->second.runs;
        known->second.one_value = known->second.one_value && known->second.value == line.value;
      }
  }

  std::string Write(std::vector<SourcePosition>* places) {
    places_ = places;
    Line("# Translated from the keys of another study.", {});
    Line("name: " + QuotedText(name_), {});
    Line("equal_points: keep", {});
    for (const NativeLine& line : runs_.front())
      if (IsShared(line)) Line(line.key + ": " + line.value, line.position);
    Line("sweep:", {});
    for (const Run& run : runs_) WriteBlock(run);
    return std::move(text_);
  }

 private:
  struct Shared {
    std::string value;
    size_t runs = 0;
    bool one_value = true;
  };

  bool IsShared(const NativeLine& line) const {
    const Shared& shared = shared_.at(line.key);
    return shared.one_value && shared.runs == runs_.size();
  }

  void WriteBlock(const Run& run) {
    std::string mark = "  - ";
    for (const NativeLine& line : run) {
      if (IsShared(line)) continue;
      Line(std::exchange(mark, "    ") + line.key + ": " + line.value, line.position);
    }
    if (mark == "  - ") Line(mark + "{}", {});
  }

  void Line(const std::string& text, const SourcePosition& made_from) {
    text_ += text + "\n";
    places_->push_back(made_from);
  }

  std::vector<Run> runs_;
  std::string name_;
  std::map<std::string, Shared> shared_;
  std::string text_;
  std::vector<SourcePosition>* places_ = nullptr;
};

std::vector<OverridePoint> AllPoints(const Given& given, Diagnostics* diagnostics) {
  if (given.sweep) return PointsOf(*given.sweep, given.overrides, kMostTranslatedPoints, diagnostics);
  // A configuration alone is one run; overrides may still make axes.
  YamlNode sweep;
  sweep.kind = Kind::kMap;
  YamlNode blocks;
  blocks.kind = Kind::kSequence;
  blocks.items.push_back(sweep);
  sweep.entries.push_back({"sweep", {}, std::move(blocks)});
  return PointsOf(sweep, given.overrides, kMostTranslatedPoints, diagnostics);
}

std::vector<std::string> TextsOf(const OverridePoint& point) {
  std::vector<std::string> texts;
  for (const YamlEntry& entry : point.overrides) texts.push_back(entry.key + "=" + PythonText(entry.value));
  return texts;
}

Run RunOf(const YamlNode& config, const OverridePoint& point, const SweepInput& given, Hints* hints,
          Diagnostics* diagnostics) {
  YamlNode root = config;
  for (const YamlEntry& entry : point.overrides) SetInTree(entry.key, entry.key_position, entry.value, &root);
  OlmoConfig whole(root, given.environment, hints, diagnostics);
  whole.CheckKeys();
  return ToNative(&whole);
}

}  // namespace

Translation TranslateOlmo(const SweepInput& given) {
  Translation translation;
  translation.given_files = given.files.size();
  translation.diagnostics = Diagnostics(SourcesOf(given));
  const Given read = Reader(given, &translation).Read();
  if (!translation.diagnostics.empty()) return translation;
  const auto points = AllPoints(read, &translation.diagnostics);
  Merged merged(&translation.diagnostics);
  std::vector<Run> runs;
  Hints hints;
  for (const OverridePoint& point : points) {
    Diagnostics of_point;
    runs.push_back(RunOf(read.config, point, given, &hints, &of_point));
    translation.points.push_back(TextsOf(point));
    merged.Add(of_point);
  }
  if (!translation.diagnostics.empty()) return translation;
  std::string text = Writer(std::move(runs), read.name).Write(&translation.lines);
  translation.input.files.push_back({read.name + ".yaml", std::move(text), given.working_folder});
  translation.input.working_folder = given.working_folder;
  translation.input.environment = given.environment;
  return translation;
}

void MoveBack(const Translation& translation, ExpandResult* expanded) {
  const auto moved = [&](const SourcePosition& at) {
    const auto line = static_cast<size_t>(at.line) - 1;
    if (at.file == 0) return line < translation.lines.size() ? translation.lines[line] : SourcePosition();
    SourcePosition place = at;
    place.file = static_cast<int32_t>(translation.given_files +
                                      translation.overrides[static_cast<size_t>(at.file) - 1]);
    return place;
  };
  Diagnostics diagnostics(translation.diagnostics.sources());
  for (const Diagnostic& one : expanded->diagnostics.Sorted())
    diagnostics.Add(moved(one.position), one.message, one.hint);
  expanded->diagnostics = std::move(diagnostics);
  for (NeededFile& file : expanded->files) file.position = moved(file.position);
}

}  // namespace optfleet::sweeps
