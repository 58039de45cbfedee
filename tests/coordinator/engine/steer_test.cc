// What a person does to sweeps that run and to those that have ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::Pause;
using domain::SweepState;
using testing::HasSubstr;

// Nothing if it was done.
std::optional<Code> CodeOf(const Answer& answer) {
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? std::nullopt : std::optional(error->code());
}

// Job 1 of sweep lr, as it was read now.
RetryJobs Retrying(ClusterStory& story, const std::string& reason) {
  return {.request_id = "",
          .content_hash = "job 1",
          .sweep_id = "lr",
          .revision = story.SweepRow("lr").revision,
          .jobs = {story.Ended("job-1")},
          .not_ended = {},
          .reason = reason};
}

TEST(Pause, StopsWithACheckpointAndGoesOnFromIt) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Give(PauseSweep{.request_id = "", .sweep_id = "lr", .pause = Pause::kStopRunning, .reason = "lunch"});
  story.Worker("a").Synchronizes();
  const auto stop = story.Worker("a").Desired("job-1");
  ASSERT_TRUE(stop.has_value());
  EXPECT_EQ(stop->action, DesiredAttempt::Action::kStop);
  EXPECT_EQ(stop->stop_outcome, Outcome::kPreempted);
  EXPECT_TRUE(stop->stop_with_checkpoint);
  story.Worker("a").Checkpoints("job-1", 40, 40);
  story.Worker("a").Delivers("job-1", 40);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 40);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_EQ(story.WaitsBecause("a"), "its sweep is paused");
  story.RestartCoordinator();
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued) << "a restart resumed it";
  story.Give(PauseSweep{.request_id = "", .sweep_id = "lr", .pause = Pause::kNo, .reason = ""});
  story.Worker("a").Resumes("job-1", 40, 40);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
}

TEST(Pause, MayLetWhatRunsGoOn) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(Jobs(2));
  story.Worker("a").Takes("job-1");
  story.Give(PauseSweep{.request_id = "", .sweep_id = "lr", .pause = Pause::kKeepRunning, .reason = ""});
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.Worker("a").Desired("job-1")->action, DesiredAttempt::Action::kRun);
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kQueued);
}

// Found by reading, as the simulation was given these inputs: the repeat was told that the sweep is paused.
TEST(Pause, ARepeatOfWhatWasRefusedIsRefused) {
  ClusterStory story;
  story.Submit(Jobs(1));
  story.Cancel("lr");
  const PauseSweep pause{.request_id = "p1", .sweep_id = "lr", .pause = Pause::kStopRunning, .reason = ""};
  EXPECT_EQ(CodeOf(story.Give(pause)), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(story.Give(pause)), Code::kFailedPrecondition);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo);
}

TEST(Drain, AWorkerGivesItsAttemptsToTheOthers) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("b", 1);
  EXPECT_EQ(CodeOf(story.Give(DrainWorker{"", "a", Pause::kStopRunning, "new disk"})), std::nullopt);
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.Worker("a").Desired("job-1")->action, DesiredAttempt::Action::kStop);
  story.Worker("a").Reports("job-1", Outcome::kPreempted);
  story.Worker("b").Takes("job-1");
  EXPECT_EQ(story.AttemptOf("job-1", 2).worker, "b");
  EXPECT_EQ(CodeOf(story.Give(DrainWorker{"", "nobody", Pause::kStopRunning, ""})), Code::kNotFound);
}

TEST(Cancel, SeveralJobsOrNone) {
  ClusterStory story;
  story.Submit(Jobs(3));
  EXPECT_EQ(CodeOf(story.Give(CancelJobs{"", "lr", {1, 9}, "no"})), Code::kNotFound);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  story.Give(CancelJobs{"", "lr", {1, 3}, "no"});
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kCancelled);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kQueued);
  EXPECT_EQ(story.OutcomeOf("job-3"), Outcome::kCancelled);
}

TEST(Retry, AFailedJobRunsAgainAndItsSweepIsOpenAgain) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(Jobs(1));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed, 0, false);
  ASSERT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
  const RetryJobs retry = Retrying(story, "disk replaced");
  EXPECT_EQ(CodeOf(story.Give(retry)), std::nullopt);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  story.Worker("a").Takes("job-1");
  EXPECT_EQ(story.AttemptOf("job-1", 2).state, domain::AttemptState::kRunning);
  story.RestartCoordinator();
  story.Worker("a").Synchronizes();
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
}

TEST(Retry, WhatWasReadBeforeAnotherRetryIsRefused) {
  ClusterStory story;
  story.Submit(Jobs(2));
  story.Give(CancelJobs{"", "lr", {1, 2}, ""});
  const RetryJobs retry = Retrying(story, "");
  EXPECT_EQ(CodeOf(story.Give(retry)), std::nullopt);
  EXPECT_EQ(CodeOf(story.Give(retry)), Code::kAborted);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
}

// Which jobs have ended is read anew for a repeat; what it is told is what the first call did.
TEST(Retry, ARepeatIsToldTheJobsOfTheFirst) {
  ClusterStory story;
  story.Submit(Jobs(5));
  story.Give(CancelJobs{"", "lr", {1, 2, 3, 5}, ""});
  RetryJobs retry = Retrying(story, "");
  retry.request_id = "r1";
  for (const char* job : {"job-2", "job-3", "job-5"}) retry.jobs.push_back(story.Ended(job));
  const std::vector<int32_t> all = {1, 2, 3, 5};
  EXPECT_EQ(std::get<SweepAnswer>(story.Give(retry)).jobs, all);
  story.RestartCoordinator();
  retry.jobs.clear();
  ++retry.revision;
  EXPECT_EQ(std::get<SweepAnswer>(story.Give(retry)).jobs, all);
}

TEST(Retry, WhatSucceededStaysAsItIs) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  const Answer answer = story.Give(Retrying(story, ""));
  EXPECT_EQ(CodeOf(answer), Code::kFailedPrecondition);
  EXPECT_THAT(std::get<Error>(answer).message(), HasSubstr("another training.seed"));
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
}

TEST(Extend, OnlyNewPointsRunAndAnEndedSweepIsOpenAgain) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kSucceeded);
  ExtendSweep extend;
  extend.request_id = "e1";
  extend.content_hash = "file";
  extend.sweep_id = "lr";
  extend.revision = story.SweepRow("lr").revision;
  extend.objective = {.metric = "val_loss"};
  extend.axes = {"training.seed", "optimizer.name"};
  extend.points = Jobs(2, "more").points;
  const std::vector<int32_t> added = {2, 3};
  EXPECT_EQ(std::get<SweepAnswer>(story.Give(extend)).jobs, added);
  ExtendSweep repeat = extend;  // as it is computed when the sweep has them
  repeat.points.clear();
  ++repeat.revision;
  EXPECT_EQ(std::get<SweepAnswer>(story.Give(repeat)).jobs, added) << "answered as the first time";
  EXPECT_EQ(story.SweepRow("lr").job_count, 3);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  story.Knows({"lr", 2});
  story.Worker("a").Takes("job-2");
  EXPECT_EQ(story.StateOf("job-2"), JobState::kRunning);
  extend.request_id = "e2";
  EXPECT_EQ(CodeOf(story.Give(extend)), Code::kAborted) << "it was computed from what the sweep was before";
}

}  // namespace
}  // namespace optfleet::engine
