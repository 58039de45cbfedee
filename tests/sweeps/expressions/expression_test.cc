// The language of expressions by itself.
#include "sweeps/expressions/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace optfleet::sweeps {
namespace {

using ::testing::HasSubstr;

const Expression::Names kNames{{"model.width", "optimizer.name", "schedule.warmup"}, {"parameters"}};

tl::expected<Term, std::string> Look(std::string_view name) {
  if (name == "model.width") return Term(spec::Quantity{128, {}});
  if (name == "optimizer.name") return Term(std::string("sgd"));
  if (name == "schedule.warmup") return Term(spec::Quantity{10, spec::Unit::kPercent});
  return Term(spec::Quantity{1000, {}});
}

// The result, or "ERROR at BEGIN+LENGTH: message".
std::string Of(const std::string& text) {
  const auto expression = Expression::Parse(text, kNames);
  const auto told = [](const ExpressionError& error) {
    return "ERROR at " + std::to_string(error.begin) + "+" + std::to_string(error.length) + ": " +
           error.message + (error.hint.empty() ? "" : "; " + error.hint);
  };
  if (!expression) return told(expression.error());
  const auto term = expression->Evaluate(&Look);
  return term ? TextOf(*term) : told(term.error());
}

TEST(Expression, BindsAsInMathematics) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"2 - 3 - 4", "-5"},
      {"12 / 3 / 2", "2"},
      {"-2 ^ 2", "-4"},
      {"2 ^ 3 ^ 2", "512"},
      {"2 ^ -1", "0.5"},
      {"1 < 2 and not 3 < 2", "true"},
      {"false or 1 == 1", "true"},
      {"1 + 1 == 2 and 'a' != 'b'", "true"},
      {"if(1 > 2, 3, 4)", "4"},
      {"model.width * parameters()", "128000"},
      {"optimizer.name == sgd", "true"},
      {"optimizer.name == \"adamw\"", "false"},
      {"min(3, 1, 2) + max(1, 2)", "3"},
      {"  7  ", "7"},
  };
  for (const auto& [text, result] : cases) EXPECT_EQ(Of(text), result) << text;
}

TEST(Expression, RoundsToWholeNumbersAndToMultiples) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"round(2.5)", "3"},
                                                                  {"floor(2.5)", "2"},
                                                                  {"ceil(2.1)", "3"},
                                                                  {"round(100, 64)", "128"},
                                                                  {"floor(100, 64)", "64"},
                                                                  {"ceil(65, 64)", "128"},
                                                                  {"ceil(0.1 * 30)", "3"},
                                                                  {"floor(0.7 * 10)", "7"},
                                                                  {"abs(-3h)", "10800 seconds"},
                                                                  {"sqrt(16)", "4"},
                                                                  {"log2(8)", "3"},
                                                                  {"exp(0)", "1"},
                                                                  {"log(1)", "0"}};
  for (const auto& [text, result] : cases) EXPECT_EQ(Of(text), result) << text;
}

TEST(Expression, UnitsGoAlong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0.5M tokens", "500000 tokens"},
      {"2B", "2000000000"},
      {"3h + 30 min", "12600 seconds"},
      {"1 d", "86400 seconds"},
      {"40GB", "42949672960 bytes"},
      {"2k tokens / 100", "20 tokens"},
      {"2k tokens / 100 tokens", "20"},
      {"10% * 500", "50"},
      {"10%", "10%"},
      {"10% + 5%", "15%"},
      {"10% * 2M tokens", "200000 tokens"},
      {"schedule.warmup * 300", "30"},
      {"10% + 0.05", "ERROR at 0+10: 10% and 0.05 have different units"},
      {"500 / 10%", "5000"},
      {"max(1M tokens, 20)", "1000000 tokens"},
      {"1h > 30 min", "true"},
      {"3h + 2 tokens", "ERROR at 0+13: 10800 seconds and 2 tokens have different units"},
      {"3h * 2h", "ERROR at 0+7: 10800 seconds cannot be multiplied by 7200 seconds"},
      {"3h / 2 tokens", "ERROR at 0+13: 10800 seconds cannot be divided by 2 tokens"},
      {"sqrt(4h)", "ERROR at 0+8: `sqrt` takes a bare number, found 14400 seconds"},
      {"3x",
       "ERROR at 0+2: `3x` is no value; values are numbers with or without a unit, keys, functions and "
       "texts in quotes"},
  };
  for (const auto& [text, result] : cases) EXPECT_EQ(Of(text), result) << text;
}

TEST(Expression, MistakesSayWhereAndWhat) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "ERROR at 0+1: the expression ends where a value should follow"},
      {"1 +", "ERROR at 3+1: the expression ends where a value should follow"},
      {"(1", "ERROR at 2+1: `)` should follow"},
      {"1 2", "ERROR at 2+1: `2` does not belong here"},
      {"'abc", "ERROR at 0+4: the text has no end quote"},
      {"model.wdith", "ERROR at 0+11: unknown key `model.wdith`; did you mean `model.width`?"},
      {"mn(1, 2)", "ERROR at 0+2: unknown function `mn`; did you mean `min`?"},
      {"if(1, 2)", "ERROR at 0+8: `if` takes 3 arguments, found 2"},
      {"parameters(1)", "ERROR at 0+13: `parameters` takes no arguments"},
      {"if(2, 3, 4)", "ERROR at 3+1: `if` needs true or false first, found 2"},
      {"1 + sgd", "ERROR at 0+7: `+` takes numbers, found the text sgd"},
      {"1 / 0", "ERROR at 0+5: 1 is divided by 0"},
      {"sqrt(-1)", "ERROR at 0+8: the root of -1 is no number"},
      {"10 ^ 400", "ERROR at 0+8: the result is not a finite number"},
      {"1 == sgd", "ERROR at 0+8: 1 cannot be compared with the text sgd"},
      {"'a' < 'b'", "ERROR at 0+9: the text a is neither more nor less than the text b"},
      {"not 1", "ERROR at 0+5: `not` needs true or false, found 1"},
      {"round(1, 0)", "ERROR at 0+11: `round` needs a multiple above 0"},
  };
  for (const auto& [text, result] : cases) EXPECT_THAT(Of(text), HasSubstr(result)) << text;
}

TEST(Expression, OnlyTheBranchThatCountsIsLookedAt) {
  EXPECT_EQ(Of("if(true, 1, 1 / 0)"), "1");
  EXPECT_EQ(Of("if(false, 1 / 0, 2)"), "2");
}

TEST(Expression, DepthAndLengthHaveBounds) {
  for (const char sign : {'(', '-'}) {
    std::string deep(100'000, sign);
    deep += '1';
    EXPECT_THAT(Of(deep), HasSubstr("nested more than 64 deep"));
  }
  std::string sum = "1";
  for (int i = 0; i < 100'000; ++i) sum += "+1";
  EXPECT_THAT(Of(sum), HasSubstr("the expression is too long"));
  EXPECT_EQ(Of(sum.substr(0, 1001)), "501");
}

}  // namespace
}  // namespace optfleet::sweeps
