// Budgets whose steps are not known beforehand, and the seed of the data's order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::PointsOf;

ExpandResult Expand(const std::string& text) {
  return ExpandSweep({{{"sweep.yaml", "data.path: text.txt\n" + text, ""}}, {}, "", {}});
}

std::string Mistakes(const std::string& text) { return Expand(text).diagnostics.Render(); }

std::vector<double> Seconds(const std::string& text) {
  const ExpandResult result = Expand(text);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  std::vector<double> seconds;
  if (result.expansion)
    for (const Job& job : result.expansion->jobs) seconds.push_back(job.spec.budget.seconds);
  return seconds;
}

TEST(DeviceHours, AreSharedByTheSlotsOfAJob) {
  EXPECT_THAT(Seconds("budget.device_hours: 2\n"), ElementsAre(7200));
  EXPECT_THAT(Seconds("budget.device_hours: [2, 30min]\nresources.slots: 4\n"), ElementsAre(1800, 450));
  EXPECT_THAT(Seconds("resources: {slots: 2}\nbudget.device_hours: ${if(model.layers > 2, 3h, 1)}\n"
                      "model.layers: [2, 4]\n"),
              ElementsAre(1800, 5400));
}

TEST(DeviceHours, ExpressionsSeeTheSecondsOfTheJob) {
  const ExpandResult result = Expand(
      "resources.slots: 4\nbudget.device_hours: 1\n"
      "evaluation.every_steps: ${floor(budget.seconds / 9 seconds) + budget.device_hours}\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs[0].spec.evaluation.every_steps, 101);
}

TEST(DeviceHours, HaveTheRulesOfSeconds) {
  EXPECT_THAT(Mistakes("budget.device_hours: 1\nhalving: {first: 10%}\n"),
              HasSubstr("`halving` needs jobs that end after steps"));
  EXPECT_THAT(Mistakes("budget.device_hours: 1\nschedule.warmup: 10\n"), HasSubstr("is no share of the run"));
  EXPECT_EQ(Expand("budget.device_hours: 1\nresources.slots: 2\n").expansion->jobs[0].hash,
            Expand("budget.seconds: 1800\n").expansion->jobs[0].hash);
}

// A stage finds the jobs that it starts from by their hashes.
TEST(DeviceHours, StagesStartFromTheirJobs) {
  SweepInput input{{{"sweep.yaml",
                     "data.path: text.txt\nbudget.device_hours: 1\nresources.slots: 2\nstages:\n"
                     "  - {name: rates, optimizer.learning_rate: [1e-3, 3e-3]}\n"
                     "  - {name: seeds, base: best(rates), replicates: 2}\n",
                     ""}},
                   {},
                   "",
                   {}};
  const auto first = ExpandSweep(input);
  ASSERT_TRUE(first.expansion) << first.diagnostics.Render();
  const std::string best = first.expansion->jobs[1].hash;
  input.progress.axes = first.expansion->axes;
  input.progress.bases = {ChooseStart(input, [&](const std::string& hash, const std::string&) {
                            return std::optional(hash == best ? 1.0 : 2.0);
                          }).bases};
  ASSERT_THAT(input.progress.bases[0], ElementsAre(best));
  const auto second = ExpandSweep(input);
  ASSERT_TRUE(second.expansion) << second.diagnostics.Render();
  ASSERT_EQ(second.expansion->jobs.size(), 2U);
  EXPECT_EQ(second.expansion->jobs[0].hash, best);
}

TEST(Epochs, StayInTheSpecAndMayBeComputedWith) {
  const ExpandResult result = Expand("budget.epochs: [0.5, 4]\nschedule.warmup: ${20% / budget.epochs}\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  ASSERT_EQ(result.expansion->jobs.size(), 2U);
  EXPECT_EQ(result.expansion->jobs[1].spec.budget, (spec::BudgetSpec{.epochs = 4}));
  EXPECT_EQ(result.expansion->jobs[1].spec.schedule.warmup, spec::Percent(5));
  EXPECT_NE(result.expansion->jobs[0].hash, result.expansion->jobs[1].hash);
}

TEST(Epochs, NothingMayCountOnTheirSteps) {
  EXPECT_THAT(Mistakes("budget.epochs: 1\nhalving: {first: 10%}\n"),
              HasSubstr("give their budget in steps, tokens or FLOPs instead of seconds or epochs"));
  EXPECT_THAT(Mistakes("budget.epochs: 1\nstop: {plateau: 10%}\n"),
              HasSubstr("`stop.plateau` as a share needs jobs that end after steps"));
  EXPECT_EQ(Mistakes("budget.epochs: 1\nstop: {plateau: 10}\n"), "");
  EXPECT_THAT(Mistakes("budget.epochs: 1\nevaluation.every_steps: ${ceil(budget.steps / 10)}\n"),
              HasSubstr("`budget.steps` is not known before a run that ends by epochs has read its data"));
  EXPECT_THAT(Mistakes("budget.seconds: 1\nevaluation.every_steps: ${ceil(budget.tokens / 10)}\n"),
              HasSubstr("`budget.tokens` is not known before a run that ends by time has ended"));
}

TEST(DataSeed, IsAnAxisBesideTheSeedOfTheRun) {
  EXPECT_THAT(PointsOf("data.seed: [7, 8]\nreplicates: 2\n"), ElementsAre("7 0", "7 1", "8 0", "8 1"));
}

// With a list of the run's own seeds beside it, points of which are otherwise looked at once (PointClasses).
TEST(DataSeed, ThatOfTheRunIsTheSameJobAtEachOfItsValues) {
  EXPECT_THAT(PointsOf("data.seed: [1, inherit]\ntraining.seed: [0, 1, 2]\n"),
              ElementsAre("1 0", "1 1", "1 2", "inherit 0", "inherit 2"));
}

TEST(DataSeed, ThatOfTheRunIsTheSameJob) {
  const auto result = testing::Expanded("data.seed: [0, 1, inherit]\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs.size(), 2U) << "0 is training.seed, too";
  EXPECT_EQ(result.expansion->jobs[0].hash, testing::Expanded("name: x\n").expansion->jobs[0].hash);
}

// The mean over both kinds of seeds decides, and all of them must have a value.
TEST(DataSeed, JobsThatDifferInSeedsOnlyAreOne) {
  SweepInput input = testing::OneFile(testing::kEnough +
                                      "stages:\n"
                                      "  - name: rates\n"
                                      "    optimizer.learning_rate: [1e-3, 3e-3]\n"
                                      "    data.seed: [1, 2]\n"
                                      "    training.seed: [0, 5]\n"
                                      "  - {name: after, base: best(rates)}\n");
  const auto first = ExpandSweep(input);
  ASSERT_TRUE(first.expansion) << first.diagnostics.Render();
  const std::vector<Job>& jobs = first.expansion->jobs;
  ASSERT_EQ(jobs.size(), 8U);
  const auto best = [&](const std::vector<double>& values) {
    return ChooseStart(input,
                       [&](const std::string& hash, const std::string&) -> std::optional<double> {
                         for (size_t i = 0; i < jobs.size(); ++i)
                           if (jobs[i].hash == hash && values[i] > 0) return values[i];
                         return std::nullopt;
                       })
        .bases;
  };
  EXPECT_THAT(best({1, 9, 9, 9, 5, 5, 5, 5}), ElementsAre(jobs[4].hash));
  EXPECT_THAT(best({6, 6, 6, 6, 1, 1, 1, 0}), ElementsAre(jobs[0].hash));
}

}  // namespace
}  // namespace optfleet::sweeps
