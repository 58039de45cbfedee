// Which checkpoints outlive their jobs, and which are deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CreateSweep Keeping(int jobs, const domain::KeepPolicy& keep, const std::string& id = "lr") {
  CreateSweep sweep = Jobs(jobs, id);
  sweep.keep = keep;
  return sweep;
}

// Worker a has trained job `job`, and these checkpoints are left: steps with their losses.
void Trains(ClusterStory& story, const std::string& job, double val_loss,
            const std::vector<std::pair<int64_t, std::optional<double>>>& kept) {
  story.Worker("a").Takes(job);
  story.Worker("a").Scores(job, val_loss);
  for (const auto& [step, loss] : kept) story.Worker("a").Keeps(job, step, loss);
}

std::optional<Error> Pin(ClusterStory& story, int job, int64_t step, bool pin = true) {
  const Answer answer = story.Give(PinCheckpoint{
      .request_id = "", .checkpoint = {{{"lr", job}, 1}, step}, .pin = pin, .reason = "for the paper"});
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? std::nullopt : std::optional(*error);
}

TEST(Kept, WithoutAPolicyEverythingStays) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(OneJob());
  Trains(story, "job-1", 1.0, {{10, {}}, {20, {}}, {30, {}}});
  story.Advance(std::chrono::minutes(5));
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
  EXPECT_EQ(story.engine().state().kept.size(), 3U);
}

TEST(Kept, OnlyTheBestJobsOfASweepKeepTheirs) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(3, {.best_jobs = 2, .best = {}, .last = {}}));
  Trains(story, "job-1", 3.0, {{10, {}}});
  Trains(story, "job-2", 2.0, {{10, {}}});
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty()) << "both are among the best two so far";
  Trains(story, "job-3", 1.0, {{10, {}}});
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
  story.Worker("a").Obeys();
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
  EXPECT_THAT(story.History("sweeps/lr/jobs/1/attempts/1/checkpoints/10"), ElementsAre("released"));
}

TEST(Kept, OfEachJobTheBestAndTheLastStay) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = {}, .best = 1, .last = 1}));
  Trains(story, "job-1", 1.0, {{10, 1.5}, {20, 1.1}, {30, 1.4}, {40, {}}});
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10", "job-1 step 30"));
}

TEST(Kept, WhereNothingWasValidatedTheLastStandForTheBest) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = {}, .best = 1, .last = {}}));
  Trains(story, "job-1", 1.0, {{10, {}}, {20, {}}});
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, AJobThatFailedIsNotAmongTheBest) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 1, .best = {}, .last = {}}));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kDiverged);
  story.Worker("a").Keeps("job-1", 10);
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, NothingOfAJobGoesBeforeItHasEnded) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 20, 0);
  story.Worker("a").Reports("job-1", Outcome::kPreempted);
  story.Worker("a").Keeps("job-1", 20);  // its attempt's folder is gone already
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned) << "it is to resume";
  story.Advance(std::chrono::seconds(20));
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
  story.Cancel("lr");
  story.Worker("a").Synchronizes();
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 20"));
}

TEST(Kept, APinnedOneStaysUntilItIsUnpinned) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(2, {.best_jobs = 1, .best = {}, .last = {}}));
  Trains(story, "job-1", 2.0, {{10, {}}, {20, {}}});
  EXPECT_FALSE(Pin(story, 1, 10));
  story.RestartCoordinator();
  Trains(story, "job-2", 1.0, {{10, {}}});
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 20"));
  story.Worker("a").Obeys();
  EXPECT_FALSE(Pin(story, 1, 10, false));
  story.Worker("a").Synchronizes();
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, WhatIsBeingDeletedCanNoLongerBePinned) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  Trains(story, "job-1", 1.0, {{10, {}}});
  const auto late = Pin(story, 1, 10);
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->code(), Code::kFailedPrecondition);
  EXPECT_THAT(late->message(), HasSubstr("worker a was told to delete it"));
  const auto unknown = Pin(story, 1, 11);
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->code(), Code::kNotFound);
  EXPECT_EQ(Pin(story, 1, 11, false)->code(), Code::kNotFound);
}

TEST(Kept, APinOutlivesTheSightOfItsCheckpoint) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(2, {.best_jobs = 1, .best = {}, .last = {}}));
  Trains(story, "job-1", 2.0, {{10, {}}});
  EXPECT_FALSE(Pin(story, 1, 10));
  story.Worker("a").Unmounts();
  EXPECT_THAT(story.engine().state().kept, IsEmpty());
  Trains(story, "job-2", 1.0, {});
  story.Worker("a").Keeps("job-1", 10);
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
}

