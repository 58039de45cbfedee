// Stopping rules: when they speak, and what they say.
#include "sweeps/search/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <random>

#include "sweeps/search/ranking.h"

namespace optfleet::sweeps {
namespace {

using ::testing::Optional;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::optional<std::string> kNothing = std::nullopt;

TEST(Median, StopsWhatIsWorseThanTheAveragesOfOthers) {
  MedianRule rule({});
  for (int32_t job = 1; job <= 3; ++job) {
    EXPECT_EQ(rule.Add({job, 10, 4.0}), kNothing);
    EXPECT_EQ(rule.Add({job, 20, 2.0}), kNothing);
  }
  // Their averages up to step 20 are 3.
  EXPECT_EQ(rule.Add({4, 10, 3.9}), kNothing);
  EXPECT_EQ(rule.Add({4, 20, 3.0}), kNothing) << "not worse";
  EXPECT_EQ(rule.Add({5, 10, 3.5}), kNothing);
  EXPECT_THAT(rule.Add({5, 20, 3.4}),
              Optional(std::string("its best value 3.4 at step 20 is above 3, the median of "
                                   "the averages of 4 other jobs up to there")));
}

TEST(Median, TheBestValueCountsNotTheLast) {
  MedianRule rule({});
  for (int32_t job = 1; job <= 3; ++job) rule.Add({job, 10, 3.0});
  for (int32_t job = 1; job <= 3; ++job) rule.Add({job, 20, 3.0});
  rule.Add({4, 10, 2.0});
  EXPECT_EQ(rule.Add({4, 20, 9.0}), kNothing);
}

TEST(Median, WaitsForOthersAndForItsTime) {
  MedianRule rule({.after = 20, .least_jobs = 3});
  for (int32_t job = 1; job <= 3; ++job) rule.Add({job, 10, 1.0});
  for (int32_t job = 1; job <= 2; ++job) rule.Add({job, 20, 1.0});
  EXPECT_EQ(rule.Add({9, 10, 5.0}), kNothing) << "before its time";
  EXPECT_EQ(rule.Add({9, 20, 5.0}), kNothing) << "two others got there";
  rule.Add({3, 30, 1.0});
  EXPECT_TRUE(rule.Add({8, 20, 5.0})) << "the third passed step 20";
  MedianRule alone({.least_jobs = 0});
  EXPECT_EQ(alone.Add({1, 10, 5.0}), kNothing);
}

TEST(Median, WhatIsNotFiniteIsWorst) {
  MedianRule rule({});
  for (int32_t job = 1; job <= 4; ++job) rule.Add({job, 10, job <= 2 ? 2.0 : kNan});
  EXPECT_EQ(rule.Add({5, 10, 1e9}), kNothing) << "between 2 and a value that is not finite";
  for (int32_t job = 6; job <= 9; ++job) rule.Add({job, 10, 2.0});
  EXPECT_THAT(rule.Add({10, 10, kNan}),
              Optional(::testing::StartsWith("its best value (none is finite) at")));
}

// The rule as the paper has it, over all reports each time.
bool PaperStops(const std::map<int32_t, std::map<int64_t, double>>& jobs, int32_t number, int64_t step) {
  std::vector<double> averages;
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [other, values] : jobs) {
    double sum = 0;
    int count = 0;
    for (const auto& [at, value] : values) {
      if (at > step) break;
      sum += value;
      ++count;
      if (other == number) best = std::min(best, value);
    }
    if (other != number && count > 0 && values.rbegin()->first >= step) averages.push_back(sum / count);
  }
  if (averages.size() < 3) return false;
  std::sort(averages.begin(), averages.end());
  const size_t half = averages.size() / 2;
  return best > (averages.size() % 2 == 1 ? averages[half] : (averages[half - 1] + averages[half]) / 2);
}

TEST(Median, IsTheRuleOfThePaper) {
  int stops = 0;
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    MedianRule rule({});
    std::map<int32_t, std::map<int64_t, double>> jobs;
    for (int i = 0; i < 150; ++i) {
      const auto number = static_cast<int32_t>(random() % 9);
      // Jobs of three kinds validate at steps of their own.
      const int64_t last = jobs.contains(number) ? jobs[number].rbegin()->first : 0;
      const int64_t step = last + 2 + number % 3 + static_cast<int64_t>(random() % 2);
      const double value = random() % 1000 / 100.0;
      jobs[number][step] = value;
      const bool stopped = rule.Add({number, step, value}).has_value();
      ASSERT_EQ(stopped, PaperStops(jobs, number, step)) << "seed " << seed << " report " << i;
      stops += stopped ? 1 : 0;
    }
  }
  EXPECT_GT(stops, 100) << "else the comparison says nothing";
}

