#include "common/diagnostics.h"

#include <gtest/gtest.h>

namespace optfleet {
namespace {

using Sources = std::vector<SourceText>;

SourcePosition At(int32_t line, int32_t column, int32_t length, int32_t file = 0) {
  return {file, line, column, length};
}

TEST(Diagnostics, ShowsPlaceLineAndWayOut) {
  Diagnostics diagnostics(Sources{{"sweep.yaml", "a: 1\noptimizer:\n  lerning_rate: [1e-4, 1e-3]\n"}});
  diagnostics.Add(At(3, 3, 12), "unknown key `lerning_rate` in `optimizer`", "did you mean `learning_rate`?");
  EXPECT_EQ(diagnostics.Render(),
            "sweep.yaml:3:3: unknown key `lerning_rate` in `optimizer`\n"
            "    3 |   lerning_rate: [1e-4, 1e-3]\n"
            "      |   ^~~~~~~~~~~~ did you mean `learning_rate`?\n");
}

TEST(Diagnostics, InTheOrderOfFilesLinesAndColumns) {
  Diagnostics diagnostics(Sources{{"a.yaml", "x: 1\ny: 2\n"}, {"b.yaml", "z: 3\n"}});
  diagnostics.Add(At(1, 1, 1, 1), "third");
  diagnostics.Add(At(2, 4, 1), "second");
  diagnostics.Add(At(2, 1, 1), "first");
  const auto sorted = diagnostics.Sorted();
  EXPECT_EQ(sorted[0].message, "first");
  EXPECT_EQ(sorted[1].message, "second");
  EXPECT_EQ(sorted[2].message, "third");
}

TEST(Diagnostics, UnderlinesBelowWideCharactersAndTabs) {
  Diagnostics diagnostics(Sources{{"s.yaml", "\xE5\xAD\xA6\t: oops\n"}});
  diagnostics.Add(At(1, 7, 4), "wrong");
  EXPECT_EQ(diagnostics.Render(),
            "s.yaml:1:7: wrong\n"
            "    1 | \xE5\xAD\xA6    : oops\n"
            "      |         ^~~~\n");
}

TEST(Diagnostics, CutsALongLineAroundThePlace) {
  std::string line(6'000'004, 'x');
  line.replace(3'000'000, 4, "HERE");
  Diagnostics diagnostics(Sources{{"s.yaml", line}});
  diagnostics.Add(At(1, 3'000'001, 4), "wrong");
  const std::string text = diagnostics.Render();
  EXPECT_LT(text.size(), 400U);
  const size_t source = text.find("HERE") - text.find("    1 | ");
  const size_t underline = text.find("^~~~") - text.find("      | ");
  EXPECT_EQ(source, underline);
}

TEST(Diagnostics, ControlCharactersNeverReachTheTerminal) {
  Diagnostics diagnostics(Sources{{"\x1b[2J.yaml", "a: \x1b[31m\n"}});
  diagnostics.Add(At(1, 4, 1), "found \x1b[31m", "say \x07");
  const std::string text = diagnostics.Render();
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(Diagnostics, APlaceOutsideTheTextShowsNoLine) {
  Diagnostics diagnostics(Sources{{"s.yaml", ""}});
  diagnostics.Add(At(9, 1, 1), "nothing is here", "write something");
  EXPECT_EQ(diagnostics.Render(), "s.yaml:9:1: nothing is here\n      | write something\n");
}

TEST(Diagnostics, TheSameAtTheSamePlaceIsOne) {
  Diagnostics diagnostics;
  diagnostics.Add(At(1, 1, 1), "wrong", "one way");
  diagnostics.Add(At(1, 1, 1), "also wrong");
  diagnostics.Add(At(1, 2, 1), "wrong");
  diagnostics.Add(At(1, 1, 1), "wrong", "another way");
  EXPECT_EQ(diagnostics.count(), 3U);
}

TEST(Diagnostics, KeepsABoundedNumberAndCountsAll) {
  Diagnostics diagnostics(Sources{{"s.yaml", "x\n"}});
  for (int i = 0; i < 5000; ++i) diagnostics.Add(At(1, i + 1, 1), "again");
  EXPECT_EQ(diagnostics.count(), 5000U);
  EXPECT_EQ(diagnostics.Sorted().size(), Diagnostics::kMostKept);
  EXPECT_NE(diagnostics.Render(2).find("... and 4998 more problems"), std::string::npos);
}

TEST(Diagnostics, AsJson) {
  Diagnostics diagnostics(Sources{{"s.yaml", "x: y\n"}});
  diagnostics.Add(At(1, 4, 1), "wrong", "right");
  EXPECT_EQ(diagnostics.ToJson().dump(),
            R"([{"file":"s.yaml","line":1,"column":4,"length":1,"message":"wrong","hint":"right"}])");
}

}  // namespace
}  // namespace optfleet
