// The renderers: values and a width in, text out. No terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/text.h"
#include "optctl/output/bars.h"
#include "optctl/output/cut.h"
#include "optctl/output/live_frame.h"
#include "optctl/output/sweep_view.h"
#include "optctl/output/table.h"
#include "optctl/output/terminal.h"
#include "optctl/output/time_left.h"
#include "tests/optctl/golden.h"
#include "tests/optctl/screen.h"

namespace optfleet::output {
namespace {

using commands::ExpectGolden;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Environment Variables(std::map<std::string, std::string> values) {
  return [values](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

TEST(Terminal, WindowOfATerminalIsUsed) {
  const Terminal terminal =
      DescribeTerminal(WindowSize{132, 50}, Variables({{"TERM", "xterm"}, {"LANG", "de_DE.UTF-8"}}));
  EXPECT_TRUE(terminal.interactive);
  EXPECT_TRUE(terminal.color);
  EXPECT_TRUE(terminal.unicode);
  EXPECT_EQ(terminal.width, 132);
  EXPECT_EQ(terminal.height, 50);
}

TEST(Terminal, NoColorAndDumbAreObeyed) {
  EXPECT_FALSE(DescribeTerminal(WindowSize{80, 24}, Variables({{"TERM", "xterm"}, {"NO_COLOR", "1"}})).color);
  EXPECT_TRUE(
      DescribeTerminal(WindowSize{80, 24}, Variables({{"TERM", "xterm"}, {"NO_COLOR", "1"}})).interactive);
  const Terminal dumb = DescribeTerminal(WindowSize{80, 24}, Variables({{"TERM", "dumb"}}));
  EXPECT_FALSE(dumb.color);
  EXPECT_FALSE(dumb.interactive);
}

TEST(Terminal, PipeHasNoColourNoFramesAndNoLimit) {
  const Terminal pipe = DescribeTerminal(std::nullopt, Variables({{"TERM", "xterm"}}));
  EXPECT_FALSE(pipe.color);
  EXPECT_FALSE(pipe.interactive);
  EXPECT_EQ(pipe.width, kUnlimitedWidth);
  EXPECT_EQ(DescribeTerminal(std::nullopt, Variables({{"COLUMNS", "100"}})).width, 100);
  EXPECT_EQ(DescribeTerminal(std::nullopt, Variables({{"COLUMNS", "many"}})).width, kUnlimitedWidth);
}

TEST(Terminal, TheMostSpecificLocaleVariableCounts) {
  EXPECT_FALSE(DescribeTerminal(std::nullopt, Variables({{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}})).unicode);
  EXPECT_TRUE(DescribeTerminal(std::nullopt, Variables({{"LC_CTYPE", "C.utf8"}, {"LANG", "C"}})).unicode);
}

Table Animals() {
  Table table({{"NAME"}, {"LEGS", Align::kRight}, {"ABOUT", Align::kLeft, true}});
  table.Add({"ant", "6", "carries what is heavier than itself, day and night"});
  table.Add({"millipede", "750", ""});
  return table;
}

TEST(Table, AlignsAndFillsGaps) {
  EXPECT_EQ(Animals().Render(kUnlimitedWidth, true),
            "NAME       LEGS  ABOUT\n"
            "ant           6  carries what is heavier than itself, day and night\n"
            "millipede   750  -\n");
}

TEST(Table, CutsOnlyWhatShrinks) {
  EXPECT_EQ(Animals().Render(34, true),
            "NAME       LEGS  ABOUT\n"
            "ant           6  carries what is …\n"
            "millipede   750  -\n");
  EXPECT_THAT(Animals().Render(34, false), HasSubstr("carries what is ~\n"));
  EXPECT_THAT(Animals().Render(10, true), HasSubstr("millipede   750  -"));
}

TEST(Table, WideCharactersCountTwice) {
  Table table({{"NAME"}, {"X"}});
  table.Add({"模型", "1"});
  table.Add({"abcd", "2"});
  EXPECT_EQ(table.Render(kUnlimitedWidth, true), "NAME  X\n模型  1\nabcd  2\n");
}

TEST(Table, ControlCharactersOfANameDoNothing) {
  Table table({{"NAME"}});
  table.Add({"a\x1b[31mb\nc"});
  const std::string text = table.Render(kUnlimitedWidth, true);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(ProgressBar, FullOnlyAtTheEndAndEmptyOnlyAtTheStart) {
  EXPECT_EQ(ProgressBar(0, 6), "------");
  EXPECT_EQ(ProgressBar(0.001, 6), "#-----");
  EXPECT_EQ(ProgressBar(0.5, 6), "###---");
  EXPECT_EQ(ProgressBar(0.999, 6), "#####-");
  EXPECT_EQ(ProgressBar(1, 6), "######");
  EXPECT_EQ(ProgressBar(std::nan(""), 6), "------");
}

TEST(Sparkline, NewestValuesBetweenLeastAndLargest) {
  const std::vector<double> falling = {9, 4, 3, 2, 1};
  EXPECT_EQ(Sparkline(falling, 4, true), "█▆▃▁");
  EXPECT_EQ(Sparkline(falling, 4, false), "9630");
  EXPECT_EQ(Sparkline(std::vector<double>{1, std::nan(""), 2}, 8, false), "0x9");
  EXPECT_EQ(Sparkline(std::vector<double>{5, 5}, 8, true), "▁▁");
  EXPECT_EQ(Sparkline({}, 8, true), "");
}

TEST(TimeLeft, FollowsTheGrowthOfTheLastMinute) {
  TimeLeft left;
  left.Add(0, 0);
  EXPECT_FALSE(left.Seconds().has_value());
  left.Add(1, 0.01);
  EXPECT_FALSE(left.Seconds().has_value()) << "a second of growth says nothing yet";
  left.Add(10, 0.1);
  EXPECT_NEAR(left.Seconds().value(), 90, 1e-9);
  for (int second = 11; second <= 200; ++second) left.Add(second, 0.1 + (second - 10) * 0.001);
  EXPECT_NEAR(left.Seconds().value(), (1 - 0.29) / 0.001, 1) << "the fast start is forgotten";
}

TEST(TimeLeft, RepeatedWorkStartsTheEstimateAnew) {
  TimeLeft left;
  left.Add(0, 0.5);
  left.Add(10, 0.6);
  left.Add(11, 0.2);
  EXPECT_FALSE(left.Seconds().has_value());
  left.Add(15, 0.4);
  EXPECT_NEAR(left.Seconds().value(), 0.6 / 0.05, 1e-9);
}

TEST(TimeLeft, StandstillHasNoEnd) {
  TimeLeft left;
  left.Add(0, 0.5);
  left.Add(30, 0.5);
  EXPECT_FALSE(left.Seconds().has_value());
}

Terminal Screen80() {
  Terminal terminal;
  terminal.interactive = true;
  terminal.unicode = true;
  terminal.width = 80;
  terminal.height = 10;
  return terminal;
}

TEST(LiveFrame, RedrawsInPlace) {
  commands::Screen screen;
  LiveFrame frame(Screen80());
  screen.Write(frame.Show({"one", "two", "three"}));
  screen.Write(frame.Show({"one", "2"}));
  EXPECT_THAT(screen.Lines(), ElementsAre("one", "2"));
}

TEST(LiveFrame, LinesAboveStay) {
  commands::Screen screen;
  LiveFrame frame(Screen80());
  screen.Write("before\r\n");
  screen.Write(frame.Show({"a", "b"}));
  screen.Write(frame.Above("the coordinator ended"));
  screen.Write(frame.Show({"a", "c"}));
  EXPECT_THAT(screen.Lines(), ElementsAre("before", "the coordinator ended", "a", "c"));
}

TEST(LiveFrame, ClearLeavesNothing) {
  commands::Screen screen;
  LiveFrame frame(Screen80());
  screen.Write("before\r\n");
  screen.Write(frame.Show({"a", "b"}));
  screen.Write(frame.Clear());
  screen.Write("after\r\n");
  EXPECT_THAT(screen.Lines(), ElementsAre("before", "after"));
  EXPECT_EQ(frame.Clear(), "");
}

TEST(LiveFrame, NeverWrapsNorScrolls) {
  commands::Screen screen;
  LiveFrame frame(Screen80());
  screen.Write(frame.Show(std::vector<std::string>(30, std::string(200, 'x'))));
  const auto lines = screen.Lines();
  EXPECT_EQ(lines.size(), 9u);
  for (const std::string& line : lines) EXPECT_LT(DisplayWidth(line), 80u);
}

TEST(LiveFrame, UnchangedLinesAreNotSentAgain) {
  LiveFrame frame(Screen80());
  frame.Show({"a long line that stays", "1"});
  EXPECT_THAT(frame.Show({"a long line that stays", "2"}), Not(HasSubstr("stays")));
}

SweepProgress Halfway() {
  SweepProgress progress;
  progress.name = "quickstart";
  progress.job_count = 34;
  progress.ended = 22;
  progress.share = 0.66;
  progress.counts = {{"running", 2}, {"diverged", 1}};
  progress.best_figure = "2.013";
  progress.best_point = "adamw lr=3e-3 batch 16";
  progress.seconds_left = 64;
  progress.running = {
      {"23", "adamw lr=1e-2 batch 8", 120, 200, "2.104", {4, 3.1, 2.7, 2.4, 2.2, 2.104}, 12.0},
      {"24", "adamw lr=1e-2 batch 16", 0, 100, "", {}, std::nullopt}};
  return progress;
}

std::string Frame(const SweepProgress& progress, int width, int height, bool unicode) {
  std::string text;
  for (const std::string& line : SweepFrame(progress, width, height, unicode)) text += line + "\n";
  return text;
}

TEST(SweepView, Frames) {
  SweepProgress many = Halfway();
  for (int i = 25; i < 40; ++i)
    many.running.push_back({std::to_string(i), "sgd lr=1", 1, 100, "5.545", {}, std::nullopt});
  SweepProgress waiting;
  waiting.name = "lr";
  waiting.job_count = 34;
  SweepProgress silent = Halfway();
  silent.notice = "the coordinator does not answer; waiting for it";
  ExpectGolden("live_view", "--- 80 columns\n" + Frame(Halfway(), 80, 24, true) + "--- 120 columns\n" +
                                Frame(Halfway(), 120, 24, true) + "--- 50 columns\n" +
                                Frame(Halfway(), 50, 24, true) + "--- not UTF-8\n" +
                                Frame(Halfway(), 80, 24, false) + "--- 8 rows\n" + Frame(many, 80, 8, true) +
                                "--- silent coordinator\n" + Frame(silent, 80, 24, true) +
                                "--- before the first job\n" + Frame(waiting, 80, 24, true));
}

TEST(SweepView, FitsEightyColumnsAndTheRows) {
  SweepProgress many = Halfway();
  for (int i = 0; i < 100; ++i) many.running.push_back(many.running[0]);
  const auto lines = SweepFrame(many, 80, 24, true);
  EXPECT_LT(lines.size(), 24u);
  for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), 80u) << line;
}

TEST(Cut, MarksWhatIsMissing) {
  EXPECT_EQ(Cut("abcdef", 6, true), "abcdef");
  EXPECT_EQ(Cut("abcdef", 4, true), "abc…");
  EXPECT_EQ(Cut("abcdef", 4, false), "abc~");
}

}  // namespace
}  // namespace optfleet::output
