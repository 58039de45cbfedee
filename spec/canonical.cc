#include "spec/canonical.h"

#include <algorithm>

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

// {"group":{part,part,...},...}
class GroupedText {
 public:
  GroupedText() { text_.reserve(2048); }
  void Append(std::string_view group, std::string_view part) {
    if (group != group_) {
      text_.append(group_.empty() ? "{\"" : "},\"").append(group).append("\":{");
      group_ = group;
    } else {
      text_ += ',';
    }
    text_ += part;
  }
  std::string Finish() && { return group_.empty() ? "{}" : std::move(text_) + "}}"; }

 private:
  std::string text_;
  std::string_view group_;
};

}  // namespace

CanonicalWriter::CanonicalWriter() = default;

void CanonicalWriter::Update(const TrainingSpec& spec) {
  const auto fields = Fields();
  const bool first = parts_.empty();
  parts_.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (!first && Same(field, last_, spec)) continue;
    const Value value = field.get(spec);
    Part& part = parts_[i];
    part.is_default = Same(field, spec, Defaults());
    part.inherits = Inherits(value);
    part.text.assign("\"").append(field.name()).append("\":");
    AppendJsonText(value, &part.text);
  }
  last_ = spec;
}

std::string CanonicalWriter::TextOf(const TrainingSpec& spec) {
  Update(spec);
  const auto fields = Fields();
  GroupedText text;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!SaysNothing(parts_[i].inherits, parts_[i].is_default, fields[i], spec))
      text.Append(fields[i].group(), parts_[i].text);
  }
  return std::move(text).Finish();
}

std::string CanonicalWriter::HashedTextOf(const TrainingSpec& spec) {
  Update(spec);
  const auto fields = Fields();
  GroupedText text;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (parts_[i].is_default || fields[i].key == kPresetKey) continue;
    if (fields[i].group() != kGroupOutsideHash) text.Append(fields[i].group(), parts_[i].text);
  }
  return std::move(text).Finish();
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
