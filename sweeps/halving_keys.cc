#include "sweeps/halving_keys.h"

#include <string>

#include "sweeps/header_value.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "halving";
constexpr std::string_view kDotted = "halving.";
constexpr spec::Length kDefaultFirst = spec::Percent(10);
constexpr int32_t kDefaultFactor = 3;
constexpr int32_t kLargestFactor = 100;

class Reader {
 public:
  Reader(HalvingKeys* halving, Diagnostics* diagnostics) : halving_(halving), diagnostics_(diagnostics) {}

  void ReadGroup(const YamlEntry& group) {
    if (group.value.kind != YamlNode::Kind::kMap)
      return diagnostics_->Add(group.key_position, "`halving` must be a map of keys",
                               "as {first: 10%, factor: 3}");
    for (const YamlEntry& entry : group.value.entries) Read(entry.key, entry);
  }

  void Read(std::string_view name, const YamlEntry& entry) {
    if (name != "first" && name != "factor") return AddUnknownName(kGroup, name, entry, diagnostics_);
    halving_->position = entry.key_position;
    if (!IsOneValue(entry, diagnostics_)) return;
    if (name == "factor") {
      halving_->factor = WholeNumber(entry, 2, kLargestFactor, diagnostics_);
      return;
    }
    const auto length = spec::ParseLength(entry.value.text);
    if (!length || length->amount <= 0 || length->unit == spec::LengthUnit::kTokens)
      return AddWrongValue(entry, "a number of steps or a share of the run, as 10%", diagnostics_);
    halving_->first = length;
  }

 private:
  HalvingKeys* halving_;
  Diagnostics* diagnostics_;
};

}  // namespace

std::optional<HalvingPlan> HalvingKeys::Plan() const {
  if (!first && !factor) return std::nullopt;
  const spec::Length length = first.value_or(kDefaultFirst);
  HalvingPlan plan;
  plan.factor = factor.value_or(kDefaultFactor);
  if (length.unit == spec::LengthUnit::kPercent)
    plan.first_share = length.amount / 100;
  else
    plan.first_steps = static_cast<int64_t>(length.amount);
  return plan;
}

bool IsHalvingKey(std::string_view key) { return key == kGroup || key.starts_with(kDotted); }

void ReadHalving(const YamlEntry& entry, HalvingKeys* halving, Diagnostics* diagnostics) {
  Reader reader(halving, diagnostics);
  if (entry.key == kGroup) return reader.ReadGroup(entry);
  reader.Read(std::string_view(entry.key).substr(kDotted.size()), entry);
}

void MergeHalving(const HalvingKeys& over, HalvingKeys* base) {
  if (over.first) base->first = over.first;
  if (over.factor) base->factor = over.factor;
  if (over.first || over.factor) base->position = over.position;
}

}  // namespace optfleet::sweeps
