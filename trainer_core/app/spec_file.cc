#include "trainer_core/app/spec_file.h"

#include <filesystem>

#include "common/diagnostics.h"
#include "common/rundir/documents.h"
#include "common/text.h"
#include "common/yaml.h"
#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::trainer {
namespace {

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
  }

  // After ReadGroups, if that found nothing: what the keys promise each other, and keys that nothing reads.
  void ResolveSpec() {
    for (const Given& given : given_)
      if (!spec::IsUsed(*given.field, spec))
        diagnostics_->Add(given.key, spec::UnusedMessage(*given.field), spec::UnusedRemedy(*given.field));
    for (const spec::Problem& problem : spec::Resolve(&spec))
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
    SourcePosition key;
    SourcePosition value;
  };

  // Of the likeliest key that the file gives; the file's first line if it gives none.
  SourcePosition PlaceOf(const spec::Problem& problem) const {
    for (const auto key : problem.keys)
      for (const Given& given : given_)
        if (given.field->key == key) return given.value;
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
      field->set(spec, *value);
      given_.push_back({field, entry.key_position, entry.value.position});
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

}  // namespace

Result<spec::TrainingSpec> ReadSpecFile(const std::string& path) { return ReadSpecFile(path, {}); }

Result<spec::TrainingSpec> ReadSpecFile(const std::string& path, const spec::TrainingSpec& start) {
  auto text = rundir::ReadWholeFile(path);
  if (!text.has_value()) return Fail(text.error());
  Diagnostics diagnostics({{path, std::move(*text)}});
  Reader reader(&diagnostics);
  reader.spec = start;
  const auto root = ParseYaml(0, diagnostics.sources()[0].text, &diagnostics);
  if (root.has_value()) reader.ReadGroups(*root);
  if (diagnostics.empty()) reader.ResolveSpec();
  if (!diagnostics.empty()) return Fail(Code::kInvalidArgument, diagnostics.Render());
  const auto folder = std::filesystem::absolute(path).parent_path();
  for (const auto key : spec::FileKeys()) {
    const spec::Field* field = spec::FindField(key);
    const auto value = std::get<std::string>(field->get(reader.spec));
    if (!value.empty() && value != spec::kNoFile)
      field->set(reader.spec, (folder / value).lexically_normal().string());
  }
  return reader.spec;
}

}  // namespace optfleet::trainer