TEST(Median, ManyJobsCostLittle) {
  constexpr int32_t kJobs = 20'000;
  constexpr double kMostCpuSeconds = 10;  // 0.4 s measured in a release build
  std::mt19937 random(3);
  MedianRule rule({});
  const std::clock_t begin = std::clock();
  for (int64_t step = 1; step <= 20; ++step)
    for (int32_t job = 0; job < kJobs; ++job) rule.Add({job, step, static_cast<double>(random())});
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, kMostCpuSeconds);
  RecordProperty("cpu_seconds", std::to_string(seconds));
}

TEST(Plateau, StopsWhatNoLongerBecomesBetter) {
  PlateauRule rule({.patience = 100, .min_delta = 0.01});
  EXPECT_EQ(rule.Add({1, 50, 2.0}), kNothing);
  EXPECT_EQ(rule.Add({1, 100, 1.5}), kNothing);
  EXPECT_EQ(rule.Add({1, 150, 1.495}), kNothing) << "better, but not by more than min_delta";
  EXPECT_THAT(
      rule.Add({1, 200, 1.493}),
      Optional(std::string("no value at step 200 is better by more than 0.01 than 1.5 at step 100, for "
                           "100 steps")));
  EXPECT_EQ(rule.Add({1, 250, 1.48}), kNothing) << "it did, and went on";
  EXPECT_EQ(rule.Add({2, 250, 9}), kNothing) << "each by itself";
}

TEST(Plateau, WhatIsNotFiniteIsNoImprovement) {
  PlateauRule rule({.patience = 100});
  EXPECT_EQ(rule.Add({1, 50, kNan}), kNothing);
  EXPECT_THAT(
      rule.Add({1, 150, kNan}),
      Optional(std::string("no value at step 150 is better by more than 0 than no finite value, for 100 "
                           "steps")));
  EXPECT_EQ(rule.Add({1, 160, 5}), kNothing);
}

TEST(Divergence, StopsWhatIsFarAboveItsBest) {
  DivergenceRule rule({.factor = 2, .patience = 2});
  EXPECT_EQ(rule.Add({1, 10, 3.0}), kNothing);
  EXPECT_EQ(rule.Add({1, 20, 6.1}), kNothing) << "once";
  EXPECT_EQ(rule.Add({1, 30, 5.9}), kNothing) << "and is back";
  EXPECT_EQ(rule.Add({1, 40, 6.1}), kNothing);
  EXPECT_THAT(rule.Add({1, 50, 6.5}),
              Optional(std::string("6.5 at step 50 is above 2 times its best value 3, the "
                                   "last of 2 such in a row")));
}

TEST(Divergence, OrAboveALimit) {
  DivergenceRule rule({.limit = 10});
  EXPECT_EQ(rule.Add({1, 10, 10.0}), kNothing);
  EXPECT_THAT(rule.Add({1, 20, 11.25}), Optional(std::string("11.25 at step 20 is above the limit of 10")));
  EXPECT_THAT(rule.Add({2, 20, kNan}), Optional(std::string("NaN at step 20 is not finite")));
}

TEST(Divergence, NoMultiplesOfWhatIsNotAboveZero) {
  DivergenceRule rule({.factor = 2});
  EXPECT_EQ(rule.Add({1, 10, -3.0}), kNothing);
  EXPECT_EQ(rule.Add({1, 20, 5.0}), kNothing);
}

}  // namespace
}  // namespace optfleet::sweeps
