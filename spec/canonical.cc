#include "spec/canonical.h"

#include <algorithm>

#include "common/sha256.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/key_groups.h"
#include "spec/presets.h"

namespace optfleet::spec {
namespace {

const TrainingSpec& Defaults() {
  static const TrainingSpec defaults;
  return defaults;
}

bool Inherits(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr && *text == kInherit;
}

bool SaysNothing(bool inherits, bool is_default, const Field& field, const TrainingSpec& spec) {
  return inherits || (is_default && !IsUsed(field, spec));
}

// Needs no escape in JSON.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

void AppendJsonText(const Value& value, std::string* out) {
  const auto* text = std::get_if<std::string>(&value);
  const Length* length = std::get_if<Length>(&value);
  if (text != nullptr && IsPlain(*text))
    out->append("\"").append(*text).append("\"");
  else if (text != nullptr || (length != nullptr && length->unit != LengthUnit::kSteps))
    *out += ToJson(value).dump(-1, ' ', false, Json::error_handler_t::replace);
  else
    *out += ToText(value);
}

// The parts of a text of groups: {"group":{part,part,...},...}
void AppendPart(std::string_view part, std::string* group) {
  group->append(group->empty() ? "" : ",").append(part);
}
void AppendGroup(std::string_view name, std::string_view parts, std::string* out) {
  if (parts.empty()) return;
  out->append(out->size() == 1 ? "\"" : ",\"").append(name).append("\":{").append(parts).append("}");
}

}  // namespace

CanonicalWriter::CanonicalWriter() = default;

void CanonicalWriter::Begin() {
  parts_.resize(Fields().size());
  const auto groups = KeyGroups();
  hashed_.resize(groups.size());
  for (size_t group = 0; group < groups.size(); ++group)
    for (size_t i = groups[group].begin; i < groups[group].end; ++i) parts_[i].group = group;
}

void CanonicalWriter::Update(const TrainingSpec& spec) {
  const bool first = parts_.empty();
  if (first) Begin();
  const auto groups = KeyGroups();
  for (size_t i = 0; i < groups.size(); ++i) {
    if (!first && groups[i].same(last_, spec)) continue;
    UpdateGroup(spec, first, i);
    groups[i].copy(spec, &last_);
  }
}

void CanonicalWriter::UpdateGroup(const TrainingSpec& spec, bool first, size_t group) {
  const auto fields = Fields();
  const KeyGroup& keys = KeyGroups()[group];
  for (size_t i = keys.begin; i < keys.end; ++i)
    if (first || !fields[i].same(last_, spec)) UpdatePart(spec, i);
  JoinHashed(group);
}

void CanonicalWriter::UpdatePart(const TrainingSpec& spec, size_t field) {
  const Field& of = Fields()[field];
  const Value value = of.get(spec);
  Part& part = parts_[field];
  part.is_default = of.same(spec, Defaults());
  part.inherits = Inherits(value);
  part.text.assign("\"").append(of.name()).append("\":");
  AppendJsonText(value, &part.text);
}

void CanonicalWriter::JoinHashed(size_t group) {
  const auto fields = Fields();
  std::string& text = hashed_[group];
  text.clear();
  const KeyGroup& keys = KeyGroups()[group];
  for (size_t i = keys.begin; i < keys.end; ++i)
    if (!parts_[i].is_default && fields[i].key != kPresetKey) AppendPart(parts_[i].text, &text);
}

const std::string& CanonicalWriter::TextOf(const TrainingSpec& spec) {
  Update(spec);
  const auto fields = Fields();
  text_ = "{";
  for (const KeyGroup& group : KeyGroups()) {
    shown_.clear();
    for (size_t i = group.begin; i < group.end; ++i) {
      if (!SaysNothing(parts_[i].inherits, parts_[i].is_default, fields[i], spec))
        AppendPart(parts_[i].text, &shown_);
    }
    AppendGroup(group.name, shown_, &text_);
  }
  return text_ += "}";
}

const std::string& CanonicalWriter::HashedTextOf(const TrainingSpec& spec) {
  Update(spec);
  return JoinHashed();
}

const std::string& CanonicalWriter::HashedTextOf(const TrainingSpec& spec,
                                                 std::span<const Field* const> changed) {
  for (const Field* field : changed) {
    if (field->same(last_, spec)) continue;
    const auto index = static_cast<size_t>(field - Fields().data());
    UpdatePart(spec, index);
    field->set(last_, field->get(spec));
    JoinHashed(parts_[index].group);
  }
  return JoinHashed();
}

const std::string& CanonicalWriter::JoinHashed() {
  text_ = "{";
  const auto groups = KeyGroups();
  for (size_t i = 0; i < groups.size(); ++i)
    if (groups[i].name != kGroupOutsideHash) AppendGroup(groups[i].name, hashed_[i], &text_);
  return text_ += "}";
}

bool IsSilent(const Field& field, const TrainingSpec& spec) {
  return SaysNothing(Inherits(field.get(spec)), field.same(spec, Defaults()), field, spec);
}

std::string CanonicalText(const TrainingSpec& spec) { return CanonicalWriter().TextOf(spec); }

std::string HashedText(const TrainingSpec& spec) { return CanonicalWriter().HashedTextOf(spec); }

std::string Hash(const TrainingSpec& spec) { return Sha256Hex(HashedText(spec)); }

std::string HashOfRun(TrainingSpec spec) {
  for (const std::string_view key : FileKeys()) {
    const Field& field = *FindField(key);
    if (!field.same(spec, Defaults())) field.set(spec, std::string("a file"));
  }
  return Hash(spec);
}

}  // namespace optfleet::spec
