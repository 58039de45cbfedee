#include "spec/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "spec/fields.h"
#include "tests/spec/resolving.h"

namespace optfleet::spec {
namespace {

using ::testing::HasSubstr;

TEST(SpecJson, GoesBothWaysWithoutLoss) {
  TrainingSpec spec = Small();
  spec.optimizer.learning_rate = 0.1 + 0.2;
  spec.model.attention = Attention::kManual;
  spec.data.path = "tab\t \"quoted\" \xC3\xB6.txt";
  spec.budget.tokens = 1'000'000'000'000'000;
  for (const Json& json :
       {ToJson(spec), Json::parse(ToJson(spec).dump()), Json::parse(CanonicalText(spec))}) {
    const auto read = FromJson(json);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, spec);
  }
}

TEST(SpecJson, HoldsEveryKeyThatTheRunReadsInTheOrderOfTheTable) {
  std::vector<std::string> keys;
  const Json json = ToJson(Small());
  for (const auto& [group, members] : json.items())
    for (const auto& [name, value] : members.items()) keys.push_back(group + "." + name);
  std::vector<std::string> expected;
  for (const Field& field : Fields())
    if (IsUsed(field, Small()) && field.get(Small()) != Value(std::string(kInherit)))
      expected.emplace_back(field.key);
  EXPECT_EQ(keys, expected);
}

TEST(SpecJson, MissingKeysTakeTheirDefaults) {
  const auto spec = FromJson(Json::parse(R"({"model": {"layers": 7}})"));
  ASSERT_TRUE(spec);
  TrainingSpec expected;
  expected.model.layers = 7;
  EXPECT_EQ(*spec, expected);
}

TEST(SpecJson, WhateverDoesNotFitIsRefused) {
  const auto refusal = [](const char* text) {
    const auto spec = FromJson(Json::parse(text));
    return spec ? "accepted" : spec.error().message();
  };
  EXPECT_EQ(refusal(R"({"model": {"layer": 7}})"), "unknown key `model.layer` in a spec");
  EXPECT_EQ(refusal(R"({"models": {}})"), "unknown key `models` in a spec");
  EXPECT_EQ(refusal(R"({"model": 7})"), "`model` must be a JSON object, found 7");
  EXPECT_EQ(refusal("[]"), "a spec must be a JSON object, found []");
  EXPECT_EQ(refusal(R"({"model": {"layers": 7.0}})"),
            "`model.layers` must be a whole number of layers from 1 to 4096, found 7.0");
  EXPECT_THAT(refusal(R"({"model": {"layers": 18446744073709551615}})"),
              HasSubstr("found 18446744073709551615"));
  EXPECT_THAT(refusal(R"({"model": {"layers": "7"}})"), HasSubstr("found \"7\""));
  EXPECT_THAT(refusal(R"({"model": {"bias": 1}})"), HasSubstr("must be true or false, found 1"));
  EXPECT_THAT(refusal(R"({"optimizer": {"name": "lyon"}})"), HasSubstr("one of sgd, ema_sgd, adam, adamw"));
  EXPECT_THAT(refusal(R"({"optimizer": {"learning_rate": null}})"), HasSubstr("found null"));
}

}  // namespace
}  // namespace optfleet::spec
