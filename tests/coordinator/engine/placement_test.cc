// Gangs, shares and memory from the wish of a sweep to the slots of a worker, and who is left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

CreateSweep Wanting(CreateSweep sweep, const domain::Resources& resources) {
  for (Point& point : sweep.points) point.resources = resources;
  return sweep;
}

TEST(Placement, AGangGetsItsSlotsTogetherAndGivesThemBackTogether) {
  ClusterStory story;
  story.Worker("a", 4);
  story.Submit(Wanting(Jobs(2), {.slots = 3}));
  story.Worker("a").Takes("job-1");
  EXPECT_THAT(story.AttemptOf("job-1", 1).slots, ElementsAre(0, 1, 2));
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kQueued);
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kAssigned);
}

TEST(Placement, SmallJobsShareASlot) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(Wanting(Jobs(3), {.share = 50}));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Takes("job-2");
  EXPECT_EQ(story.Worker("a").Desired("job-2")->share, 50);
  EXPECT_EQ(story.StateOf("job-3"), domain::JobState::kQueued);
  EXPECT_EQ(story.WaitsBecause(), "the only slot is taken");
}

TEST(Placement, WhatAWorkerStillRunsTakesItsShareUntilItEnds) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Cancel(JobName{"lr", 1});
  story.Submit(Jobs(1, "next"));
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kQueued);
  story.Worker("a").Reports("job-1", Outcome::kCancelled);
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kAssigned);
}

TEST(Placement, AHigherPriorityStartsFirstAlsoWhenItIsRaisedLater) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(Jobs(2, "old"));
  story.Submit(Jobs(1, "new"));
  story.Worker("a").Takes("job-1");
  story.Give(UpdateSweep{.request_id = "r", .sweep_id = "new", .priority = 5, .max_running = {}});
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  EXPECT_EQ(story.StateOf("job-3"), domain::JobState::kAssigned);
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kQueued);
}

TEST(Placement, ALimitMayBeChangedWhileTheSweepRuns) {
  ClusterStory story;
  story.Worker("a", 3);
  CreateSweep sweep = Jobs(3);
  sweep.max_running = 1;
  story.Submit(sweep);
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kQueued);
  EXPECT_EQ(story.WaitsBecause(), "its sweep runs as many jobs as its limit allows");
  story.Give(UpdateSweep{.request_id = "", .sweep_id = "lr", .priority = {}, .max_running = 2});
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kAssigned);
  EXPECT_EQ(story.StateOf("job-3"), domain::JobState::kQueued);
}

TEST(Exclusion, AWorkerThatKeepsFailingIsLeftAloneWhileThereIsAnother) {
  ClusterStory story;
  story.Worker("bad", 1);
  story.Worker("good", 1);
  story.Submit(Jobs(20));
  int failed = 0;
  for (int job = 1; job <= 20 && failed < 3; ++job) {
    const std::string name = "job-" + std::to_string(job);
    story.Worker("bad").Synchronizes();
    if (!story.Worker("bad").Desired(name)) continue;
    story.Worker("bad").Takes(name);
    story.Worker("bad").Reports(name, Outcome::kFailed);
    ++failed;
  }
  ASSERT_EQ(failed, 3);
  EXPECT_THAT(story.History("workers/bad"), testing::Contains("excluded"));
  for (const AttemptName& name : story.engine().state().workers.at("bad").attempts)
    ADD_FAILURE() << ToResource(name) << " was given to it all the same";
  story.Advance(minutes(6));
  EXPECT_FALSE(story.engine().state().workers.at("bad").attempts.empty()) << "it was not tried again";
}

// The simulation's seed 117: the job would have waited an hour for its checkpoint.
TEST(Exclusion, AJobDoesNotWaitForTheCheckpointOnAnExcludedWorker) {
  ClusterStory story;
  story.Worker("bad", 1);
  story.Submit(OneJob());
  story.Worker("bad").Takes("job-1");
  story.Worker("good", 1);
  for (int i = 0; i < 3; ++i) {
    story.Worker("bad").Checkpoints("job-1", 10 * (i + 1), 10 * (i + 1));
    story.Worker("bad").Delivers("job-1", 10 * (i + 1));
    story.Worker("bad").Reports("job-1", Outcome::kFailed, 10 * (i + 1));
    story.Advance(seconds(2));
    if (i < 2) story.Worker("bad").Resumes("job-1", 10 * (i + 1), 10 * (i + 1));
  }
  EXPECT_EQ(story.AttemptOf("job-1", 4).worker, "good");
}

TEST(Exclusion, TheOnlyWorkerIsUsedHoweverOftenItFailed) {
  ClusterStory story;
  story.Worker("only", 1);
  story.Submit(Jobs(4));
  for (int job = 1; job <= 4; ++job) {
    const std::string name = "job-" + std::to_string(job);
    story.Worker("only").Takes(name);
    story.Worker("only").Reports(name, Outcome::kFailed, 0, false);
    EXPECT_EQ(story.OutcomeOf(name), Outcome::kFailed);
  }
}

TEST(Why, NamesWhatIsInTheWayAndThePlaceInTheQueue) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(Jobs(3));
  story.Worker("a").Takes("job-1");
  const Answer answer = story.Give(ExplainJob{{"lr", 3}});
  const auto* why = std::get_if<ExplainAnswer>(&answer);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(why->reason, "the only slot is taken");
  EXPECT_EQ(why->ahead, 1);
  EXPECT_EQ(why->queued, 2);
  ASSERT_TRUE(why->waiting.has_value());
  EXPECT_EQ(why->waiting->workers.at(0).text, "has no slot free");
  EXPECT_THAT(why->holders, ElementsAre("sweeps/lr/jobs/1/attempts/1"));
  const Answer running = story.Give(ExplainJob{{"lr", 1}});
  EXPECT_THAT(std::get<ExplainAnswer>(running).reason, HasSubstr("attempt 1 runs on a since"));
  EXPECT_EQ(story.StateOf("job-3"), domain::JobState::kQueued);
}

}  // namespace
}  // namespace optfleet::engine
