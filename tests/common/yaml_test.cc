#include "common/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet {
namespace {

using ::testing::HasSubstr;
using Kind = YamlNode::Kind;

struct Parsed {
  std::optional<YamlNode> root;
  Diagnostics diagnostics;
};

Parsed Parse(const std::string& text) {
  Parsed parsed{{}, Diagnostics(std::vector<SourceText>{{"s.yaml", text}})};
  parsed.root = ParseYaml(0, text, &parsed.diagnostics);
  return parsed;
}

// The only diagnostic, "line:column message".
std::string OnlyMistake(const std::string& text) {
  const auto list = Parse(text).diagnostics.Sorted();
  if (list.size() != 1) return std::to_string(list.size()) + " mistakes";
  return std::to_string(list[0].position.line) + ":" + std::to_string(list[0].position.column) + " " +
         list[0].message;
}

TEST(Yaml, EveryValueKnowsItsPlace) {
  const Parsed parsed = Parse("optimizer:\n  learning_rate: [1e-3, \"x\"]\n");
  ASSERT_TRUE(parsed.root && parsed.diagnostics.empty());
  const YamlEntry& optimizer = parsed.root->entries.at(0);
  EXPECT_EQ(optimizer.key, "optimizer");
  EXPECT_EQ(optimizer.key_position, (SourcePosition{0, 1, 1, 9}));
  const YamlEntry& rate = optimizer.value.entries.at(0);
  EXPECT_EQ(rate.key_position, (SourcePosition{0, 2, 3, 13}));
  EXPECT_EQ(rate.value.kind, Kind::kSequence);
  EXPECT_EQ(rate.value.items.at(0).position, (SourcePosition{0, 2, 19, 4}));
  EXPECT_EQ(rate.value.items.at(1).position, (SourcePosition{0, 2, 25, 3}));
}

TEST(Yaml, KeepsRawTextAndQuotes) {
  const Parsed parsed = Parse("a: 1.0e-03\nb: '12'\nc: ~\nd: |\n  block\n");
  ASSERT_TRUE(parsed.root && parsed.diagnostics.empty());
  EXPECT_EQ(parsed.root->entries[0].value.text, "1.0e-03");
  EXPECT_FALSE(parsed.root->entries[0].value.quoted);
  EXPECT_EQ(parsed.root->entries[1].value.text, "12");
  EXPECT_TRUE(parsed.root->entries[1].value.quoted);
  EXPECT_EQ(parsed.root->entries[2].value.kind, Kind::kNull);
  EXPECT_TRUE(parsed.root->entries[3].value.quoted);
}

TEST(Yaml, PlacesAreRightBehindAByteOrderMarkAndCarriageReturns) {
  const Parsed parsed = Parse(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  ASSERT_TRUE(parsed.root && parsed.diagnostics.empty());
  EXPECT_EQ(parsed.root->entries[0].key_position.column, 4);
  EXPECT_EQ(parsed.root->entries[1].value.position, (SourcePosition{0, 2, 4, 1}));
}

// A list of 200,000 values on one line was looked through to its end for each of them.
TEST(Yaml, ALongLineCostsNoMoreThanManyShortOnes) {
  std::string text = "seed: [";
  for (int i = 0; i < 200'000; ++i) text += "10, ";
  text += "7]";
  const Parsed parsed = Parse(text);
  ASSERT_TRUE(parsed.root && parsed.diagnostics.empty());
  const auto& items = parsed.root->entries.at(0).value.items;
  ASSERT_EQ(items.size(), 200'001U);
  EXPECT_EQ(items.back().position, (SourcePosition{0, 1, 800'008, 1}));
}

TEST(Yaml, AnEmptyTextIsNull) {
  EXPECT_EQ(Parse("").root->kind, Kind::kNull);
  EXPECT_EQ(Parse("# only a comment\n").root->kind, Kind::kNull);
}

TEST(Yaml, AKeyGivenTwiceIsReportedAndTheFirstKept) {
  EXPECT_EQ(OnlyMistake("a: 1\nb: 2\na: 3\n"), "3:1 `a` is given twice, first in line 1");
  const Parsed parsed = Parse("a: 1\na: 3\n");
  ASSERT_EQ(parsed.root->entries.size(), 1U);
  EXPECT_EQ(parsed.root->entries[0].value.text, "1");
}

TEST(Yaml, ASyntaxErrorIsOneMistakeWithAPlace) {
  EXPECT_THAT(OnlyMistake("a: [1, 2\nb: 3\n"), HasSubstr("not valid YAML"));
  EXPECT_THAT(OnlyMistake("a: 1\n b: 2\n"), HasSubstr("2:3 not valid YAML"));
  EXPECT_FALSE(Parse("a: [1, 2\n").root);
}

TEST(Yaml, AliasesTagsAndOddKeysAreRefused) {
  EXPECT_EQ(OnlyMistake("a: &x 1\n"), "1:4 anchors are not allowed");
  EXPECT_EQ(OnlyMistake("a: !!str 1\n"), "1:4 tags such as `tag:yaml.org,2002:str` are not allowed");
  EXPECT_THAT(OnlyMistake("[1, 2]: 3\n"), HasSubstr("a key must be a name"));
  EXPECT_THAT(OnlyMistake("a: 1\n---\nb: 2\n"), HasSubstr("3:1 a second document begins here"));
  const auto bomb = Parse("a: &a [x, x]\nb: [*a, *a]\n").diagnostics.Sorted();
  ASSERT_EQ(bomb.size(), 3U);
  EXPECT_EQ(bomb[1].message, "aliases are not allowed");
}

TEST(Yaml, NestingIsBounded) {
  EXPECT_TRUE(Parse(std::string(60, '[') + std::string(60, ']')).diagnostics.empty());
  EXPECT_THAT(OnlyMistake(std::string(100'000, '[')), HasSubstr("nested deeper than 64 levels"));
}

TEST(Yaml, SizeIsBounded) {
  EXPECT_EQ(OnlyMistake(std::string(kMostYamlBytes + 1, ' ')), "1:1 the file is larger than 16.0 MiB");
}

TEST(Yaml, OnlyTextIsRead) {
  EXPECT_EQ(OnlyMistake(std::string("a: 1\nb: \x01\n")), "2:4 a control character stands in the file");
  EXPECT_EQ(OnlyMistake("a: \xFF\n"), "1:4 the file is not UTF-8 text");
  EXPECT_EQ(OnlyMistake(std::string("a\0b: 1", 6)), "1:2 a control character stands in the file");
}

}  // namespace
}  // namespace optfleet
