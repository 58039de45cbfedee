// Submitting, cancelling, totals.
#include "tests/coordinator/engine/cluster_story.h"

#include "coordinator/engine/requests.h"
#include "coordinator/engine/totals.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::SweepState;
using std::chrono::hours;
using testing::HasSubstr;

Code CodeOf(const Answer& answer) {
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? Code::kUnknown : error->code();
}

TEST(Submit, ARepeatIsAnsweredAsTheFirstTime) {
  ClusterStory story;
  CreateSweep sweep = Jobs(3, "");
  sweep.display_name = "My sweep";
  sweep.request_id = "r1";
  EXPECT_EQ(std::get<SweepAnswer>(story.Submit(sweep)).sweep_id, "my-sweep");
  EXPECT_EQ(std::get<SweepAnswer>(story.Submit(sweep)).sweep_id, "my-sweep");
  story.RestartCoordinator();
  EXPECT_EQ(std::get<SweepAnswer>(story.Submit(sweep)).sweep_id, "my-sweep");
  EXPECT_EQ(story.engine().state().open_jobs(), 3);
}

TEST(Submit, ARequestIdStandsForOneContent) {
  ClusterStory story;
  CreateSweep sweep = Jobs(3);
  sweep.request_id = "r1";
  story.Submit(sweep);
  sweep.points.pop_back();
  EXPECT_EQ(CodeOf(story.Submit(sweep)), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(story.Cancel("lr", "", "r1")), Code::kInvalidArgument);
  EXPECT_EQ(story.engine().state().open_jobs(), 3);
}

TEST(Submit, ATakenIdIsRefusedAndAFreeOneIsFound) {
  ClusterStory story;
  story.Submit(OneJob());
  EXPECT_EQ(CodeOf(story.Submit(OneJob())), Code::kAlreadyExists);
  CreateSweep unnamed = OneJob();
  unnamed.sweep_id.clear();
  EXPECT_EQ(std::get<SweepAnswer>(story.Submit(unnamed)).sweep_id, "lr-2");
  EXPECT_EQ(std::get<SweepAnswer>(story.Submit(unnamed)).sweep_id, "lr-3");
  EXPECT_EQ(story.engine().state().sweeps.size(), 3U);
}

TEST(Submit, BadOnesChangeNothing) {
  ClusterStory story;
  EXPECT_EQ(CodeOf(story.Submit(Jobs(0))), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(story.Submit(Jobs(1, "Not an id"))), Code::kInvalidArgument);
  CreateSweep twice = Jobs(2);
  twice.points[1].spec_hash = twice.points[0].spec_hash;
  EXPECT_EQ(CodeOf(story.Submit(twice)), Code::kInvalidArgument);
  CreateSweep only_validated = Jobs(2);
  only_validated.validate_only = true;
  EXPECT_EQ(std::get<SweepAnswer>(story.Give(only_validated)).sweep_id, "lr");
  EXPECT_TRUE(story.engine().state().sweeps.empty());
}

TEST(Submit, RequestIdsAreForgottenAfterAWeek) {
  ClusterStory story;
  CreateSweep sweep = Jobs(1, "");
  sweep.display_name = "x";
  sweep.request_id = "r1";
  story.Submit(sweep);
  Engine& engine = const_cast<Engine&>(story.engine());
  const Effects effects = engine.Handle(Tick{}, story.now() + hours(7 * 24 + 1));
  EXPECT_TRUE(effects.changes.forget_requests_before.has_value());
  EXPECT_TRUE(engine.state().requests.empty());
}

TEST(Request, PartsDoNotRunTogether) {
  EXPECT_NE(ContentHash({"ab", "c"}), ContentHash({"a", "bc"}));
  EXPECT_EQ(ContentHash({"ab", "c"}), ContentHash({"ab", "c"}));
}

