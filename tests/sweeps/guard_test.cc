// The header key `guard`, and when a sweep is over by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sweeps/search/guard.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using ::testing::Optional;

std::optional<GuardPlan> PlanOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const auto result = Expanded(text, overrides);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion ? result.expansion->guard : std::nullopt;
}

TEST(Guard, NothingEndsASweepUnlessItIsSaid) { EXPECT_FALSE(PlanOf("name: x\n")); }

TEST(Guard, IsReadNestedDottedAndFromOverrides) {
  EXPECT_THAT(PlanOf("guard: {diverged: 30%, failed: 5, after: 4}\n"),
              Optional(GuardPlan{.diverged = JobsOrShare{.share = 0.3, .jobs = 0},
                                 .failed = JobsOrShare{.share = 0, .jobs = 5},
                                 .after = 4}));
  EXPECT_THAT(PlanOf("guard.device_hours: 1.5\n"), Optional(GuardPlan{.device_hours = 1.5}));
  EXPECT_THAT(PlanOf("guard.device_hours: 90min\n"), Optional(GuardPlan{.device_hours = 1.5}));
  EXPECT_THAT(PlanOf("guard.device_hours: 1\n", {"guard.device_hours=2d"}),
              Optional(GuardPlan{.device_hours = 48}));
  EXPECT_THAT(PlanOf("guard.failed: 0\n"), Optional(GuardPlan{.failed = JobsOrShare{}}));
}

TEST(Guard, MistakesSayWhatAndWhere) {
  const std::string all = MistakesOf(
      "guard:\n  divergd: 20%\n  failed: 1.5\n  diverged: 101%\n  device_hours: 3 tokens\n  after: 0\n");
  EXPECT_THAT(all, HasSubstr("sweep.yaml:2:3: `guard` has no key `divergd`"));
  EXPECT_THAT(all, HasSubstr("did you mean `diverged`?"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:3:11: `failed` must be a share of the jobs, as 30%, or a number of "
                             "jobs, found 1.5"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:4:13: `diverged` must be"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:5:17: `device_hours` must be a number of hours above 0, or a time "
                             "as 90min, found 3 tokens"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:6:10: `after` must be"));
  EXPECT_THAT(MistakesOf("guard: 3\n"), HasSubstr("must be a map of keys"));
  EXPECT_THAT(MistakesOf("guard.device_hours: [1, 2]\n"), HasSubstr("must be one value"));
  EXPECT_THAT(MistakesOf("sweep:\n  - guard: {failed: 1}\n"), HasSubstr("cannot stand in a block"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a, guard: {failed: 1}}\n"),
              HasSubstr("cannot stand in a stage"));
}

TEST(Guard, AKeyThatNothingReadsIsAMistake) {
  EXPECT_THAT(MistakesOf("guard: {after: 3, failed: 2}\n"),
              HasSubstr("`guard.after` does nothing without a share"));
}

TEST(Guard, AShareCountsOnceEnoughJobsHaveEnded) {
  const GuardPlan plan{.diverged = JobsOrShare{.share = 0.5, .jobs = 0}, .after = 4};
  EXPECT_FALSE(WhyOver(plan, {.ended = 3, .diverged = 3}));
  EXPECT_FALSE(WhyOver(plan, {.ended = 4, .diverged = 2}));
  EXPECT_THAT(WhyOver(plan, {.ended = 4, .diverged = 3}),
              Optional(std::string("3 of 4 jobs that have ended diverged, more than 50%")));
  EXPECT_FALSE(WhyOver(plan, {.ended = 4, .failed = 4}));
}

TEST(Guard, ANumberOfJobsCountsAtOnce) {
  const GuardPlan plan{.failed = JobsOrShare{.share = 0, .jobs = 2}};
  EXPECT_FALSE(WhyOver(plan, {.ended = 2, .failed = 2}));
  EXPECT_THAT(WhyOver(plan, {.ended = 3, .failed = 3}), Optional(std::string("3 jobs failed, more than 2")));
}

TEST(Guard, TheLimitOfDeviceHoursIsReachedWithTheLastOne) {
  const GuardPlan plan{.device_hours = 1.5};
  EXPECT_FALSE(WhyOver(plan, {.device_hours = 1.49}));
  EXPECT_THAT(WhyOver(plan, {.device_hours = 1.5}), Optional(std::string("1.5 device hours are spent")));
  EXPECT_FALSE(WhyOver({.diverged = JobsOrShare{.share = 0.5, .jobs = 0}}, {.device_hours = 1e6}));
  EXPECT_EQ(DeviceTimeText(0.25), "15 device minutes");
  EXPECT_EQ(DeviceTimeText(8.0 / 3600), "8 device seconds");
  EXPECT_EQ(DeviceTimeText(12345.6), "12,346 device hours");
  EXPECT_EQ(DeviceTimeText(25.33 / 3600, 2), "25 device seconds");
  EXPECT_EQ(DeviceTimeText(126, 2), "126 device hours");
}

}  // namespace
}  // namespace optfleet::sweeps
