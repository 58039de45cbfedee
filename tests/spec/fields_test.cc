#include "spec/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "spec/presets.h"
#include "tests/common/golden.h"

namespace optfleet::spec {
namespace {

using ::testing::HasSubstr;

std::string Read(std::string_view key, std::string_view text, bool quoted = false) {
  const auto value = ParseValue(*FindField(key), text, quoted);
  return value ? ToText(*value) : "refused " + value.error();
}

TEST(Fields, EveryDefaultIsAllowedAndReadsBack) {
  for (const Field& field : Fields()) {
    const Value value = field.get(TrainingSpec{});
    EXPECT_TRUE(IsAllowed(field, value)) << field.key;
    const auto read = ParseValue(field, ToText(value), false);
    ASSERT_TRUE(read) << field.key;
    EXPECT_EQ(*read, value) << field.key;
  }
}

// A value other than the default, so that a field which reads or writes another member is found.
Value Another(const Field& field) {
  const Value value = field.get(TrainingSpec{});
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer + 1;
  if (const auto* number = std::get_if<double>(&value)) return *number / 2 + 0.001;
  if (const auto* boolean = std::get_if<bool>(&value)) return !*boolean;
  if (const auto* length = std::get_if<Length>(&value)) return Length{length->amount / 2 + 1, length->unit};
  if (field.type == FieldType::kOwnNumber) return 0.25;
  if (field.type == FieldType::kOwnInteger) return int64_t{3};
  if (field.type == FieldType::kText) return std::string("text");
  return std::string(field.choices.front() == std::get<std::string>(value) ? field.choices.back()
                                                                           : field.choices.front());
}

TEST(Fields, EachReadsAndWritesItsOwnMember) {
  for (const Field& changed : Fields()) {
    if (changed.key == kPresetKey) continue;  // it sets the whole model
    TrainingSpec spec;
    changed.set(spec, Another(changed));
    EXPECT_NE(spec, TrainingSpec{}) << changed.key;
    for (const Field& field : Fields())
      EXPECT_EQ(field.get(spec), &field == &changed ? Another(changed) : field.get(TrainingSpec{}))
          << changed.key << " and " << field.key;
  }
}

TEST(Fields, KeysAreDistinctAndTheirGroupsKnown) {
  std::set<std::string_view> keys;
  for (const Field& field : Fields()) {
    EXPECT_TRUE(keys.insert(field.key).second) << field.key;
    EXPECT_EQ(std::count(Groups().begin(), Groups().end(), field.group()), 1) << field.key;
    EXPECT_TRUE(field.doc.ends_with('.')) << field.key;
  }
}

TEST(Fields, NumbersInEveryWriting) {
  for (const char* text : {"1e-3", "0.001", "1.0e-03", "+1e-3", ".001"})
    EXPECT_EQ(Read("optimizer.learning_rate", text), "0.001") << text;
  EXPECT_EQ(Read("optimizer.learning_rate", "-0"), "0");
  EXPECT_EQ(Read("budget.tokens", "2e6"), "2000000");
  EXPECT_EQ(Read("budget.tokens", "1000000000000000"), "1000000000000000");
  EXPECT_EQ(Read("model.bias", "True"), "true");
}

TEST(Fields, WhatIsNoValueIsRefusedAndNamed) {
  EXPECT_EQ(Read("training.batch_size", "12.5"), "refused 12.5");
  EXPECT_EQ(Read("training.batch_size", "0"), "refused 0");
  EXPECT_EQ(Read("training.batch_size", "16x"), "refused 16x");
  EXPECT_EQ(Read("training.batch_size", "16", true), "refused the text \"16\"");
  EXPECT_EQ(Read("training.batch_size", "99999999999999999999"), "refused 99999999999999999999");
  EXPECT_EQ(Read("optimizer.learning_rate", "nan"), "refused nan");
  EXPECT_EQ(Read("optimizer.learning_rate", "1e999"), "refused 1e999");
  EXPECT_EQ(Read("optimizer.learning_rate", ""), "refused an empty text");
  EXPECT_EQ(Read("optimizer.learning_rate", "+-1"), "refused +-1");
  EXPECT_EQ(Read("model.bias", "yes"), "refused yes");
  EXPECT_EQ(Read("optimizer.name", "lyon"), "refused lyon");
  EXPECT_EQ(Read("optimizer.groups.output.learning_rate", "-1"), "refused -1");
}

TEST(Fields, OpenEndsOfARangeAreOutside) {
  EXPECT_EQ(Read("optimizer.momentum", "1"), "refused 1");
  EXPECT_EQ(Read("optimizer.momentum", "0"), "0");
  EXPECT_EQ(Read("data.validation_share", "0"), "refused 0");
  EXPECT_EQ(Read("data.validation_share", "0.5"), "0.5");
  EXPECT_EQ(Read("model.norm_epsilon", "0"), "refused 0");
  EXPECT_EQ(Read("model.norm_epsilon", "1"), "1");
}

TEST(Fields, ExpectationsReadAsSentences) {
  EXPECT_EQ(Expectation(*FindField("training.batch_size")), "a whole number of sequences from 1 to 1048576");
  EXPECT_EQ(Expectation(*FindField("optimizer.momentum")), "a number from 0, below 1");
  EXPECT_EQ(Expectation(*FindField("data.validation_share")), "a number between 0 and 1, neither of them");
  EXPECT_EQ(Expectation(*FindField("model.bias")), "true or false");
  EXPECT_EQ(Expectation(*FindField("schedule.shape")),
            "one of linear, cosine, exponential, mirror_cosine, square, sqrt");
  EXPECT_EQ(Expectation(*FindField("optimizer.groups.norm.weight_decay")),
            "a number from 0 to 1e+06, or inherit");
}

TEST(Fields, TheReferencePageIsTheTable) {
  EXPECT_THAT(ReferenceMarkdown(), HasSubstr("| `optimizer.learning_rate` | `0.001` |"));
  testing::ExpectFileHolds(OPTFLEET_SOURCE_DIR "/docs/spec-keys.md", ReferenceMarkdown());
}

}  // namespace
}  // namespace optfleet::spec
