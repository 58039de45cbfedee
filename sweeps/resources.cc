#include "sweeps/resources.h"

#include <algorithm>

#include "common/names.h"
#include "common/text.h"
#include "sweeps/header_keys.h"
#include "sweeps/header_value.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "resources";
constexpr int32_t kMostSlots = 1024;
constexpr int32_t kMostPriority = 1'000'000;

class Reader {
 public:
  Reader(Resources* resources, Diagnostics* diagnostics) : resources_(resources), diagnostics_(diagnostics) {}

  // `name` without the group.
  void Read(std::string_view name, const YamlEntry& entry) {
    if (name == "labels") return ReadLabels(entry);
    if (!IsOneValue(entry, diagnostics_)) return;
    if (name == "slots") resources_->slots = Whole(entry, 1, kMostSlots);
    if (name == "priority") resources_->priority = Whole(entry, -kMostPriority, kMostPriority);
    if (name == "max_running") resources_->max_running = Whole(entry, 0, kMostPriority);
    if (name == "device") ReadDevice(entry);
    if (name == "share") ReadShare(entry);
    if (name == "memory") ReadMemory(entry);
    if (name == "host_memory") resources_->host_memory_bytes = Bytes(entry, "as 64GB");
  }

  void ReadGroup(const YamlEntry& group) {
    if (group.value.kind != YamlNode::Kind::kMap) {
      diagnostics_->Add(group.key_position, "`resources` must be a map of keys",
                        "write `slots:`, `device:`, `memory:` and so on below it");
      return;
    }
    for (const YamlEntry& entry : group.value.entries) {
      if (IsName(entry.key))
        Read(entry.key, entry);
      else
        AddUnknown(entry);
    }
  }

  void AddUnknown(const YamlEntry& entry) {
    std::string_view name = entry.key;
    if (name.starts_with("resources.")) name.remove_prefix(kGroup.size() + 1);
    AddUnknownName(kGroup, name, entry, diagnostics_);
  }

  static bool IsName(std::string_view name) {
    const auto names = HeaderNamesIn(kGroup);
    return std::find(names.begin(), names.end(), name) != names.end();
  }

 private:
  void AddWrong(const YamlEntry& entry, const std::string& expected) {
    AddWrongValue(entry, expected, diagnostics_);
  }

  std::optional<int32_t> Whole(const YamlEntry& entry, int32_t least, int32_t most) {
    return WholeNumber(entry, least, most, diagnostics_);
  }

  std::optional<int64_t> Bytes(const YamlEntry& entry, const std::string& example) {
    const auto bytes = ParseSize(entry.value.text);
    if (bytes && *bytes > 0) return bytes;
    AddWrong(entry, "a size " + example);
    return std::nullopt;
  }

  void ReadDevice(const YamlEntry& entry) {
    using Device = Resources::Device;
    for (const auto& [name, device] :
         {std::pair("any", Device::kAny), std::pair("cpu", Device::kCpu), std::pair("gpu", Device::kGpu)}) {
      if (entry.value.text == name) {
        resources_->device = device;
        return;
      }
    }
    AddWrong(entry, "gpu, cpu or any");
  }

  void ReadShare(const YamlEntry& entry) {
    std::string_view text = entry.value.text;
    const bool percent = text.ends_with('%');
    if (percent) text.remove_suffix(1);
    const auto number = NumberFrom(text);
    const double share = number ? (percent ? *number : *number * 100) : 0;
    if (share < 1 || share > 100) return AddWrong(entry, "a share from 1% to 100%, as 25% or 0.25");
    resources_->share = static_cast<int32_t>(share + 0.5);
  }

  void ReadMemory(const YamlEntry& entry) {
    if (entry.value.text == "predicted") {
      resources_->memory = Resources::Memory::kPredicted;
    } else if (entry.value.text == "any") {
      resources_->memory = Resources::Memory::kAny;
    } else if (const auto bytes = Bytes(entry, "as 40GB, or `predicted` or `any`")) {
      resources_->memory = Resources::Memory::kBytes;
      resources_->memory_bytes = *bytes;
    }
  }

  void ReadLabels(const YamlEntry& entry) {
    if (entry.value.kind != YamlNode::Kind::kMap) {
      diagnostics_->Add(entry.value.position, "`labels` must be a map", "as {zone: a}");
      return;
    }
    std::vector<std::string> labels;
    for (const YamlEntry& label : entry.value.entries) {
      const std::string text = label.key + "=" + label.value.text;
      if (label.value.kind == YamlNode::Kind::kScalar && IsLabel(text)) {
        labels.push_back(text);
      } else {
        diagnostics_->Add(label.key_position, "a label must read NAME: VALUE",
                          "letters, digits and ._-/, at most 63 of each");
      }
    }
    std::sort(labels.begin(), labels.end());
    resources_->labels = std::move(labels);
  }

  Resources* resources_;
  Diagnostics* diagnostics_;
};

}  // namespace

bool IsResourceKey(std::string_view key) {
  return key == kGroup || key == "priority" || key == "max_running" || key.starts_with("resources.");
}

void ReadResources(const YamlEntry& entry, Resources* resources, Diagnostics* diagnostics) {
  Reader reader(resources, diagnostics);
  if (entry.key == kGroup) return reader.ReadGroup(entry);
  std::string_view name = entry.key;
  if (name.starts_with("resources.")) {
    name.remove_prefix(kGroup.size() + 1);
    if (!Reader::IsName(name)) return reader.AddUnknown(entry);
  }
  reader.Read(name, entry);
}

void MergeResources(const Resources& over, Resources* base) {
  const auto take = [](const auto& from, auto* to) {
    if (from) *to = from;
  };
  take(over.slots, &base->slots);
  take(over.device, &base->device);
  take(over.share, &base->share);
  if (over.memory) base->memory_bytes = over.memory_bytes;
  take(over.memory, &base->memory);
  take(over.host_memory_bytes, &base->host_memory_bytes);
  take(over.labels, &base->labels);
  take(over.priority, &base->priority);
  take(over.max_running, &base->max_running);
}

}  // namespace optfleet::sweeps
