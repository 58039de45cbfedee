#include "spec/length.h"

#include <gtest/gtest.h>

namespace optfleet::spec {
namespace {

std::string Read(std::string_view text) {
  const auto length = ParseLength(text);
  return length ? ToText(*length) : "refused";
}

TEST(Length, IsWrittenAsPeopleSayIt) {
  EXPECT_EQ(Read("500"), "500");
  EXPECT_EQ(Read("0"), "0");
  EXPECT_EQ(Read("1e3"), "1000");
  EXPECT_EQ(Read("500 steps"), "500");
  EXPECT_EQ(Read("1 step"), "1");
  EXPECT_EQ(Read("10k"), "10000");
  EXPECT_EQ(Read("2M tokens"), "2000000 tokens");
  EXPECT_EQ(Read("2.3M tokens"), "2300000 tokens");  // 2.3 x 1e6 is not whole in binary
  EXPECT_EQ(Read("0.5B tokens"), "500000000 tokens");
  EXPECT_EQ(Read("2000000tokens"), "2000000 tokens");
  EXPECT_EQ(Read("10%"), "10%");
  EXPECT_EQ(Read("12.5 %"), "12.5%");
  EXPECT_EQ(Read("100%"), "100%");
}

TEST(Length, OtherTextsAreRefused) {
  for (const char* text : {"",
                           "%",
                           "steps",
                           "-1",
                           "-0%",
                           "1.5",
                           "1.5 steps",
                           "0.1",
                           "101%",
                           "150 %",
                           "1k%",
                           "2M token s",
                           "2M Tokens",
                           "10 epochs",
                           "nan",
                           "inf",
                           "1e13",
                           "2000T tokens",
                           "0.0001k tokens",
                           "5 5",
                           "+5"})
    EXPECT_EQ(Read(text), "refused") << text;
}

TEST(Length, ReadsBackAsTheSame) {
  for (const Length& length : {Steps(0), Steps(1'000'000'000'000), Tokens(1), Tokens(1'000'000'000'000'000),
                               Percent(0.1), Percent(100.0 / 3)})
    EXPECT_EQ(ParseLength(ToText(length)), length) << ToText(length);
}

TEST(Length, TurnsIntoStepsTokensUpSharesToTheNearest) {
  const RunMeasure run{.steps = 1000, .tokens_per_step = 2048};
  const auto steps = [&](const Length& length) { return ToText(InSteps(length, run)); };
  EXPECT_EQ(steps(Steps(7)), "7");
  EXPECT_EQ(steps(Tokens(2048)), "1");
  EXPECT_EQ(steps(Tokens(2049)), "2");
  EXPECT_EQ(steps(Tokens(0)), "0");
  EXPECT_EQ(steps(Percent(10)), "100");
  EXPECT_EQ(steps(Percent(0.04)), "0");
  EXPECT_EQ(steps(Percent(0.05)), "1");
  EXPECT_EQ(steps(Percent(100)), "1000");
}

}  // namespace
}  // namespace optfleet::spec
