#include "optctl/report/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/report/fixtures.h"

namespace optfleet::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A sweep of jobs with an lr and an outcome each; val_loss may be NaN.
struct Tried {
  std::string lr;
  double val_loss = 0;
  Outcome outcome = Outcome::kSucceeded;
};

ReportData SweepOf(const std::vector<Tried>& tried) {
  ReportData data;
  data.axes = {"optimizer.learning_rate"};
  for (const Tried& t : tried) {
    Job& job = data.jobs.emplace_back();
    job.outcome = t.outcome;
    job.parameters = {{"optimizer.learning_rate", t.lr}};
    job.final_figures = {{"val_loss", t.val_loss}};
  }
  return data;
}

std::vector<std::string> Labels(const Analysis& analysis) {
  std::vector<std::string> labels;
  for (const Line& line : analysis.lines) labels.push_back(line.label);
  return labels;
}

TEST(Analysis, QuickstartAsksForTheLearningRate) {
  const Analysis analysis = Analyze(QuickstartSweep());
  EXPECT_EQ(analysis.main_axis, "optimizer.learning_rate");
  EXPECT_TRUE(analysis.main_axis_log);
  EXPECT_THAT(analysis.line_axes, ElementsAre("optimizer.name", "training.batch_size", "model.width"))
      << "the weight decay follows from the optimizer";
  EXPECT_THAT(Labels(analysis),
              ElementsAre("sgd batch 8", "sgd batch 16", "adam batch 8", "adam batch 16", "adamw batch 8",
                          "adamw batch 16", "adamw batch 8 width 64", "adamw batch 8 width 160",
                          "adamw batch 16 width 64", "adamw batch 16 width 160"))
      << "the usual width goes without saying";
}

TEST(Analysis, WordsNameALineBeforeNumbersWhateverTheOrderOfAxes) {
  ReportData data = QuickstartSweep();
  std::reverse(data.axes.begin(), data.axes.end());
  const Analysis analysis = Analyze(data);
  EXPECT_EQ(analysis.line_axes.at(0), "optimizer.name");
  EXPECT_EQ(analysis.lines.at(0).label.substr(0, 3), "sgd");
}

TEST(Analysis, TheMostIsTheBestWhereMoreIsBetter) {
  ReportData data = SweepOf({{"1e-4", 0.1}, {"1e-3", 0.3}, {"1e-2", 0.27}, {"1e-1", 0.2}});
  data.maximize = true;
  const Analysis analysis = Analyze(data);
  EXPECT_EQ(analysis.best_job, 1U);
  EXPECT_EQ(analysis.lines.at(0).best_point, 1U);
  EXPECT_EQ(analysis.lines.at(0).good_low, 1e-3);
  EXPECT_EQ(analysis.lines.at(0).good_high, 1e-2) << "within 0.05 of it";
}

TEST(Analysis, DivergedJobsAreNeverTheBestThoughTheirFigureIsLower) {
  const Analysis analysis =
      Analyze(SweepOf({{"1e-3", 2.0}, {"1e-2", 1.0, Outcome::kDiverged}, {"1e-4", 3.0}}));
  EXPECT_EQ(analysis.best_job, 0U);
  EXPECT_EQ(analysis.lines.at(0).points.at(2).label, "1e-2");
  EXPECT_TRUE(std::isnan(analysis.lines.at(0).points.at(2).objective));
}

TEST(Analysis, ADivergedNeighbourProvesThatTheOptimumIsInside) {
  const Analysis analysis =
      Analyze(SweepOf({{"1e-4", 3.0}, {"1e-3", 2.0}, {"1e-2", NAN, Outcome::kDiverged}}));
  EXPECT_EQ(analysis.lines.at(0).best_point, 1U);
  EXPECT_EQ(analysis.lines.at(0).edge, Edge::kNone);
}

