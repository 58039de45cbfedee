// optimizer.groups.*: the same three keys for each group of parameters.
#include "spec/field_builder.h"
#include "spec/optimizer_names.h"
#include "spec/parameters.h"

namespace optfleet::spec {
namespace {

// kInherit, then the rules.
constexpr auto kRules = [] {
  std::array<std::string_view, kOptimizerNames.size() + 1> names{kInherit};
  std::copy(kOptimizerNames.begin(), kOptimizerNames.end(), names.begin() + 1);
  return names;
}();

template <size_t group>
GroupSpec& In(TrainingSpec& spec) {
  return spec.optimizer.groups[group];
}
template <size_t group>
const GroupSpec& In(const TrainingSpec& spec) {
  return spec.optimizer.groups[group];
}

template <size_t group>
Value GetRule(const TrainingSpec& spec) {
  const auto& name = In<group>(spec).name;
  return std::string(name ? kRules[static_cast<size_t>(*name) + 1] : kInherit);
}

template <size_t group>
void SetRule(TrainingSpec& spec, const Value& value) {
  const auto at = std::find(kRules.begin(), kRules.end(), std::get<std::string>(value)) - kRules.begin();
  In<group>(spec).name = at == 0 ? std::nullopt : std::optional(static_cast<OptimizerKind>(at - 1));
}

template <size_t group, auto member>
Value GetNumber(const TrainingSpec& spec) {
  const auto& number = In<group>(spec).*member;
  return number ? Value(*number) : Value(std::string(kInherit));
}

template <size_t group, auto member>
void SetNumber(TrainingSpec& spec, const Value& value) {
  const double* number = std::get_if<double>(&value);
  In<group>(spec).*member = number == nullptr ? std::nullopt : std::optional(*number);
}

template <size_t group, auto member>
bool SameIn(const TrainingSpec& a, const TrainingSpec& b) {
  return In<group>(a).*member == In<group>(b).*member;
}

template <ParameterGroup group>
bool Exists(const TrainingSpec& spec) {
  return HasGroup(spec.model, group);
}

struct Texts {
  std::string_view name_key, rate_key, decay_key;
  std::string_view when;
};

template <ParameterGroup group>
void Add(const Texts& texts, std::vector<Field>* fields) {
  constexpr auto index = static_cast<size_t>(group);
  const Use use{&Exists<group>, texts.when};
  fields->push_back({texts.name_key, FieldType::kChoice, Range{}, Names(kRules), "",
                     "Its update rule; `none` leaves it as it is.", &GetRule<index>, &SetRule<index>, use,
                     &SameIn<index, &GroupSpec::name>});
  fields->push_back({texts.rate_key, FieldType::kOwnNumber, From(0, 1e6), Names(), "",
                     "Its peak of the schedule.", &GetNumber<index, &GroupSpec::learning_rate>,
                     &SetNumber<index, &GroupSpec::learning_rate>, use,
                     &SameIn<index, &GroupSpec::learning_rate>});
  fields->push_back({texts.decay_key, FieldType::kOwnNumber, From(0, 1e6), Names(), "", "Its weight decay.",
                     &GetNumber<index, &GroupSpec::weight_decay>, &SetNumber<index, &GroupSpec::weight_decay>,
                     use, &SameIn<index, &GroupSpec::weight_decay>});
}

#define OPTFLEET_GROUP_TEXTS(name, when)                                         \
  Texts {                                                                        \
    "optimizer.groups." name ".name", "optimizer.groups." name ".learning_rate", \
        "optimizer.groups." name ".weight_decay", when                           \
  }

}  // namespace

std::vector<Field> GroupFields() {
  constexpr std::string_view kAlways = "by every model";
  std::vector<Field> fields;
  Add<ParameterGroup::kEmbedding>(OPTFLEET_GROUP_TEXTS("embedding", kAlways), &fields);
  Add<ParameterGroup::kPosition>(OPTFLEET_GROUP_TEXTS("position", "by models with `model.position` learned"),
                                 &fields);
  Add<ParameterGroup::kOutput>(OPTFLEET_GROUP_TEXTS("output", "by models with `model.tie_output` false"),
                               &fields);
  Add<ParameterGroup::kNorm>(OPTFLEET_GROUP_TEXTS("norm", kAlways), &fields);
  Add<ParameterGroup::kBias>(OPTFLEET_GROUP_TEXTS("bias", "by models with biases"), &fields);
  Add<ParameterGroup::kAttention>(OPTFLEET_GROUP_TEXTS("attention", kAlways), &fields);
  Add<ParameterGroup::kMlp>(OPTFLEET_GROUP_TEXTS("mlp", kAlways), &fields);
  return fields;
}

}  // namespace optfleet::spec
