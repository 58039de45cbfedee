// Outcomes that are taken over from equal jobs of other sweeps.
#include "coordinator/engine/totals.h"
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using testing::SizeIs;

// Jobs of a sweep, of which those numbers take over the outcomes of the jobs with the same numbers of
// `first`.
CreateSweep Reusing(int count, std::vector<int> reused, const std::string& id = "second") {
  CreateSweep sweep = Jobs(count, id);
  for (const int number : reused)
    sweep.points.at(static_cast<size_t>(number) - 1).taken_over =
        TakenOver{{"first", number}, 100, {{"val_loss", 2.0 + number}}};
  return sweep;
}

TEST(Reuse, TheJobHasEndedAndOnlyTheOthersAreGivenOut) {
  ClusterStory story;
  story.Submit(Reusing(2, {1}));
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  EXPECT_EQ(story.ReasonOf("job-1"), "taken over from sweeps/first/jobs/1");
  story.Worker("a", 2).Synchronizes();
  EXPECT_THAT(story.AnswerTo("a").attempts, SizeIs(1));
  EXPECT_EQ(story.StateOf("job-2"), domain::JobState::kAssigned);
  EXPECT_EQ(story.SweepRow("second").reused_jobs, 1);
}

TEST(Reuse, ASweepOfWhichAllIsTakenOverHasEnded) {
  ClusterStory story;
  story.Submit(Reusing(2, {1, 2}));
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kEnded);
  EXPECT_TRUE(story.SweepRow("second").end_time.has_value());
  const LiveSweep& sweep = story.engine().state().sweeps.at("second");
  EXPECT_EQ(sweep.ended.best_job, 1);
  EXPECT_EQ(sweep.ended.best_cost, 3.0);
  EXPECT_EQ(sweep.ended_steps, 200);
}

TEST(Reuse, StaysAsItIsOverARestart) {
  ClusterStory story;
  story.Submit(Reusing(2, {1}));
  story.RestartCoordinator();
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  story.Worker("a").Takes("job-2");
  story.Worker("a").Scores("job-2", 1.5);
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kEnded);
}

TEST(Reuse, IsNotTriedAgain) {
  ClusterStory story;
  story.Submit(Reusing(1, {1}));
  RetryJobs retry;
  retry.sweep_id = "second";
  retry.revision = story.SweepRow("second").revision;
  retry.jobs = {story.Ended("job-1")};
  const Answer answer = story.Give(retry);
  EXPECT_EQ(std::get<Error>(answer).code(), Code::kFailedPrecondition);
}

// Its checkpoints are those of the job that ran, under the rules of its sweep.
TEST(Reuse, TakesNoPlaceAmongTheBestWhoseCheckpointsAreKept) {
  ClusterStory story;
  CreateSweep sweep = Reusing(2, {1});
  sweep.keep.best_jobs = 1;
  story.Submit(sweep);
  story.Worker("a").Takes("job-2");
  story.Worker("a").Scores("job-2", 9);
  const LiveSweep& live = story.engine().state().sweeps.at("second");
  EXPECT_EQ(live.ended.best_job, 1);
  EXPECT_THAT(live.best, testing::ElementsAre(testing::Pair(9, 2)));
}

TEST(Reuse, ALargeSweepEndsWhenItIsFinishedAndLeavesNothingWhenItIsAbandoned) {
  ClusterStory story;
  BeginSweep begin;
  begin.sweep.sweep_id = "second";
  AddPoints part{"second", Reusing(3, {1, 2, 3}).points};
  story.Give(begin);
  story.Give(part);
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kExpanding);
  story.Give(AbandonSweep{"second"});
  EXPECT_FALSE(story.engine().state().sweeps.contains("second"));
  story.Give(begin);
  story.Give(part);
  story.Give(FinishSweep{"second", 0});
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kEnded);
  EXPECT_EQ(story.SweepRow("second").reused_jobs, 3);
}

TEST(Reuse, AnExtensionMayTakeOver) {
  ClusterStory story;
  story.Submit(Jobs(1, "second"));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Scores("job-1", 1.5);
  ExtendSweep extend;
  extend.sweep_id = "second";
  extend.revision = story.SweepRow("second").revision;
  extend.objective = {.metric = "val_loss"};
  extend.points = {Reusing(2, {2}).points.at(1)};
  story.Give(extend);
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kEnded);
  EXPECT_EQ(story.SweepRow("second").job_count, 2);
  EXPECT_EQ(story.SweepRow("second").reused_jobs, 1);
}

TEST(Reuse, ALargeExtensionCountsWhatItTakesOverOnceItIsFinished) {
  ClusterStory story;
  story.Submit(Jobs(1, "second"));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Scores("job-1", 9);
  ExtendSweep head;
  head.sweep_id = "second";
  head.revision = story.SweepRow("second").revision;
  head.objective = {.metric = "val_loss"};
  const std::vector<Point> all = Reusing(4, {2, 3}).points;
  const AddPoints part{"second", {all.at(1), all.at(2), all.at(3)}, {}};
  story.Give(BeginExtension{head});
  story.Give(part);
  EXPECT_EQ(story.SweepRow("second").reused_jobs, 0);
  EXPECT_EQ(story.engine().state().sweeps.at("second").ended.total(), 1);
  story.Give(AbandonSweep{"second"});
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kEnded);

  story.Give(BeginExtension{head});
  story.Give(part);
  story.Give(FinishSweep{"second", 0});
  EXPECT_EQ(story.SweepRow("second").reused_jobs, 2);
  EXPECT_EQ(story.SweepRow("second").state, domain::SweepState::kActive);
  const domain::EndedJobs& ended = story.engine().state().sweeps.at("second").ended;
  EXPECT_EQ(ended.total(), 3);
  EXPECT_EQ(ended.best_job, 2);
}

}  // namespace
}  // namespace optfleet::engine
