#include "spec/json.h"

#include <algorithm>

#include "spec/canonical.h"
#include "spec/fields.h"
#include "spec/presets.h"

namespace optfleet::spec {
namespace {

std::optional<Value> FromLength(const Json& json) {
  std::optional<Length> length;
  if (json.is_number_integer()) length = Length{json.get<double>(), LengthUnit::kSteps};
  if (json.is_string()) length = ParseLength(json.get<std::string>());
  return length ? std::optional<Value>(*length) : std::nullopt;
}

std::optional<Value> FromScalar(const Field& field, const Json& json) {
  switch (field.type) {
    case FieldType::kOwnInteger:
      if (json == kInherit) return Value(std::string(kInherit));
      [[fallthrough]];
    case FieldType::kInteger:
      if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) return std::nullopt;
      return json.is_number_integer() ? std::optional<Value>(json.get<int64_t>()) : std::nullopt;
    case FieldType::kOwnNumber:
      if (json == kInherit) return Value(std::string(kInherit));
      [[fallthrough]];
    case FieldType::kNumber:
      return json.is_number() ? std::optional<Value>(json.get<double>()) : std::nullopt;
    case FieldType::kBoolean:
      return json.is_boolean() ? std::optional<Value>(json.get<bool>()) : std::nullopt;
    case FieldType::kLength:
      return FromLength(json);
    case FieldType::kText:
    case FieldType::kChoice:
      break;
  }
  return json.is_string() ? std::optional<Value>(json.get<std::string>()) : std::nullopt;
}

// Text for a message; never throws on text that is not UTF-8.
std::string Show(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Status SetFromJson(const std::string& key, const Json& json, TrainingSpec* spec) {
  const Field* field = FindField(key);
  if (field == nullptr) return Fail(Code::kInvalidArgument, "unknown key `" + key + "` in a spec");
  const auto value = FromScalar(*field, json);
  if (!value || !IsAllowed(*field, *value))
    return Fail(Code::kInvalidArgument,
                "`" + key + "` must be " + Expectation(*field) + ", found " + Show(json));
  field->set(*spec, *value);
  return {};
}

}  // namespace

Json ToJson(const Value& value) {
  if (const auto* length = std::get_if<Length>(&value)) {
    if (length->unit == LengthUnit::kSteps) return static_cast<int64_t>(length->amount);
    return ToText(*length);
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean;
  return std::get<double>(value);
}

Json ToJson(const TrainingSpec& spec) {
  Json json = Json::object();
  for (const Field& field : Fields())
    if (!IsSilent(field, spec))
      json[std::string(field.group())][std::string(field.name())] = ToJson(field.get(spec));
  return json;
}

Result<TrainingSpec> FromJson(const Json& json) {
  if (!json.is_object())
    return Fail(Code::kInvalidArgument, "a spec must be a JSON object, found " + Show(json));
  TrainingSpec spec;
  const std::string preset(FindField(kPresetKey)->name());
  if (const auto model = json.find("model");
      model != json.end() && model->is_object() && model->contains(preset))
    OPTFLEET_RETURN_IF_ERROR(SetFromJson(std::string(kPresetKey), (*model)[preset], &spec));
  for (const auto& [group, members] : json.items()) {
    const auto groups = Groups();
    if (std::find(groups.begin(), groups.end(), group) == groups.end())
      return Fail(Code::kInvalidArgument, "unknown key `" + group + "` in a spec");
    if (!members.is_object())
      return Fail(Code::kInvalidArgument, "`" + group + "` must be a JSON object, found " + Show(members));
    for (const auto& [name, value] : members.items())
      if (group + "." + name != kPresetKey)
        OPTFLEET_RETURN_IF_ERROR(SetFromJson(group + "." + name, value, &spec));
  }
  return spec;
}

}  // namespace optfleet::spec
