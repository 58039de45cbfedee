// Scalars as OmegaConf's loader types them and Python prints them; expected texts are those of
// `str(OmegaConf.create("x: TEXT").x)`, omegaconf 2.3.0.
#include "sweeps/dialects/plain_value.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace optfleet::sweeps {
namespace {

std::string Printed(const std::string& text, bool quoted = false) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.text = text;
  node.quoted = quoted;
  return PythonText(node);
}

TEST(PlainValue, PrintsAsPythonDoes) {
  const std::vector<std::pair<std::string, std::string>> texts = {{"1e-3", "0.001"},
                                                                  {"1.0e-15", "1e-15"},
                                                                  {"0.0001", "0.0001"},
                                                                  {"0.00001", "1e-05"},
                                                                  {"10", "10"},
                                                                  {"10.0", "10.0"},
                                                                  {"1e16", "1e+16"},
                                                                  {"123456789.5", "123456789.5"},
                                                                  {"1e15", "1000000000000000.0"},
                                                                  {".5", "0.5"},
                                                                  {"1.", "1.0"},
                                                                  {"-2.5E+3", "-2500.0"},
                                                                  {"True", "True"},
                                                                  {"off", "False"},
                                                                  {"yes", "True"},
                                                                  {"~", "None"},
                                                                  {"Null", "None"},
                                                                  {"", "None"},
                                                                  {"none", "none"},
                                                                  {"1_000", "1000"},
                                                                  {"0x1F", "31"},
                                                                  {"017", "15"},
                                                                  {"-7", "-7"},
                                                                  {".inf", "inf"},
                                                                  {"3.16e-3", "0.00316"},
                                                                  {"adamw", "adamw"},
                                                                  {"1e", "1e"},
                                                                  {"12ab", "12ab"},
                                                                  {"y", "y"},
                                                                  {"0b11", "3"}};
  for (const auto& [text, printed] : texts) EXPECT_EQ(Printed(text), printed) << text;
  EXPECT_EQ(Printed("1e-3", /*quoted=*/true), "1e-3");
  EXPECT_EQ(Printed("null", /*quoted=*/true), "null");
}

}  // namespace
}  // namespace optfleet::sweeps
