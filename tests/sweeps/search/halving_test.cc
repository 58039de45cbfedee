// Successive halving: who may go on, and what it depends on.
#include "sweeps/search/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <random>
#include <set>

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST(RungSteps, EachIsAFactorFurther) {
  EXPECT_THAT(RungSteps({.first_share = 0.1}, 300), ElementsAre(30, 90, 270));
  EXPECT_THAT(RungSteps({.first_steps = 50}, 1000), ElementsAre(50, 150, 450));
  EXPECT_THAT(RungSteps({.first_steps = 100, .factor = 2}, 800), ElementsAre(100, 200, 400))
      << "the end of the job is not a rung";
}

TEST(RungSteps, AreRoundedUpAndAscend) {
  EXPECT_THAT(RungSteps({.first_share = 0.07}, 100), ElementsAre(7, 21, 63)) << "not 8 for 7.000000000000001";
  EXPECT_THAT(RungSteps({.first_share = 0.011}, 100), ElementsAre(2, 4, 10, 30, 90));
  EXPECT_THAT(RungSteps({.first_share = 0.001}, 10), ElementsAre(1, 3, 8));
  EXPECT_THAT(RungSteps({.first_share = 0.99}, 10), IsEmpty()) << "rounded up it is the end";
}

TEST(RungSteps, OfWhatIsNoPlan) {
  EXPECT_THAT(RungSteps({}, 100), IsEmpty());
  EXPECT_THAT(RungSteps({.first_share = kNan}, 100), IsEmpty());
  EXPECT_THAT(RungSteps({.first_steps = 100}, 100), IsEmpty());
  EXPECT_THAT(RungSteps({.first_steps = 30, .factor = 1}, 100), ElementsAre(30, 60)) << "as 2";
  EXPECT_EQ(RungSteps({.first_steps = 1}, std::numeric_limits<int64_t>::max()).size(), 40U);
}

TEST(Halving, TheBestThirdGoesOn) {
  Halving halving(3);
  halving.Reach(1, 0, 3.0);
  halving.Reach(2, 0, 2.0);
  EXPECT_THAT(halving.Promote(), IsEmpty());
  halving.Reach(3, 0, 4.0);
  EXPECT_THAT(halving.Promote(), ElementsAre(2));
  EXPECT_THAT(halving.Promote(), IsEmpty()) << "once";
}

TEST(Halving, OneThatCameLateAndIsBetterGoesOnToo) {
  Halving halving(3);
  for (int32_t job = 1; job <= 3; ++job) halving.Reach(job, 0, 3.0 + job);
  EXPECT_THAT(halving.Promote(), ElementsAre(1));
  halving.Reach(4, 0, 1.0);
  EXPECT_THAT(halving.Promote(), ElementsAre(4)) << "of 4 the best is another now";
  halving.Reach(5, 0, 9.0);
  halving.Reach(6, 0, 9.0);
  EXPECT_THAT(halving.Promote(), IsEmpty()) << "the best two went on already";
}

TEST(Halving, OneThatWasPushedOutDoesNotGoOn) {
  Halving halving(3);
  for (int32_t job = 1; job <= 3; ++job) halving.Reach(job, 0, 3.0 + job);
  halving.Reach(4, 0, 1.0);
  EXPECT_THAT(halving.Promote(), ElementsAre(4));
}

TEST(Halving, HigherRungsComeFirst) {
  Halving halving(2);
  for (int32_t job = 1; job <= 4; ++job) halving.Reach(job, 0, job);
  EXPECT_THAT(halving.Promote(), ElementsAre(1, 2));
  halving.Reach(1, 1, 5.0);
  halving.Reach(2, 1, 4.0);
  halving.Reach(5, 0, 0.5);
  halving.Reach(6, 0, 0.7);
  EXPECT_THAT(halving.Promote(), ElementsAre(2, 5, 6));
}

TEST(Halving, EqualValuesGoByTheNumberAndOddOnesNever) {
  Halving halving(2);
  for (const int32_t job : {4, 3, 2, 1}) halving.Reach(job, 0, 1.0);
  EXPECT_THAT(halving.Promote(), ElementsAre(1, 2));

  Halving odd(2);
  odd.Reach(1, 0, kNan);
  odd.Reach(2, 0, -kInfinite);
  odd.Reach(3, 0, kInfinite);
  odd.Reach(4, 0, 7.0);
  EXPECT_THAT(odd.Promote(), ElementsAre(4));
  EXPECT_EQ(odd.StandingOf(2, 0)->place, 3) << "after the number 1, which is as bad";
  EXPECT_EQ(odd.PromoteBest(), std::nullopt);
}

TEST(Halving, OneThatLeftIsNotPromotedButCounts) {
  Halving halving(3);
  for (int32_t job = 1; job <= 3; ++job) halving.Reach(job, 0, job);
  halving.Leave(1);
  EXPECT_THAT(halving.Promote(), IsEmpty()) << "the best of 3 has left";
  for (int32_t job = 4; job <= 6; ++job) halving.Reach(job, 0, job);
  EXPECT_THAT(halving.Promote(), ElementsAre(2)) << "the best of 6 are 1 and 2";
  halving.Return(1);
  EXPECT_FALSE(halving.HasLeft(1));
  EXPECT_THAT(halving.Promote(), ElementsAre(1));
}