TEST(Analysis, AnOptimumAtEitherEndOfItsRangeIsMarked) {
  EXPECT_EQ(Analyze(SweepOf({{"1e-4", 1.0}, {"1e-3", 2.0}, {"1e-2", 3.0}})).lines.at(0).edge, Edge::kLow);
  EXPECT_EQ(Analyze(SweepOf({{"1e-4", 3.0}, {"1e-3", 2.0}, {"1e-2", 1.0}})).lines.at(0).edge, Edge::kHigh);
  EXPECT_EQ(Analyze(SweepOf({{"1e-4", 3.0}, {"1e-3", 2.0}})).lines.at(0).edge, Edge::kNone)
      << "two points are no range";
}

TEST(Analysis, GoodStretchEndsAtTheFirstPointBeyondTheMargin) {
  const Analysis analysis =
      Analyze(SweepOf({{"1", 2.04}, {"2", 2.2}, {"3", 2.03}, {"4", 2.0}, {"5", 2.049}, {"6", 2.1}}));
  EXPECT_EQ(analysis.lines.at(0).good_low, 3);
  EXPECT_EQ(analysis.lines.at(0).good_high, 5);
}

TEST(Analysis, NumbersWrittenInTwoWaysAreOnePoint) {
  const Analysis analysis = Analyze(SweepOf({{"1e-3", 2.0}, {"0.001", 2.2}, {"0.01", 3.0}}));
  ASSERT_EQ(analysis.lines.at(0).points.size(), 2U);
  EXPECT_THAT(analysis.lines.at(0).points[0].jobs, ElementsAre(0, 1));
  EXPECT_EQ(analysis.lines.at(0).points[0].label, "1e-3") << "the first spelling stands";
  EXPECT_DOUBLE_EQ(analysis.lines.at(0).points[0].objective, 2.1);
}

TEST(Analysis, SeedsAreAveragedAndMakeNoLines) {
  const Analysis analysis = Analyze(Seeds());
  EXPECT_THAT(analysis.repeats, ElementsAre("training.seed"));
  ASSERT_EQ(analysis.lines.size(), 1U);
  for (const Point& point : analysis.lines[0].points) EXPECT_EQ(point.jobs.size(), 3U);
}

TEST(Analysis, WithoutANumericAxisEveryCombinationIsItsOwnLine) {
  const Analysis analysis = Analyze(WordsOnly());
  EXPECT_EQ(analysis.main_axis, "");
  EXPECT_THAT(Labels(analysis),
              ElementsAre("sgd fp32", "sgd bf16", "adam fp32", "adam bf16", "adamw fp32", "adamw bf16"));
  for (const Line& line : analysis.lines) EXPECT_EQ(line.points.size(), 1U);
}

TEST(Analysis, AnAxisThatGrowsWithTheMainAxisMakesNoLines) {
  ReportData data = SweepOf({{"1", 3}, {"2", 2}, {"4", 1}});
  data.axes.push_back("model.heads");
  for (size_t i = 0; i < 3; ++i)
    data.jobs[i].parameters.push_back({"model.heads", std::to_string(2 * i + 2)});
  const Analysis analysis = Analyze(data);
  EXPECT_THAT(analysis.line_axes, IsEmpty());
  EXPECT_EQ(analysis.lines.size(), 1U);
}

TEST(Analysis, JobsWithoutAValueOnTheMainAxisAreSetAside) {
  ReportData data = SweepOf({{"1e-3", 2.0}, {"1e-2", 3.0}, {"", 1.0}});
  data.jobs[2].parameters.clear();
  const Analysis analysis = Analyze(data);
  EXPECT_THAT(analysis.unplaced, ElementsAre(2));
}

TEST(Analysis, OneJobIsOneLineAndItsOwnBest) {
  const Analysis analysis = Analyze(OneJob());
  ASSERT_EQ(analysis.lines.size(), 1U);
  EXPECT_EQ(analysis.best_job, 0U);
}

TEST(Analysis, InfiniteAndMissingFiguresHaveNoBest) {
  ReportData data = SweepOf({{"1e-3", std::numeric_limits<double>::infinity()}, {"1e-2", NAN}, {"1e-1", 0}});
  data.jobs[2].final_figures.clear();
  EXPECT_EQ(Analyze(data).best_job, kNoJob);
}

TEST(Analysis, NoJobsGiveNoLines) { EXPECT_THAT(Analyze(Empty()).lines, IsEmpty()); }

}  // namespace
}  // namespace optfleet::report
