#include "trainer_core/app/roles.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/diagnostics.h"
#include "common/rundir/documents.h"
#include "common/text.h"
#include "common/yaml.h"

namespace optfleet::trainer {
namespace {

using spec::ParameterGroup;

// In the order of the enum.
constexpr std::array<std::string_view, spec::kParameterGroups> kNames{
    "embedding", "position", "output", "norm", "bias", "attention", "mlp"};

ParameterGroup GroupByName(const std::string& name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (name.ends_with("bias")) return ParameterGroup::kBias;
  if (has("norm") || has("residual_mix")) return ParameterGroup::kNorm;
  if (has("position")) return ParameterGroup::kPosition;
  if (has("embedding")) return ParameterGroup::kEmbedding;
  if (name == "output.weight") return ParameterGroup::kOutput;
  return has("attention") ? ParameterGroup::kAttention : ParameterGroup::kMlp;
}

class RoleFile {
 public:
  RoleFile(const std::vector<std::string>& names, Diagnostics* diagnostics)
      : names_(names), groups_(names.size()), diagnostics_(diagnostics) {}

  void Read(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMap)
      return diagnostics_->Add(root.position, "roles are a map from names or globs to groups");
    for (const YamlEntry& entry : root.entries) {
      const auto at = std::find(kNames.begin(), kNames.end(), entry.value.text);
      if (at == kNames.end()) {
        const auto nearest = NearestName(entry.value.text, kNames);
        diagnostics_->Add(entry.value.position, "unknown group `" + entry.value.text + "`",
                          nearest ? "did you mean `" + std::string(*nearest) + "`?" : "");
      } else {
        Assign(entry, static_cast<ParameterGroup>(at - kNames.begin()));
      }
    }
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!groups_[i]) diagnostics_->Add(root.position, "no entry matches " + names_[i], "give it a group");
    }
  }

  std::vector<ParameterGroup> Take() const {
    std::vector<ParameterGroup> groups;
    for (const auto& group : groups_) groups.push_back(*group);
    return groups;
  }

 private:
  void Assign(const YamlEntry& entry, ParameterGroup group) {
    bool any = false;
    for (size_t i = 0; i < names_.size(); ++i) {
      if (fnmatch(entry.key.c_str(), names_[i].c_str(), 0) != 0) continue;
      any = true;
      if (groups_[i])
        diagnostics_->Add(entry.key_position,
                          "`" + entry.key + "` matches " + names_[i] + ", which has a group already",
                          "let one entry match it");
      groups_[i] = group;
    }
    if (!any) diagnostics_->Add(entry.key_position, "`" + entry.key + "` matches no tensor");
  }

  const std::vector<std::string>& names_;
  std::vector<std::optional<ParameterGroup>> groups_;
  Diagnostics* diagnostics_;
};

}  // namespace

Result<std::vector<ParameterGroup>> GroupsOf(const std::vector<std::string>& names, const std::string& path) {
  if (path.empty()) {
    std::vector<ParameterGroup> groups;
    for (const std::string& name : names) groups.push_back(GroupByName(name));
    return groups;
  }
  auto text = rundir::ReadWholeFile(path);
  if (!text.has_value()) return Fail(text.error());
  Diagnostics diagnostics({{path, std::move(*text)}});
  RoleFile file(names, &diagnostics);
  const auto root = ParseYaml(0, diagnostics.sources()[0].text, &diagnostics);
  if (root.has_value()) file.Read(*root);
  if (!diagnostics.empty()) return Fail(Code::kInvalidArgument, diagnostics.Render());
  return file.Take();
}

Status CheckGroups(const spec::OptimizerSpec& optimizer, const std::vector<ParameterGroup>& groups) {
  std::string missing;
  for (size_t i = 0; i < kNames.size(); ++i) {
    const auto group = static_cast<ParameterGroup>(i);
    if (optimizer.Of(group).IsGiven() && std::find(groups.begin(), groups.end(), group) == groups.end())
      missing.append(missing.empty() ? "" : ", ").append(kNames[i]);
  }
  if (missing.empty()) return {};
  return Fail(Code::kInvalidArgument, "no tensor is in these groups of `optimizer.groups`: " + missing);
}

}  // namespace optfleet::trainer
