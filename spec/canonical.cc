#include "spec/canonical.h"

#include <algorithm>
#include <array>

#include "common/sha256.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/presets.h"

namespace optfleet::spec {
namespace {

const TrainingSpec& Defaults() {
  static const TrainingSpec defaults;
  return defaults;
}

bool Same(const Field& field, const TrainingSpec& a, const TrainingSpec& b) {
  return field.same != nullptr ? field.same(a, b) : field.get(a) == field.get(b);
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

// A group of keys is a member of the spec.
struct Group {
  bool (*same)(const TrainingSpec& a, const TrainingSpec& b);
  void (*copy)(const TrainingSpec& from, TrainingSpec* to);
};
template <auto member>
constexpr Group Of() {
  return {[](const TrainingSpec& a, const TrainingSpec& b) { return a.*member == b.*member; },
          [](const TrainingSpec& from, TrainingSpec* to) { to->*member = from.*member; }};
}
using Spec = TrainingSpec;
// As Groups(), of which tests say that they are in this order.
constexpr std::array<Group, 11> kMembers{
    Of<&Spec::model>(),    Of<&Spec::optimizer>(), Of<&Spec::schedule>(),   Of<&Spec::data>(),
    Of<&Spec::training>(), Of<&Spec::budget>(),    Of<&Spec::evaluation>(), Of<&Spec::checkpoint>(),
    Of<&Spec::start>(),    Of<&Spec::averaging>(), Of<&Spec::diagnostics>()};

}  // namespace

CanonicalWriter::CanonicalWriter() = default;

void CanonicalWriter::Begin() {
  const auto fields = Fields();
  parts_.resize(fields.size());
  for (const std::string_view name : Groups()) {
    const auto in_group = [&](const Field& field) { return field.group() == name; };
    const auto begin = std::find_if(fields.begin(), fields.end(), in_group);
    const auto end = std::find_if_not(begin, fields.end(), in_group);
    for (auto field = begin; field != end; ++field)
      parts_[static_cast<size_t>(field - fields.begin())].group = groups_.size();
    groups_.push_back(
        {name, static_cast<size_t>(begin - fields.begin()), static_cast<size_t>(end - fields.begin()), {}});
  }
}

void CanonicalWriter::Update(const TrainingSpec& spec) {
  const bool first = parts_.empty();
  if (first) Begin();
  for (size_t i = 0; i < kMembers.size(); ++i) {
    if (!first && kMembers[i].same(last_, spec)) continue;
    UpdateGroup(spec, first, &groups_[i]);
    kMembers[i].copy(spec, &last_);
  }
}

void CanonicalWriter::UpdateGroup(const TrainingSpec& spec, bool first, GroupText* group) {
  const auto fields = Fields();
  for (size_t i = group->begin; i < group->end; ++i)
    if (first || !Same(fields[i], last_, spec)) UpdatePart(spec, i);
  JoinHashed(group);
}

void CanonicalWriter::UpdatePart(const TrainingSpec& spec, size_t field) {
  const Field& of = Fields()[field];
  const Value value = of.get(spec);
  Part& part = parts_[field];
  part.is_default = Same(of, spec, Defaults());
  part.inherits = Inherits(value);
  part.text.assign("\"").append(of.name()).append("\":");
  AppendJsonText(value, &part.text);
}

void CanonicalWriter::JoinHashed(GroupText* group) const {
  group->hashed.clear();
  for (size_t i = group->begin; i < group->end; ++i)
    if (!parts_[i].is_default && Fields()[i].key != kPresetKey) AppendPart(parts_[i].text, &group->hashed);
}

const std::string& CanonicalWriter::TextOf(const TrainingSpec& spec) {
  Update(spec);
  const auto fields = Fields();
  text_ = "{";
  for (const GroupText& group : groups_) {
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
    if (Same(*field, last_, spec)) continue;
    const auto index = static_cast<size_t>(field - Fields().data());
    UpdatePart(spec, index);
    field->set(last_, field->get(spec));
    JoinHashed(&groups_[parts_[index].group]);
  }
  return JoinHashed();
}

const std::string& CanonicalWriter::JoinHashed() {
  text_ = "{";
  for (const GroupText& group : groups_)
    if (group.name != kGroupOutsideHash) AppendGroup(group.name, group.hashed, &text_);
  return text_ += "}";
}

bool IsSilent(const Field& field, const TrainingSpec& spec) {
  return SaysNothing(Inherits(field.get(spec)), Same(field, spec, Defaults()), field, spec);
}

std::string CanonicalText(const TrainingSpec& spec) { return CanonicalWriter().TextOf(spec); }

std::string HashedText(const TrainingSpec& spec) { return CanonicalWriter().HashedTextOf(spec); }

std::string Hash(const TrainingSpec& spec) { return Sha256Hex(HashedText(spec)); }

std::string HashOfRun(TrainingSpec spec) {
  for (const std::string_view key : FileKeys()) {
    const Field& field = *FindField(key);
    if (!Same(field, spec, Defaults())) field.set(spec, std::string("a file"));
  }
  return Hash(spec);
}

}  // namespace optfleet::spec
