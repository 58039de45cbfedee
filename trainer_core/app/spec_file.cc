#include "trainer_core/app/spec_file.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "common/diagnostics.h"
#include "common/rundir/documents.h"
#include "common/text.h"
#include "common/yaml.h"
#include "spec/fields.h"
#include "spec/presets.h"
#include "spec/resolve.h"

namespace optfleet::trainer {
namespace {

enum class Wanted { kRun, kModel };

// What only a run promises: an end, and data that fits the model.
bool IsOfRun(const spec::Problem& problem) {
  constexpr std::array<std::string_view, 4> kRules{"budget_is_given", "data_is_given",
                                                   "vocabulary_holds_bytes", "context_covers_sequence"};
  return std::find(kRules.begin(), kRules.end(), problem.rule) != kRules.end();
}

class Reader {
 public:
  explicit Reader(Diagnostics* diagnostics) : diagnostics_(diagnostics) {}

  void ReadGroups(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMap) {
      diagnostics_->Add(root.position,
                        "a spec is a map of groups: model, optimizer, schedule, data and so on");
      return;
    }
    ReadEntries("", root);
    Apply();
  }

  // After ReadGroups, if that found nothing: what the keys promise each other, and keys that nothing reads.
  void ResolveSpec(Wanted wanted) {
    for (const Given& given : given_)
      if (!spec::IsUsed(*given.field, spec))
        diagnostics_->Add(given.key_at, spec::UnusedMessage(*given.field), spec::UnusedRemedy(*given.field));
    for (const spec::Problem& problem : spec::Resolve(&spec))
      if (wanted == Wanted::kRun || !IsOfRun(problem))
        diagnostics_->Add(PlaceOf(problem), problem.message, problem.remedy);
  }

  spec::TrainingSpec spec;

 private:
  // Maps within maps, or dotted keys: optimizer.learning_rate: 1e-3.
  void ReadEntries(const std::string& prefix, const YamlNode& map) {
    for (const YamlEntry& entry : map.entries) {
      if (entry.value.kind == YamlNode::Kind::kMap)
        ReadEntries(prefix + entry.key + ".", entry.value);
      else
        ReadLeaf(prefix + entry.key, entry);
    }
  }

  struct Given {
    const spec::Field* field;
    spec::Value value;
    SourcePosition key_at;
    SourcePosition value_at;
  };

  // A preset sets other keys, which those that are given override.
  void Apply() {
    for (const bool preset : {true, false})
      for (const Given& given : given_)
        if ((given.field->key == spec::kPresetKey) == preset) given.field->set(spec, given.value);
  }

  // Of the likeliest key that the file gives; the file's first line if it gives none.
  SourcePosition PlaceOf(const spec::Problem& problem) const {
    for (const auto key : problem.keys)
      for (const Given& given : given_)
        if (given.field->key == key) return given.value_at;
    return {};
  }

  void ReadLeaf(const std::string& key, const YamlEntry& entry) {
    const spec::Field* field = spec::FindField(key);
    if (field == nullptr) {
      diagnostics_->Add(entry.key_position, "unknown key `" + key + "`", Suggestion(key));
      return;
    }
    const std::string expected = "`" + key + "` must be " + spec::Expectation(*field);
    if (entry.value.kind != YamlNode::Kind::kScalar) {
      diagnostics_->Add(entry.value.position, expected, "lists are axes of a sweep: see optctl submit");
      return;
    }
    const auto value = spec::ParseValue(*field, entry.value.text, entry.value.quoted);
    if (!value.has_value()) {
      diagnostics_->Add(entry.value.position, expected + ", found " + value.error());
    } else if (!spec::IsAllowed(*field, *value)) {
      diagnostics_->Add(entry.value.position, expected + ", found " + entry.value.text);
    } else {
      given_.push_back({field, *value, entry.key_position, entry.value.position});
    }
  }

  static std::string Suggestion(const std::string& key) {
    std::vector<std::string_view> names;
    for (const spec::Field& field : spec::Fields()) names.push_back(field.key);
    const auto nearest = NearestName(key, names);
    return nearest.has_value() ? "did you mean `" + std::string(*nearest) + "`?" : "";
  }

  Diagnostics* diagnostics_;
  std::vector<Given> given_;
};

Result<spec::TrainingSpec> Read(const std::string& path, const spec::TrainingSpec& start, Wanted wanted) {
  auto text = rundir::ReadWholeFile(path);
  if (!text.has_value()) return Fail(text.error());
  Diagnostics diagnostics({{path, std::move(*text)}});
  Reader reader(&diagnostics);
  reader.spec = start;
  const auto root = ParseYaml(0, diagnostics.sources()[0].text, &diagnostics);
  if (root.has_value()) reader.ReadGroups(*root);
  if (diagnostics.empty()) reader.ResolveSpec(wanted);
  if (!diagnostics.empty()) return Fail(Code::kInvalidArgument, diagnostics.Render());
  const auto folder = std::filesystem::absolute(path).parent_path();
  for (const auto key : spec::FileKeys()) {
    const spec::Field* field = spec::FindField(key);
    const auto value = std::get<std::string>(field->get(reader.spec));
    if (spec::NamesFile(key, value)) field->set(reader.spec, (folder / value).lexically_normal().string());
  }
  return reader.spec;
}

}  // namespace

Result<spec::TrainingSpec> ReadSpecFile(const std::string& path) { return Read(path, {}, Wanted::kRun); }

Result<spec::TrainingSpec> ReadSpecFile(const std::string& path, const spec::TrainingSpec& start) {
  return Read(path, start, Wanted::kRun);
}

Result<spec::TrainingSpec> ReadModelSpecFile(const std::string& path) {
  return Read(path, {}, Wanted::kModel);
}

}  // namespace optfleet::trainer
