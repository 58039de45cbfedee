// One suite for every place that state.db can lie in.
#include "coordinator/store/state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using domain::AttemptState;
using domain::JobState;
using testing::HasSubstr;
using testing::IsEmpty;

domain::JobDefinition WithoutTexts(domain::JobDefinition job) {
  job.parameters.clear();
  job.spec_json.clear();
  job.spec_hash.clear();
  return job;
}

class StateStoreContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { Reopen(); }
  // A file is closed and opened again; memory stays as it is.
  void Reopen() {
    if (!GetParam() && store_) return;
    store_.reset();
    auto opened = StateStore::Open(GetParam() ? folder_.options() : StoreOptions{":memory:", {}});
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    store_ = std::move(*opened);
  }
  engine::SavedState Load() {
    Reopen();
    auto saved = store_->Load();
    EXPECT_TRUE(saved.has_value()) << saved.error().message();
    return saved.value_or(engine::SavedState{});
  }
  void Commit(const engine::Changes& changes) {
    const Status done = store_->Commit(changes);
    ASSERT_TRUE(done.has_value()) << done.error().message();
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Places, StateStoreContract, testing::Bool(),
                         [](const auto& place) { return place.param ? "File" : "Memory"; });

TEST_P(StateStoreContract, AnEmptyOneIsAnIncarnationThatNoEarlierDatabaseHad) {
  const engine::SavedState saved = Load();
  EXPECT_GT(saved.incarnation, 1700000000) << "the second in which it was made";
  EXPECT_EQ(saved.first_incarnation, saved.incarnation);
  EXPECT_THAT(saved.sweeps, IsEmpty());
  EXPECT_THAT(saved.jobs, IsEmpty());
}

TEST_P(StateStoreContract, EverythingComesBackAsItWasWritten) {
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("lr", 2));
  changes.workers = {AWorker("gpu01")};
  domain::Attempt attempt = AnAttempt({"lr", 2}, 1, "gpu01");
  attempt.state = AttemptState::kFinishing;
  attempt.start_known = true;
  attempt.checkpoint_step = 50;
  attempt.checkpoint_record = 60;
  attempt.record_limit = 70;
  attempt.start_time = At(31);
  attempt.trainer_pid = 4711;
  attempt.run_directory = "/run/x";
  attempt.reported = domain::ReportedEnd{Outcome::kDiverged,  "loss is NaN", true, FailureCause::kCrashed, 80,
                                         {{"val_loss", 2.5}}, "{}"};
  changes.attempts = {attempt};
  domain::JobStatus status;
  status.state = JobState::kRunning;
  status.attempt_count = 1;
  status.worker = "gpu01";
  status.failures = 2;
  status.not_before = At(5);
  status.stop = Outcome::kCancelled;
  status.stop_reason = "enough";
  status.start_time = At(30);
  changes.jobs = {{{"lr", 2}, status}};
  changes.requests = {{"r1", "abc", "sweeps/lr", At(10)}};
  changes.waiting = {{{"lr", {}, "", "all 2 slots are taken"}}};
  Commit(changes);

  const engine::SavedState saved = Load();
  ASSERT_EQ(saved.sweeps.size(), 1U);
  EXPECT_EQ(saved.sweeps[0].sweep, changes.new_sweeps[0].sweep);
  const domain::JobDefinition& fresh = changes.new_sweeps[0].jobs[0];
  ASSERT_NE(saved.sweeps[0].fresh.Find(1), nullptr);
  EXPECT_EQ(*saved.sweeps[0].fresh.Find(1),
            (engine::JobKind{fresh.resources, fresh.total_steps, fresh.create_time}));
  EXPECT_EQ(saved.sweeps[0].fresh.size(), 1);
  EXPECT_THAT(saved.jobs,
              testing::ElementsAre(domain::Job{WithoutTexts(changes.new_sweeps[0].jobs[1]), status}));
  EXPECT_THAT(saved.attempts, testing::ElementsAre(attempt));
  EXPECT_THAT(saved.workers, testing::ElementsAre(AWorker("gpu01")));
  EXPECT_EQ(saved.requests, changes.requests);
  EXPECT_EQ(saved.waiting, *changes.waiting);
}

TEST_P(StateStoreContract, SpecsAreKeptByWhatDiffersAndComeBackWhole) {
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("lr", 4));
  const std::vector<std::string> specs = {
      R"({"model":{"layers":2},"optimizer":{"learning_rate":1e-05}})",
      R"({"model":{"layers":2},"optimizer":{"learning_rate":0.001}})",
      R"({"model":{"layers":2},"optimizer":{"learning_rate":0.001,"beta1":0.9}})",
      R"({"model":{"layers":8},"optimizer":{"learning_rate":1e-05}})"};
  for (size_t i = 0; i < specs.size(); ++i) changes.new_sweeps[0].jobs[i].spec_json = specs[i];
  Commit(changes);
  Reopen();
  for (size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(store_->SpecOf({"lr", static_cast<int32_t>(i) + 1}).value_or("none"), specs[i]);
  }
  EXPECT_EQ(store_->SpecOf({"lr", 5}).error().code(), Code::kNotFound);
}

TEST_P(StateStoreContract, EndedJobsComeBackAsTotals) {
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("lr", 4));
  const std::vector<std::optional<double>> objectives = {2.0, 1.5, 1.5, std::nullopt};
  for (int i = 1; i <= 3; ++i) {
    domain::JobStatus status;
    status.state = JobState::kEnded;
    status.outcome = i == 3 ? Outcome::kStoppedEarly : Outcome::kSucceeded;
    status.objective = objectives[static_cast<size_t>(i - 1)];
    status.step = 100;
    status.end_time = At(50);
    changes.jobs.push_back({{"lr", i}, status});
  }
  Commit(changes);
  const engine::SavedState saved = Load();
  EXPECT_THAT(saved.jobs, IsEmpty());
  EXPECT_EQ(saved.sweeps[0].fresh.size(), 1);
  EXPECT_EQ(saved.sweeps[0].ended.by_outcome,
            (std::map<std::string, int32_t>{{"stopped_early", 1}, {"succeeded", 2}}));
  EXPECT_EQ(saved.sweeps[0].ended.best_job, 2);
  EXPECT_EQ(saved.sweeps[0].ended_steps, 300);
}

