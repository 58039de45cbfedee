#include "spec/json.h"

#include <algorithm>

#include "common/sha256.h"
#include "common/text.h"
#include "spec/fields.h"

namespace optfleet::spec {
namespace {

Json ToJson(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

std::optional<Value> FromScalar(const Field& field, const Json& json) {
  switch (field.type) {
    case FieldType::kInteger:
      if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) return std::nullopt;
      return json.is_number_integer() ? std::optional<Value>(json.get<int64_t>()) : std::nullopt;
    case FieldType::kNumber:
      return json.is_number() ? std::optional<Value>(json.get<double>()) : std::nullopt;
    case FieldType::kBoolean:
      return json.is_boolean() ? std::optional<Value>(json.get<bool>()) : std::nullopt;
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

void AppendJsonText(const Value& value, std::string* out) {
  if (std::holds_alternative<std::string>(value))
    *out += Show(Json(std::get<std::string>(value)));
  else
    *out += ToText(value);
}

std::string Canonical(const TrainingSpec& spec, bool with_checkpoint) {
  std::string text = "{";
  text.reserve(1200);
  std::string_view group;
  for (const Field& field : Fields()) {
    if (!with_checkpoint && field.group() == kGroupOutsideHash) continue;
    if (field.group() != group) {
      if (!group.empty()) text += "},";
      group = field.group();
      text.append("\"").append(group).append("\":{");
    } else {
      text += ',';
    }
    text.append("\"").append(field.name()).append("\":");
    AppendJsonText(field.get(spec), &text);
  }
  return text + "}}";
}

}  // namespace

Json ToJson(const TrainingSpec& spec) {
  Json json = Json::object();
  for (const Field& field : Fields())
    json[std::string(field.group())][std::string(field.name())] = ToJson(field.get(spec));
  return json;
}

Result<TrainingSpec> FromJson(const Json& json) {
  if (!json.is_object())
    return Fail(Code::kInvalidArgument, "a spec must be a JSON object, found " + Show(json));
  TrainingSpec spec;
  for (const auto& [group, members] : json.items()) {
    const auto groups = Groups();
    if (std::find(groups.begin(), groups.end(), group) == groups.end())
      return Fail(Code::kInvalidArgument, "unknown key `" + group + "` in a spec");
    if (!members.is_object())
      return Fail(Code::kInvalidArgument, "`" + group + "` must be a JSON object, found " + Show(members));
    for (const auto& [name, value] : members.items())
      OPTFLEET_RETURN_IF_ERROR(SetFromJson(group + "." + name, value, &spec));
  }
  return spec;
}

std::string CanonicalText(const TrainingSpec& spec) { return Canonical(spec, true); }
std::string Hash(const TrainingSpec& spec) { return Sha256Hex(Canonical(spec, false)); }

}  // namespace optfleet::spec