TEST(Halving, WithFewJobsTheBestStillGoesToItsEnd) {
  Halving halving(3);
  halving.Reach(1, 0, 2.0);
  halving.Reach(2, 0, 1.0);
  EXPECT_THAT(halving.Promote(), IsEmpty());
  EXPECT_EQ(halving.PromoteBest(), 2);
  halving.Reach(2, 1, 1.0);
  EXPECT_EQ(halving.PromoteBest(), 2) << "from the highest rung";
  EXPECT_EQ(halving.PromoteBest(), 1);
  EXPECT_EQ(halving.PromoteBest(), std::nullopt);
}

TEST(Halving, SaysHowAJobStands) {
  Halving halving(3);
  for (int32_t job = 1; job <= 9; ++job) halving.Reach(job, 1, job);
  EXPECT_EQ(halving.RankText(3, 1, 1200), "3rd of 9 at rung 1 (step 1,200); the best 3 go on");
  EXPECT_EQ(halving.RankText(3, 0, 100), "");
  EXPECT_EQ(halving.RankText(10, 1, 100), "");
  EXPECT_EQ(halving.HighestRungOf(3), 1);
  EXPECT_EQ(halving.HighestRungOf(10), std::nullopt);
  halving.Reach(1, 2, 1);
  EXPECT_EQ(halving.RankText(1, 2, 3), "1st of 1 at rung 2 (step 3); none goes on before 3 are there");
  for (int32_t job = 2; job <= 3; ++job) halving.Reach(job, 2, job);
  EXPECT_EQ(halving.RankText(2, 2, 3), "2nd of 3 at rung 2 (step 3); the best goes on");
}

TEST(Ordinal, OfNumbersThatEndInTeens) {
  EXPECT_EQ(Ordinal(1) + Ordinal(2) + Ordinal(3) + Ordinal(4), "1st2nd3rd4th");
  EXPECT_EQ(Ordinal(11) + Ordinal(12) + Ordinal(13) + Ordinal(1021), "11th12th13th1,021st");
}

// The rule as the paper has it: everything is sorted each time.
class Plain {
 public:
  explicit Plain(size_t factor) : factor_(factor) {}

  void Reach(int32_t job, size_t rung, double value) { rungs_[rung].insert({Comparable(value), job}); }
  void Leave(int32_t job) { left_.insert(job); }

  std::vector<int32_t> Promote() {
    std::vector<int32_t> jobs;
    for (auto rung = rungs_.rbegin(); rung != rungs_.rend(); ++rung) {
      size_t place = 0;
      for (const auto& [value, job] : rung->second) {
        if (place++ == rung->second.size() / factor_) break;
        if (std::isinf(value) || left_.contains(job) || !promoted_[rung->first].insert(job).second) continue;
        jobs.push_back(job);
      }
    }
    return jobs;
  }

 private:
  size_t factor_;
  std::map<size_t, std::set<std::pair<double, int32_t>>> rungs_;
  std::map<size_t, std::set<int32_t>> promoted_;
  std::set<int32_t> left_;
};

TEST(Halving, IsTheRuleOfThePaper) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto factor = static_cast<int32_t>(2 + seed % 3);
    Halving halving(factor);
    Plain plain(static_cast<size_t>(factor));
    std::map<int32_t, int32_t> rung_of;
    std::vector<int32_t> running;
    for (int32_t job = 1; job <= 60; ++job) running.push_back(job);
    while (!running.empty()) {
      const size_t which = random() % running.size();
      const int32_t job = running[which];
      running.erase(running.begin() + static_cast<int64_t>(which));
      const double value = random() % 20 == 0 ? kNan : random() % 30;  // some are equal
      const int32_t rung = rung_of[job]++;
      halving.Reach(job, rung, value);
      plain.Reach(job, static_cast<size_t>(rung), value);
      if (random() % 15 == 0) {
        halving.Leave(job);
        plain.Leave(job);
      }
      if (random() % 3 != 0) continue;
      const std::vector<int32_t> promoted = halving.Promote();
      ASSERT_EQ(promoted, plain.Promote()) << "seed " << seed;
      for (const int32_t next : promoted)
        if (rung_of[next] < 4) running.push_back(next);
    }
  }
}

TEST(Halving, AHundredThousandJobsCostLittle) {
  constexpr int32_t kJobs = 100'000;
  constexpr double kMostCpuSeconds = 10;  // 0.3 s measured in a release build
  std::mt19937 random(7);
  Halving halving(3);
  const std::clock_t begin = std::clock();
  size_t promoted = 0;
  for (int32_t job = 1; job <= kJobs; ++job) {
    halving.Reach(job, 0, static_cast<double>(random()));
    promoted += halving.Promote().size();
  }
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_GE(promoted, kJobs / 3U);
  EXPECT_LT(promoted, kJobs / 3U + 2000) << "some that were best only for a time";
  EXPECT_LT(seconds, kMostCpuSeconds);
  RecordProperty("cpu_seconds", std::to_string(seconds));
}

}  // namespace
}  // namespace optfleet::sweeps
