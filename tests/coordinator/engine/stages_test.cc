// Sweeps with stages: the next one is due once all jobs have ended.
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::SweepState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CreateSweep TwoStages(int jobs) {
  CreateSweep sweep = Jobs(jobs);
  sweep.stages = {{.name = "rates", .base = "", .from = {}},
                  {.name = "seeds", .base = "best(rates)", .from = {}}};
  return sweep;
}

ExtendSweep SecondStage(int32_t revision, int jobs) {
  ExtendSweep next;
  next.sweep_id = "lr";
  next.revision = revision;
  next.objective = {.metric = "val_loss"};
  next.stage = NextStage{.number = 2, .from = {1}};
  if (jobs > 0) next.points = Jobs(jobs, "next").points;
  return next;
}

std::string ErrorOf(const Answer& answer) {
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? "" : error->message();
}

TEST(Stages, TheNextIsDueOnceAllJobsHaveEnded) {
  ClusterStory story;
  story.Submit(TwoStages(2));
  auto worker = story.Worker("a", 2);
  worker.Takes("job-1");
  worker.Takes("job-2");
  worker.Scores("job-1", 1.0);
  EXPECT_THAT(story.engine().due_stages(), IsEmpty());
  worker.Scores("job-2", 2.0);
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr"));
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  story.RestartCoordinator();
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr")) << "also after a restart";

  EXPECT_EQ(ErrorOf(story.Give(SecondStage(1, 1))), "");
  story.Knows({"lr", 3});
  EXPECT_THAT(story.engine().due_stages(), IsEmpty());
  EXPECT_EQ(story.SweepRow("lr").stages.begun, 2);
  EXPECT_THAT(story.SweepRow("lr").stages.all[1].from, ElementsAre(1));
  EXPECT_THAT(story.History("sweeps/lr"), ElementsAre("created", "stage"));
  worker.Takes("job-3");
  worker.Scores("job-3", 0.5);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
}

TEST(Stages, OneWhosePointsAreAllThereEndsAtOnce) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  story.Give(SecondStage(1, 0));
  EXPECT_EQ(story.SweepRow("lr").stages.begun, 2);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
}

TEST(Stages, EachBeginsOnce) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  EXPECT_EQ(ErrorOf(story.Give(SecondStage(1, 1))), "");
  EXPECT_THAT(ErrorOf(story.Give(SecondStage(1, 1))), HasSubstr("changed"));
  EXPECT_THAT(ErrorOf(story.Give(SecondStage(2, 1))), HasSubstr("changed"));
}

ExtendSweep OtherStages(int32_t revision, const std::vector<std::string>& names) {
  ExtendSweep other;
  other.sweep_id = "lr";
  other.revision = revision;
  other.objective = {.metric = "val_loss"};
  other.stages.emplace();
  for (const std::string& name : names)
    other.stages->push_back({.name = name, .base = name == "rates" ? "" : "best(rates)", .from = {}});
  return other;
}

TEST(Stages, OthersMayStandInThePlaceOfThoseStillToBegin) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  EXPECT_EQ(ErrorOf(story.Give(OtherStages(1, {"rates", "decay", "final"}))), "");
  EXPECT_EQ(story.SweepRow("lr").stages.all[1].name, "decay");
  EXPECT_EQ(story.SweepRow("lr").stages.begun, 1);
  EXPECT_EQ(story.SweepRow("lr").job_count, 1);
  EXPECT_THAT(ErrorOf(story.Give(OtherStages(1, {"rates", "seeds"}))), HasSubstr("changed"));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  story.RestartCoordinator();
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr"));
  EXPECT_EQ(ErrorOf(story.Give(SecondStage(2, 0))), "");
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr")) << "the third is due at once";
  EXPECT_EQ(ErrorOf(story.Give(OtherStages(3, {"rates", "decay"}))), "") << "taken back";
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
  EXPECT_THAT(story.engine().due_stages(), IsEmpty());
  EXPECT_THAT(story.SweepRow("lr").stages.all[1].from, ElementsAre(1));
}

TEST(Stages, AnEndedSweepGoesOnWithMoreOfThem) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  story.Give(SecondStage(1, 0));
  ASSERT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
  ASSERT_EQ(ErrorOf(story.Give(OtherStages(2, {"rates", "seeds", "final"}))), "");
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  EXPECT_EQ(story.SweepRow("lr").end_time, std::nullopt);
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr"));
  EXPECT_THAT(story.History("sweeps/lr"), ElementsAre("created", "stage", "ended", "extended"));
}

TEST(Stages, ThoseThatHaveBegunStay) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  EXPECT_THAT(ErrorOf(story.Give(OtherStages(1, {"speeds", "seeds"}))), HasSubstr("have begun"));
  EXPECT_THAT(ErrorOf(story.Give(OtherStages(1, {}))), HasSubstr("have begun"));
  story.Submit(Jobs(1, "plain"));
  ExtendSweep plain = OtherStages(1, {"rates"});
  plain.sweep_id = "plain";
  EXPECT_THAT(ErrorOf(story.Give(plain)), HasSubstr("sweeps/plain has no stages"));
  EXPECT_EQ(story.SweepRow("lr").revision, 1);
}

