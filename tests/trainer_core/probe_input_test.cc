#include "trainer_core/app/probe_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

spec::ModelSpec Small() {
  spec::ModelSpec model;
  model.vocab_size = 10;
  model.context = 3;
  return model;
}

Mistakes MistakesOf(std::string_view json) {
  Mistakes mistakes;
  ReadTokens("t.json", json, Small(), &mistakes);
  return mistakes;
}

TEST(ProbeTokens, TargetsAreTheTokensOneFurther) {
  Mistakes mistakes;
  const ProbeTokens tokens = ReadTokens("t.json", R"({"tokens": [[1,2,3],[4,5,6]]})", Small(), &mistakes);
  EXPECT_THAT(mistakes, IsEmpty());
  EXPECT_EQ(tokens.sequences, 2);
  EXPECT_EQ(tokens.length, 2);
  EXPECT_THAT(tokens.inputs, ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(tokens.targets, ElementsAre(2, 3, 5, 6));
}

TEST(ProbeTokens, TargetsMayBeGiven) {
  Mistakes mistakes;
  const ProbeTokens tokens =
      ReadTokens("t.json", R"({"inputs": [[1,2,3]], "targets": [[0,9,0]]})", Small(), &mistakes);
  EXPECT_THAT(mistakes, IsEmpty());
  EXPECT_THAT(tokens.inputs, ElementsAre(1, 2, 3));
  EXPECT_THAT(tokens.targets, ElementsAre(0, 9, 0));
}

TEST(ProbeTokens, EveryMistakeHasItsPlace) {
  EXPECT_THAT(MistakesOf(R"({"inputs": [[1,10,-1,2.5]], "targets": [[1,2,3,4],[1,2]]})"),
              ElementsAre("t.json: `targets[1]` must be a list of 4 tokens, like the first",
                          "t.json: `inputs[0][1]` is 10; tokens are whole numbers from 0 to 9",
                          "t.json: `inputs[0][2]` is -1; tokens are whole numbers from 0 to 9",
                          "t.json: `inputs[0][3]` is 2.5; tokens are whole numbers from 0 to 9",
                          "t.json: `inputs` are 1 x 4 tokens, `targets` 2 x 4",
                          "t.json: a sequence has 4 inputs, more than `model.context` 3"));
}

TEST(ProbeTokens, OtherJsonIsRefused) {
  const char* expected =
      "t.json: expected {\"tokens\": [[...]]} or {\"inputs\": [[...]], \"targets\": [[...]]}";
  EXPECT_THAT(MistakesOf("[[1,2]]"), ElementsAre(expected));
  EXPECT_THAT(MistakesOf("{\"tokens\": "), ElementsAre(expected));
  EXPECT_THAT(MistakesOf(R"({"inputs": [[1]]})"), ElementsAre(expected));
  EXPECT_THAT(MistakesOf(R"({"tokens": [1,2]})"),
              ElementsAre("t.json: `tokens` must be a list of lists of tokens"));
  EXPECT_THAT(MistakesOf(R"({"tokens": [[1]]})"),
              ElementsAre("t.json: `tokens` need two or more a sequence: the last is only a target"));
}

TEST(ProbeWeights, EveryMistakeIsNamed) {
  const std::vector<spec::Parameter> parameters{
      {"a.weight", {2, 3}}, {"b.weight", {4}}, {"norm1.weight", {5}}, {"d", {1}}};
  StoredTensors stored;
  stored.tensors = {
      {"a.weight", "F32", {3, 2}}, {"b.weight", "BF16", {4}}, {"norm.weight", "F32", {5}}, {"d", "F32", {1}}};
  Mistakes mistakes;
  CheckWeights("w", stored, parameters, "F32", &mistakes);
  EXPECT_THAT(
      mistakes,
      ElementsAre("w: `a.weight` is [3, 2], the spec's model has [2, 3]",
                  "w: `b.weight` holds BF16, the spec trains F32", "w lacks `norm1.weight` [5]",
                  "w holds `norm.weight` [5], which the spec's model has not; did you mean `norm1.weight`?"));
}

}  // namespace
}  // namespace optfleet::trainer
