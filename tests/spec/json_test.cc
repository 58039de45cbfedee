#include "spec/json.h"
#include "spec/canonical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/sha256.h"
#include "spec/fields.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

using ::testing::HasSubstr;

TrainingSpec Small() {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.budget.steps = 100;
  return spec;
}

TrainingSpec Resolved(TrainingSpec spec) {
  EXPECT_TRUE(Resolve(&spec).empty());
  return spec;
}

std::string HashOf(const TrainingSpec& spec) { return Hash(Resolved(spec)); }

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

TEST(SpecHash, CanonicalTextIsFixed) {
  const std::string text = CanonicalText(Resolved(Small()));
  EXPECT_TRUE(text.starts_with(
      R"({"model":{"preset":"none","block_parameters":0,"from_flops":0,"layers":4,"width":128,"head_width":0,)"))
      << text;
  EXPECT_TRUE(text.ends_with(R"("flops":false,"parameters_every_steps":0}})")) << text;
  EXPECT_EQ(text.find(' '), std::string::npos);
}

// The text below is a promise: if it changes, every job of every database is another job.
TEST(SpecHash, CoversWhatDiffersFromTheDefaults) {
  EXPECT_EQ(HashedText(Resolved(Small())),
            R"({"model":{"mlp_width":512,"context":128},"data":{"path":"text.txt"},)"
            R"("training":{"micro_batch":16},"budget":{"steps":100,"tokens":204800}})");
  EXPECT_EQ(HashOf(Small()), Sha256Hex(HashedText(Resolved(Small()))));
}

TEST(SpecHash, EqualComputationsHaveOneHash) {
  TrainingSpec tokens = Small();
  tokens.budget = {0, 100 * 16 * 128 - 5};  // rounded up to 100 steps
  EXPECT_EQ(HashOf(tokens), HashOf(Small()));

  TrainingSpec written_out = Small();
  written_out.model.mlp_width = 512;
  written_out.model.context = 128;
  written_out.training.micro_batch = 16;
  EXPECT_EQ(HashOf(written_out), HashOf(Small()));

  TrainingSpec unused = Small();
  unused.optimizer.momentum = 0.5;
  unused.optimizer.dampening = 0.1;
  EXPECT_EQ(HashOf(unused), HashOf(Small()));

  TrainingSpec checkpoints = Small();
  checkpoints.checkpoint = {10, 5};
  EXPECT_EQ(HashOf(checkpoints), HashOf(Small()));
}

TEST(SpecHash, EveryOtherKeyThatARunReadsChangesIt) {
  for (const Field& field : Fields()) {
    TrainingSpec spec = Resolved(Small());
    if (field.group() == kGroupOutsideHash || !IsUsed(field, spec)) continue;
    const Value old = field.get(spec);
    Value value = old;
    if (field.type == FieldType::kOwnNumber) value = 0.25;
    if (field.type == FieldType::kOwnInteger) value = int64_t{3};
    if (auto* integer = std::get_if<int64_t>(&value))
      *integer = field.key == "model.heads" ? 8 : *integer + 1;
    if (auto* number = std::get_if<double>(&value)) *number = *number / 2 + 0.001;
    if (auto* boolean = std::get_if<bool>(&value)) *boolean = !*boolean;
    if (auto* length = std::get_if<Length>(&value)) length->amount += 1;
    if (auto* text = std::get_if<std::string>(&value))
      *text =
          field.type == FieldType::kText
              ? "other"
              : std::string(field.choices.front() == *text ? field.choices.back() : field.choices.front());
    field.set(spec, value);
    EXPECT_NE(Hash(spec), HashOf(Small())) << field.key;
  }
}

}  // namespace
}  // namespace optfleet::spec