TEST(Stages, ASweepThatHasSomeIsNotExtendedOtherwise) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  ExtendSweep more = SecondStage(1, 1);
  more.stage.reset();
  EXPECT_THAT(ErrorOf(story.Give(more)), HasSubstr("sweeps/lr has stages"));
  story.Submit(Jobs(1, "plain"));
  ExtendSweep stage = SecondStage(1, 1);
  stage.sweep_id = "plain";
  EXPECT_NE(ErrorOf(story.Give(stage)), "");
  EXPECT_EQ(story.SweepRow("plain").job_count, 1);
}

TEST(Stages, OneThatCannotBeginEndsTheSweepWithWhy) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Reports("job-1", Outcome::kDiverged);
  EXPECT_THAT(ErrorOf(story.Give(RefuseStage{"lr", 7, "late"})), HasSubstr("changed"));
  story.Give(RefuseStage{.sweep_id = "lr", .revision = 1, .reason = "no job has a value"});
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
  EXPECT_EQ(story.SweepRow("lr").stages.problem, "stage seeds cannot begin: no job has a value");
  EXPECT_THAT(story.engine().due_stages(), IsEmpty());
}

TEST(Stages, TryingAgainGivesALaterStageAnotherChance) {
  ClusterStory story;
  story.Submit(TwoStages(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Reports("job-1", Outcome::kDiverged);
  story.Give(RefuseStage{.sweep_id = "lr", .revision = 1, .reason = "no job has a value"});
  story.Retry("job-1");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kEnded);
  EXPECT_THAT(story.engine().due_stages(), ElementsAre("lr"));
}

TEST(Stages, ACancelledSweepHasNoNextOne) {
  for (const bool due : {false, true}) {
    ClusterStory story;
    story.Submit(TwoStages(1));
    auto worker = story.Worker("a");
    worker.Takes("job-1");
    if (due) worker.Scores("job-1", 1.0);
    story.Cancel("lr");
    if (!due) worker.Reports("job-1", Outcome::kCancelled);
    EXPECT_EQ(story.SweepRow("lr").state, SweepState::kCancelled) << due;
    EXPECT_THAT(story.engine().due_stages(), IsEmpty());
  }
}

TEST(Stages, ARoundFollowsAnotherAndItsJobsCompeteWithThoseBefore) {
  ClusterStory story;
  CreateSweep sweep = Jobs(1);
  sweep.stages = {{.name = "rates", .base = "", .from = {}, .round = 1},
                  {.name = "rates", .base = "", .from = {}, .round = 2},
                  {.name = "seeds", .base = "best(rates)", .from = {}}};
  story.Submit(sweep);
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 1.0);
  ExtendSweep round = SecondStage(1, 1);
  round.stage = NextStage{.number = 2, .from = {}, .points = {{{0.25, 0.5}}}};
  EXPECT_EQ(ErrorOf(story.Give(round)), "");
  story.RestartCoordinator();
  story.Knows({"lr", 2});
  EXPECT_EQ(story.SweepRow("lr").stages.all[1].points, round.stage->points) << "kept for rounds to come";
  EXPECT_EQ(story.SweepRow("lr").first_competitor, 1);
  worker.Takes("job-2");
  worker.Reports("job-2", Outcome::kDiverged);
  story.Give(RefuseStage{.sweep_id = "lr", .revision = 2, .reason = "no more"});
  EXPECT_EQ(story.SweepRow("lr").stages.problem, "stage seeds cannot begin: no more");
}

TEST(Stages, ARoundIsCalledByItsStageAndNumber) {
  EXPECT_EQ((domain::Stage{.name = "rates", .base = "", .from = {}, .round = 3}).Title(), "rates (round 3)");
  EXPECT_EQ((domain::Stage{.name = "round 3", .base = "", .from = {}}).Title(), "round 3");
}

TEST(Stages, JobsOfOneCompeteWithEachOtherAtRungs) {
  ClusterStory story;
  CreateSweep sweep = TwoStages(1);
  sweep.search.halving = sweeps::HalvingPlan{.first_share = 0.5, .first_steps = 0, .factor = 3};
  story.Submit(sweep);
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 50, 1.0);
  worker.Resumes("job-1", 50, 0);
  worker.Scores("job-1", 1.0);
  story.Give(SecondStage(1, 1));
  story.Knows({"lr", 2});
  EXPECT_EQ(story.SweepRow("lr").first_competitor, 2);
  worker.TrainsTo("job-2", 50, 9.0);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kAssigned) << "the best of its stage";
}

}  // namespace
}  // namespace optfleet::engine
