// Figures with multipliers and units.
#include "spec/quantity.h"

#include <gtest/gtest.h>

#include <string>

#include "spec/fields.h"

namespace optfleet::spec {
namespace {

// "AMOUNT UNIT", or "-".
std::string Read(std::string_view text) {
  const auto quantity = ParseQuantity(text);
  if (!quantity) return "-";
  const std::string_view unit = UnitName(quantity->unit);
  return ToText(Value(quantity->amount)) + (unit.empty() ? "" : " ") + std::string(unit);
}

TEST(Quantity, HasAMultiplierAndAUnit) {
  EXPECT_EQ(Read("12"), "12");
  EXPECT_EQ(Read("-.5"), "-0.5");
  EXPECT_EQ(Read("1e-3"), "0.001");
  EXPECT_EQ(Read("2k"), "2000");
  EXPECT_EQ(Read("1.5M tokens"), "1500000 tokens");
  EXPECT_EQ(Read("2B"), "2e+09");
  EXPECT_EQ(Read("500 steps"), "500 steps");
  EXPECT_EQ(Read("3h"), "10800 seconds");
  EXPECT_EQ(Read("90 min"), "5400 seconds");
  EXPECT_EQ(Read("1KB"), "1024 bytes");
  EXPECT_EQ(Read("2 KiB"), "2048 bytes");
  EXPECT_EQ(Read("12.5%"), "12.5 percent");
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const char* text :
       {"", "-", "k", "1x", "1 x", "1kk", "1 tokens steps", "tokens", "1e", "0x10", "1,000", "1.2.3", "%"})
    EXPECT_EQ(Read(text), "-") << text;
}

TEST(Quantity, IsTakenByKeysOfItsUnit) {
  const auto value = [](const char* key, const char* text) {
    const auto parsed = ParseValue(*FindField(key), text, false);
    return parsed ? ToText(*parsed) : "-";
  };
  EXPECT_EQ(value("budget.tokens", "0.5M tokens"), "500000");
  EXPECT_EQ(value("budget.tokens", "2.3M"), "2300000") << "2.3 x 1e6 is a little less";
  EXPECT_EQ(value("budget.tokens", "2B"), "2000000000");
  EXPECT_EQ(value("budget.seconds", "1.5h"), "5400");
  EXPECT_EQ(value("budget.steps", "2k steps"), "2000");
  EXPECT_EQ(value("data.sequence_length", "2k"), "2000");
  EXPECT_EQ(value("budget.steps", "2k tokens"), "-");
  EXPECT_EQ(value("budget.seconds", "2 tokens"), "-");
  EXPECT_EQ(value("optimizer.learning_rate", "3h"), "-");
  EXPECT_EQ(value("budget.steps", "0.0005k"), "-") << "half a step";
}

}  // namespace
}  // namespace optfleet::spec