TEST_P(StateStoreContract, ACommitIsAllOrNothing) {
  engine::Changes good;
  good.new_sweeps.push_back(NewSweep("one", 1));
  Commit(good);
  engine::Changes bad;
  bad.new_sweeps.push_back(NewSweep("two", 2));
  bad.new_sweeps.back().jobs[1].name = bad.new_sweeps.back().jobs[0].name;
  EXPECT_FALSE(store_->Commit(bad).has_value());
  EXPECT_EQ(Load().sweeps.size(), 1U);
  Commit(good = {});
  engine::Changes after;
  after.new_sweeps.push_back(NewSweep("three", 1));
  Commit(after);  // a failed commit leaves nothing open
  EXPECT_EQ(Load().sweeps.size(), 2U);
}

TEST_P(StateStoreContract, OldRequestsAreForgotten) {
  engine::Changes changes;
  changes.requests = {{"old", "h", "sweeps/a", At(1)}, {"new", "h", "sweeps/a", At(100)}};
  Commit(changes);
  engine::Changes forget;
  forget.forget_requests_before = At(50);
  Commit(forget);
  const auto saved = Load();
  ASSERT_EQ(saved.requests.size(), 1U);
  EXPECT_EQ(saved.requests[0].id, "new");
}

TEST_P(StateStoreContract, OldEventsOfEndedSweepsGo) {
  engine::Changes changes;
  changes.new_sweeps = {NewSweep("open", 1), NewSweep("over", 1)};
  changes.new_sweeps[1].sweep.state = domain::SweepState::kEnded;
  for (int second = 1; second <= 700; ++second)
    changes.events.push_back(
        {At(second), "sweeps/over/jobs/1/attempts/" + std::to_string(second), "ended", ""});
  changes.events.push_back({At(701), "sweeps/open/jobs/1", "queued", ""});
  changes.events.push_back({At(702), "workers/gpu01", "connected", ""});
  changes.events.push_back({At(2000), "sweeps/over", "ended", "too new"});
  Commit(changes);
  EXPECT_EQ(store_->PruneEvents(At(1000)), true) << "all at once";
  EXPECT_EQ(store_->PruneEvents(At(1000)), false);
  EXPECT_EQ(store_->PruneEvents(At(1000)), false) << "what is kept is not counted as more to do";
  if (!GetParam()) return;  // readers cannot open what is in memory
  auto metrics = MetricsStore::Open(folder_.options());
  auto reader = ReadStore::Open(folder_.path());
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*reader)->ListEvents("sweeps/over", 0, 1000)->size(), 1U);
  EXPECT_EQ((*reader)->ListEvents("sweeps/open", 0, 1000)->size(), 1U);
  EXPECT_EQ((*reader)->ListEvents("workers/gpu01", 0, 1000)->size(), 0U);
}

TEST(Encode, NonFiniteFiguresComeBack) {
  const double infinity = std::numeric_limits<double>::infinity();
  const domain::Figures figures = {{"a", std::nan("")}, {"b", infinity}, {"c", -infinity}, {"d", 0.1}};
  const domain::Figures back = DecodeFigures(EncodeFigures(figures));
  EXPECT_TRUE(std::isnan(back.at("a")));
  EXPECT_EQ(back.at("b"), infinity);
  EXPECT_EQ(back.at("c"), -infinity);
  EXPECT_EQ(back.at("d"), 0.1);
}

TEST(Encode, BytesThatAreNotTextDoNotStopTheCoordinator) {
  EXPECT_EQ(DecodeTexts(EncodeTexts({"a\xFF"
                                     "b"})),
            std::vector<std::string>{"a\xEF\xBF\xBD"
                                     "b"});
  EXPECT_THAT(DecodeInts("no json"), IsEmpty());
}

// The simulation's seed 1000269: the crash came between the commit that ended the job and the link to the
// attempt it had gone on from, and its curve lost the first half.
TEST(StateStore, WhatAnEndedJobWentOnFromIsKnownAtTheNextStart) {
  auto store = *StateStore::Open({":memory:", {}});
  engine::Changes changes;
  changes.new_sweeps.push_back(NewSweep("lr", 2));
  changes.workers = {AWorker("a")};
  changes.attempts = {AnAttempt({"lr", 1}, 1, "a"), AnAttempt({"lr", 1}, 2, "a"),
                      AnAttempt({"lr", 2}, 1, "a")};
  changes.attempts[1].parent = 1;
  changes.attempts[1].resume_record = 12;
  domain::JobStatus ended;
  ended.state = domain::JobState::kEnded;
  ended.outcome = Outcome::kSucceeded;
  ended.attempt_count = 2;
  changes.jobs = {{{"lr", 1}, ended}};
  ASSERT_TRUE(store->Commit(changes).has_value());
  const auto resumed = store->ResumedOfEndedJobs();
  ASSERT_TRUE(resumed.has_value()) << resumed.error().message();
  ASSERT_EQ(resumed->size(), 1U);
  EXPECT_EQ(resumed->front().name, (AttemptName{{"lr", 1}, 2}));
  EXPECT_EQ(resumed->front().resume_record, 12);
}

}  // namespace
}  // namespace optfleet::store