TEST(Kept, WhatAJobStartsFromStaysUntilThatJobHasEnded) {
  ClusterStory story;
  story.Worker("a", 2);
  story.Submit(Keeping(1, {.best_jobs = 1, .best = {}, .last = 1}));
  Trains(story, "job-1", 1.0, {{10, {}}});
  CreateSweep next = Jobs(1, "next");
  next.points[0].spec_json = R"({"start":{"weights":"/a/kept/sweeps-lr-jobs-1-attempts-1.1/)"
                             R"(step-000000000010/weights.safetensors"}})";
  story.Submit(next);
  story.Worker("a").Keeps("job-1", 20);
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
  story.RestartCoordinator();
  story.Worker("a").Takes("job-2");
  story.Advance(std::chrono::seconds(5));
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty());
  story.Worker("a").Scores("job-2", 1.0);
  story.Worker("a").Synchronizes();
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, NothingStartsFromWhatIsBeingDeleted) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  Trains(story, "job-1", 1.0, {{10, {}}});
  CreateSweep next = Jobs(1, "next");
  next.points[0].spec_json = R"({"start":{"weights":"/a/kept/sweeps-lr-jobs-1-attempts-1.1/)"
                             R"(step-000000000010/weights.safetensors"}})";
  const Answer refused = story.Give(next);
  EXPECT_EQ(std::get<Error>(refused).code(), Code::kFailedPrecondition);
  EXPECT_THAT(std::get<Error>(refused).message(), HasSubstr("worker a was told to delete"));
  BeginSweep begin;
  begin.sweep.sweep_id = "next";
  story.Give(begin);
  EXPECT_EQ(std::get<Error>(story.Give(AddPoints{"next", next.points})).code(), Code::kFailedPrecondition);
}

TEST(Kept, TheLastOneWithinReachStaysForTheSakeOfNoneThatMayBeLost) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = {}, .best = {}, .last = 1}));
  Trains(story, "job-1", 1.0, {{10, {}}});
  story.Worker("b").Keeps("job-1", 20);
  EXPECT_THAT(story.Worker("a").ToldToDelete(), IsEmpty()) << "it has not asked since";
  story.Partition("b");
  story.Advance(std::chrono::seconds(1));
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"))
      << "b was there when it was decided";

  ClusterStory other;
  other.Worker("a");
  other.Worker("b");
  other.Submit(Keeping(1, {.best_jobs = {}, .best = {}, .last = 1}));
  other.Worker("a").Takes("job-1");
  other.Worker("b").Keeps("job-1", 20);
  other.Partition("b");
  other.AdvancePast(std::chrono::seconds(5));  // b counts as away
  other.Worker("a").Scores("job-1", 1.0);
  other.Worker("a").Keeps("job-1", 10);
  EXPECT_THAT(other.Worker("a").ToldToDelete(), IsEmpty());
  other.Heal("b");
  other.Worker("a").Synchronizes();
  EXPECT_THAT(other.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, ADecisionOutlivesTheCoordinator) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  Trains(story, "job-1", 1.0, {{10, {}}});
  story.RestartCoordinator();
  EXPECT_TRUE(Pin(story, 1, 10).has_value()) << "its worker may delete it at any moment";
  story.Worker("a").Synchronizes();
  EXPECT_THAT(story.Worker("a").ToldToDelete(), ElementsAre("job-1 step 10"));
}

TEST(Kept, WhatThisDatabaseDidNotGiveOutIsLeftAlone) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  Trains(story, "job-1", 1.0, {});
  Synchronize says = Hello("b", 1, 1);
  says.kept_digest = "x";
  says.kept_folder = "/b/kept";
  says.kept = {{{{{"lr", 1}, 1}, {0, 1}, 10, {}, 1},  // of an earlier database
                {{{"lr", 1}, 1}, {2, 1}, 10, {}, 1},  // of a later one
                {{{"lr", 2}, 1}, {1, 1}, 10, {}, 1},  // no such job
                {{{"other", 1}, 1}, {1, 1}, 10, {}, 1}}};
  const Answer answer = story.Give(says);
  EXPECT_THAT(std::get<SynchronizeAnswer>(answer).delete_kept, IsEmpty());
  EXPECT_THAT(story.engine().state().kept, IsEmpty());
}

// After a backup was restored: the job waits as if nothing had ever happened to it.
TEST(Kept, AJobThatHasNotBegunIsNotOver) {
  ClusterStory story;
  story.Submit(Keeping(1, {.best_jobs = 0, .best = {}, .last = {}}));
  Synchronize says = Hello("b", 1, 1);
  says.kept_digest = "x";
  says.kept_folder = "/b/kept";
  says.kept = {{{{{"lr", 1}, 1}, {story.engine().state().incarnation, 1}, 10, {}, 1}}};
  const Answer answer = story.Give(says);
  EXPECT_THAT(std::get<SynchronizeAnswer>(answer).delete_kept, IsEmpty());
  EXPECT_EQ(story.engine().state().kept.size(), 1U);
}

TEST(Kept, OneOfTheBestIsNotTriedAgain) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(Keeping(2, {.best_jobs = 2, .best = {}, .last = {}}));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kStoppedEarly);
  Trains(story, "job-2", 1.0, {});
  const Answer answer = story.Give(RetryJobs{.request_id = "",
                                             .content_hash = "job 1",
                                             .sweep_id = "lr",
                                             .revision = story.SweepRow("lr").revision,
                                             .jobs = {story.Ended("job-1")},
                                             .not_ended = {},
                                             .reason = ""});
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_THAT(std::get<Error>(answer).message(), HasSubstr("whose checkpoints are kept"));
}

}  // namespace
}  // namespace optfleet::engine
