#include "optctl/report/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/fixtures.h"

namespace optfleet::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string AnswerTo(const ReportData& data) { return AnswerSentence(data, Analyze(data)); }

TEST(Answer, NamesTheBestAndWhatLiesAtTheEdge) {
  EXPECT_EQ(AnswerTo(QuickstartSweep()),
            "best: adamw batch 8 width 160 lr=3e-3: val loss 1.824, 2.63 bits/byte; "
            "sgd batch 8's best lr (1.0) is at the edge of its range; "
            "sgd batch 16's best lr (1.0) is at the edge of its range");
}

TEST(Answer, CountsEdgesWhereTheyAreMany) {
  ReportData data = QuickstartSweep();
  for (Job& job : data.jobs) {
    for (Figure& figure : job.final_figures) {
      if (figure.key == "val_loss") figure.value = 10 - std::stod(job.parameters[1].value);
    }
  }
  EXPECT_THAT(AnswerTo(data), HasSubstr("; the best lr of 3 of 9 lines is at the edge of its range"));
}

TEST(Answer, SaysSoFarWhileJobsRun) {
  EXPECT_THAT(AnswerTo(RunningSweep()),
              StartsWith("best so far, 20 of 34 jobs have ended: adam batch 16 lr=3e-3: val loss"));
}

TEST(Answer, SaysThatNothingHasEndedYet) {
  ReportData data = RunningSweep();
  for (Job& job : data.jobs) {
    job.outcome.reset();
    job.state = "queued";
  }
  EXPECT_EQ(AnswerTo(data), "no result yet, 0 of 34 jobs have ended: 34 queued");
}

TEST(Answer, SaysHowTheyEndedWhereNoneReachedItsEnd) {
  EXPECT_EQ(AnswerTo(DivergedSweep()), "no job reached its end: 3 diverged");
}

TEST(Answer, OneJobNeedsNoName) { EXPECT_EQ(AnswerTo(OneJob()), "val loss 1.978, 2.85 bits/byte"); }

TEST(Answer, AnEmptySweepIsSaidToBeEmpty) { EXPECT_EQ(AnswerTo(Empty()), "this sweep has no jobs"); }

TEST(ShortName, UsesTheUsualWords) {
  EXPECT_EQ(ShortName("optimizer.learning_rate"), "lr");
  EXPECT_EQ(ShortName("training.batch_size"), "batch");
  EXPECT_EQ(ShortName("optimizer.name"), "optimizer");
  EXPECT_EQ(ShortName("optimizer.weight_decay"), "weight decay");
  EXPECT_EQ(ShortName("optimizer.groups.output.name"), "output");
  EXPECT_EQ(ShortName("optimizer.groups.output.learning_rate"), "output lr");
  EXPECT_EQ(ShortName("optimizer.groups.norm.weight_decay"), "norm weight decay");
  EXPECT_EQ(ShortName("training.seed"), "seed");
  EXPECT_EQ(ShortName("data.seed"), "data seed") << "beside the other";
  EXPECT_EQ(ShortName("name"), "name");
  EXPECT_EQ(ShortName(""), "");
}

TEST(DescribeValue, AddsTheNameWhereTheBareValueSaysNothing) {
  EXPECT_EQ(DescribeValue("optimizer.name", "adamw"), "adamw");
  EXPECT_EQ(DescribeValue("training.batch_size", "16"), "batch 16");
  EXPECT_EQ(DescribeValue("optimizer.groups.output.name", "adamw"), "output adamw");
  EXPECT_EQ(DescribeValue("optimizer.groups.output.learning_rate", "3e-3"), "output lr 3e-3");
  EXPECT_EQ(DescribeValue("optimizer.groups.output.name", "inherit"), "");
  EXPECT_EQ(DescribeValue("model.tie_output", "true"), "tie output true");
}

}  // namespace
}  // namespace optfleet::report
