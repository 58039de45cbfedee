#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/domain/series.h"
#include "coordinator/domain/states.h"
#include "coordinator/domain/time_text.h"

namespace optfleet::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A person may have an ended job tried again, which opens its sweep again, too.
TEST(States, NothingFollowsAnEndByItself) {
  for (JobState to : {JobState::kAssigned, JobState::kRunning, JobState::kEnded}) {
    EXPECT_FALSE(MayFollow(JobState::kEnded, to));
  }
  EXPECT_TRUE(MayFollow(JobState::kEnded, JobState::kQueued));
  for (AttemptState to :
       {AttemptState::kAssigned, AttemptState::kRunning, AttemptState::kFinishing, AttemptState::kEnded}) {
    EXPECT_FALSE(MayFollow(AttemptState::kEnded, to));
  }
  EXPECT_FALSE(MayFollow(SweepState::kCancelled, SweepState::kEnded));
  EXPECT_TRUE(MayFollow(SweepState::kCancelled, SweepState::kActive));
  EXPECT_TRUE(MayFollow(WorkerState::kGone, WorkerState::kReady));
}

TEST(States, NamesAreReadBack) {
  for (auto state :
       {AttemptState::kAssigned, AttemptState::kRunning, AttemptState::kFinishing, AttemptState::kEnded}) {
    EXPECT_EQ(AttemptStateFromName(Name(state)), state);
  }
  EXPECT_EQ(JobStateFromName("finishing"), std::nullopt);
}

TEST(StatesDeathTest, AnIllegalTransitionStopsTheProcess) {
  EXPECT_DEATH(
      {
        JobState state = JobState::kEnded;
        Move(&state, JobState::kRunning);
      },
      "broken invariant.*from ended to running");
}

TEST(Series, ContinuesBelowTheResumeRecordWithTheParent) {
  const std::vector<SeriesLink> links = {{1, 0, 0, 100}, {2, 1, 60, 50}, {3, 2, 20, 70}};
  EXPECT_THAT(SeriesOf(links), ElementsAre(Segment{1, 1, 60}, Segment{2, 1, 20}, Segment{3, 1, 70}));
}

TEST(Series, AFreshStartLeavesTheOldAttemptsOut) {
  const std::vector<SeriesLink> links = {{1, 0, 0, 100}, {2, 0, 0, 5}};
  EXPECT_THAT(SeriesOf(links), ElementsAre(Segment{2, 1, 5}));
}

TEST(Series, AnAttemptWithoutRecordsChangesNothingYet) {
  const std::vector<SeriesLink> links = {{1, 0, 0, 100}, {2, 1, 60, 0}};
  EXPECT_THAT(SeriesOf(links), ElementsAre(Segment{1, 1, 100}));
  EXPECT_THAT(SeriesOf({}), IsEmpty());
}

TEST(Series, WhatTheParentStillOwesIsLeftOut) {
  const std::vector<SeriesLink> links = {{1, 0, 0, 40}, {2, 1, 60, 10}};
  EXPECT_THAT(SeriesOf(links), ElementsAre(Segment{1, 1, 40}, Segment{2, 1, 10}));
  EXPECT_FALSE(LineageIsHeld(links, 2));
  EXPECT_TRUE(LineageIsHeld(links, 1));
}

TEST(Lineage, ReachesBackToTheFirstAttempt) {
  std::vector<SeriesLink> links = {{1, 0, 0, 59}, {2, 1, 60, 20}, {3, 2, 20, 0}};
  EXPECT_FALSE(LineageIsHeld(links, 3));
  links[0].held_record = 60;
  EXPECT_TRUE(LineageIsHeld(links, 3));
  EXPECT_FALSE(LineageIsHeld(links, 4));  // no such attempt
}

TEST(TimeText, IsShort) {
  EXPECT_EQ(ClockText(Time(std::chrono::hours(25) + std::chrono::seconds(61))), "01:01:01");
  EXPECT_EQ(DurationText(std::chrono::seconds(40)), "40 s");
  EXPECT_EQ(DurationText(std::chrono::seconds(601)), "10 min");
  EXPECT_EQ(DurationText(std::chrono::hours(3)), "3 h");
}

}  // namespace
}  // namespace optfleet::domain
