// The pieces of which the table of fields is made: one file per group of keys (spec/fields_*.cc), joined in
// spec/field_table.cc. For those files only; the table itself is spec/fields.h.
#pragma once

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "spec/fields.h"

namespace optfleet::spec {

// The parts of the table, in the order of the canonical form.
std::span<const Field> ModelFields();
std::vector<Field> OptimizerFields();
std::vector<Field> GroupFields();  // optimizer.groups.*, a part of OptimizerFields
std::span<const Field> ScheduleFields();
std::span<const Field> DataFields();
std::span<const Field> RunFields();     // training, budget, evaluation, checkpoint
std::span<const Field> WeightFields();  // start, averaging
std::span<const Field> DiagnosticsFields();

using Names = std::span<const std::string_view>;

template <auto group, auto member>
using MemberType = std::remove_cvref_t<decltype((TrainingSpec{}.*group).*member)>;

template <auto group, auto member>
Value GetPlain(const TrainingSpec& spec) {
  return Value(std::in_place_type<MemberType<group, member>>, (spec.*group).*member);
}

template <auto group, auto member>
void SetPlain(TrainingSpec& spec, const Value& value) {
  (spec.*group).*member = std::get<MemberType<group, member>>(value);
}

template <auto group, auto member>
bool SameMember(const TrainingSpec& a, const TrainingSpec& b) {
  return (a.*group).*member == (b.*group).*member;
}

template <auto group, auto member, const auto& names>
Value GetChoice(const TrainingSpec& spec) {
  return Value(std::in_place_type<std::string>, names[static_cast<size_t>((spec.*group).*member)]);
}

template <auto group, auto member, const auto& names>
void SetChoice(TrainingSpec& spec, const Value& value) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == std::get<std::string>(value))
      (spec.*group).*member = static_cast<MemberType<group, member>>(i);
}

// A field of a member: Plain<&TrainingSpec::model, &ModelSpec::layers>("model.layers", ...).
template <auto group, auto member>
constexpr Field Plain(std::string_view key, Range range, std::string_view unit, std::string_view doc,
                      Use use = {}) {
  using T = MemberType<group, member>;
  constexpr FieldType type = std::is_same_v<T, bool>      ? FieldType::kBoolean
                             : std::is_same_v<T, int64_t> ? FieldType::kInteger
                             : std::is_same_v<T, double>  ? FieldType::kNumber
                             : std::is_same_v<T, Length>  ? FieldType::kLength
                                                          : FieldType::kText;
  return {key,
          type,
          range,
          Names(),
          unit,
          doc,
          &GetPlain<group, member>,
          &SetPlain<group, member>,
          use,
          &SameMember<group, member>};
}

// A field of an enum member; `names` in the order of the enum.
template <auto group, auto member, const auto& names>
constexpr Field Choice(std::string_view key, std::string_view doc, Use use = {}) {
  return {key,
          FieldType::kChoice,
          Range{},
          Names(names),
          "",
          doc,
          &GetChoice<group, member, names>,
          &SetChoice<group, member, names>,
          use,
          &SameMember<group, member>};
}

constexpr Range From(double min, double max) { return {min, max, false, false}; }
constexpr Range Above(double min, double max) { return {min, max, true, false}; }
constexpr Range Below(double min, double max) { return {min, max, false, true}; }
constexpr Range Between(double min, double max) { return {min, max, true, true}; }
inline constexpr Range kUnbounded{};  // booleans, texts and lengths

inline constexpr double kMost =
    1048576;  // 2^20: bounds of widths and batches keep every product below within 64 bits
inline constexpr double kMostSteps = 1e12;
inline constexpr double kMostTokens = 1e15;
inline constexpr double kMostSeed = 4294967295.0;

}  // namespace optfleet::spec
