#include "trainer_core/checkpoint/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace optfleet::trainer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A run of steps, validated where `losses` says so, that writes and deletes as it is told.
struct Story {
  spec::CheckpointSpec checkpoint;
  std::vector<RankedStep> best = {};
  std::vector<int64_t> there = {};
  std::vector<int64_t> kept = {};

  void Run(const std::vector<std::optional<double>>& losses) {
    for (size_t i = 0; i < losses.size(); ++i) {
      const StepEnd end{static_cast<int64_t>(i) + 1, i + 1 == losses.size(), losses[i]};
      if (!IsCheckpointDue(checkpoint, end, best)) continue;
      best = BestWith(end, best, checkpoint.keep_best);
      there.push_back(end.step);
      const Retention retention = PlanRetention(there, checkpoint, end, best);
      for (const int64_t step : retention.doomed) std::erase(there, step);
      kept = retention.kept;
    }
  }
};

constexpr std::nullopt_t kNone = std::nullopt;

TEST(Retention, TheNewestStayAndTheOthersGo) {
  Story story{{.every_steps = 2, .keep = 2}};
  story.Run(std::vector<std::optional<double>>(9));
  EXPECT_THAT(story.there, ElementsAre(6, 8));
  EXPECT_THAT(story.kept, IsEmpty());
}

TEST(Retention, EveryNthIsWrittenAndKeptForGood) {
  Story story{{.every_steps = 2, .keep = 1, .keep_every_steps = 3}};
  story.Run(std::vector<std::optional<double>>(10));
  EXPECT_THAT(story.there, ElementsAre(3, 6, 9, 10));
  EXPECT_THAT(story.kept, ElementsAre(3, 6, 9));
}

TEST(Retention, TheBestAreWrittenAtTheirValidationAndKeptUntilBetterOnesCome) {
  Story story{{.keep = 1, .keep_best = 2}};
  story.Run({3.0, kNone, 2.5, 2.7, kNone, 2.9, 2.4, kNone});
  EXPECT_THAT(story.best, ElementsAre(RankedStep{7, 2.4}, RankedStep{3, 2.5}));
  EXPECT_THAT(story.there, ElementsAre(3, 7));
  EXPECT_THAT(story.kept, ElementsAre(3, 7));
}

TEST(Retention, OfEqualLossesTheEarlierIsBest) {
  Story story{{.keep_best = 1}};
  story.Run({2.0, 2.0, 2.0});
  EXPECT_THAT(story.best, ElementsAre(RankedStep{1, 2.0}));
}

TEST(Retention, ACheckpointWithoutAValidationOrWithABrokenOneNeverRanks) {
  Story story{{.every_steps = 1, .keep = 1, .keep_best = 2}};
  story.Run({kNone, std::nan(""), INFINITY, kNone});
  EXPECT_THAT(story.best, IsEmpty());
  EXPECT_THAT(story.there, ElementsAre(4));
}

TEST(Retention, TheLastStepIsWrittenAndKeptWhereAsked) {
  Story story{{.keep = 1, .at_end = true}};
  story.Run(std::vector<std::optional<double>>(5));
  EXPECT_THAT(story.kept, ElementsAre(5));
}

TEST(Retention, WithoutThemNothingIsDueAndNothingRanks) {
  Story story{{}};
  story.Run({1.0, 0.5, 0.25});
  EXPECT_THAT(story.there, IsEmpty());
  EXPECT_THAT(story.best, IsEmpty());
}

}  // namespace
}  // namespace optfleet::trainer