TEST(Cancel, WhatWaitsEndsAtOnceAndWhatRunsIsStopped) {
  ClusterStory story;
  story.Submit(Jobs(3));
  story.Worker("a").Takes("job-1");
  story.Cancel("lr", "not needed");
  EXPECT_EQ(story.OutcomeOf("job-2"), Outcome::kCancelled);
  EXPECT_EQ(story.ReasonOf("job-2"), "not needed");
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  story.Worker("a").Synchronizes();
  const auto desired = story.Worker("a").Desired("job-1");
  ASSERT_TRUE(desired.has_value());
  EXPECT_EQ(desired->action, DesiredAttempt::Action::kStop);
  EXPECT_EQ(desired->stop_outcome, Outcome::kCancelled);
  story.Worker("a").Reports("job-1", Outcome::kCancelled);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kCancelled);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kCancelled);
}

TEST(Cancel, AJobWhoseWorkerIsLostIsNotTriedAgain) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.Cancel(JobName{"lr", 1}, "no");
  story.AdvancePast(story.lease());
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kCancelled);
}

TEST(Cancel, AnAssignedJobEndsAtOnceAndItsWorkerIsTold) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(OneJob());
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
  story.Cancel(JobName{"lr", 1});
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kCancelled);
  Synchronize says = Hello("a", 1, 100);
  says.attempts.push_back(Running("lr", 1, {1, 1}));
  EXPECT_THAT(std::get<SynchronizeAnswer>(story.Give(says)), AsksToStop("the job has ended"));
}

TEST(Cancel, WhatHasEndedOrIsNotThere) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Cancel(JobName{"lr", 1});
  EXPECT_TRUE(std::holds_alternative<JobAnswer>(story.Cancel(JobName{"lr", 1})));
  EXPECT_TRUE(std::holds_alternative<SweepAnswer>(story.Cancel("lr")));
  EXPECT_EQ(CodeOf(story.Cancel(JobName{"lr", 2})), Code::kNotFound);
  EXPECT_EQ(CodeOf(story.Cancel("none")), Code::kNotFound);
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);  // ended before the sweep was cancelled
}

TEST(Totals, TheBestJobIsTheLeastFiniteObjectiveOfThoseThatTrainedAsPlanned) {
  ClusterStory story;
  story.Submit(Jobs(4));
  const std::vector<std::pair<Outcome, double>> ends = {{Outcome::kSucceeded, 2.0},
                                                        {Outcome::kDiverged, 0.1},
                                                        {Outcome::kSucceeded, std::nan("")},
                                                        {Outcome::kSucceeded, 1.5}};
  Synchronize says = Hello("a", 1, 1);
  for (int i = 0; i < 4; ++i) says.slots.push_back(CpuSlot(i));
  story.Give(says);
  for (int i = 0; i < 4; ++i) {
    AttemptStatus status = Running("lr", i + 1, {1, 1});
    status.state = AttemptStatus::State::kEnded;
    status.outcome = ends[static_cast<size_t>(i)].first;
    status.final = {{"val_loss", ends[static_cast<size_t>(i)].second}};
    says.attempts.push_back(status);
  }
  says.sequence = 2;
  story.Give(says);
  const domain::EndedJobs& ended = story.engine().state().sweeps.at("lr").ended;
  EXPECT_EQ(ended.best_job, 4);
  EXPECT_EQ(ended.best_cost, 1.5);
  EXPECT_EQ(ended.by_outcome.at("succeeded"), 3);
  const Census census = story.engine().TakeCensus();
  EXPECT_EQ(census.jobs_by_state.at("diverged"), 1);
  EXPECT_EQ(census.attempts_by_outcome.at("succeeded"), 3);
  EXPECT_EQ(census.slots.at("a").total, 4);
  EXPECT_EQ(census.slots.at("a").taken, 0);
}

TEST(Invariants, AreNotBlind) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  State& state = const_cast<State&>(story.engine().state());
  ASSERT_TRUE(Violations(state).empty());
  state.deadlines.Clear(DeadlineKey::Lease({{"lr", 1}, 1}));
  EXPECT_THAT(Violations(state), testing::Contains(HasSubstr("has a lease exactly while open")));
}

}  // namespace
}  // namespace optfleet::engine
