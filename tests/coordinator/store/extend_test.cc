// A sweep that is extended in parts, as it lies on disk: readers and a start see all of it or nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr const char* kRate = "optimizer.learning_rate";
constexpr const char* kSeed = "training.seed";

// Sweep lr of three jobs, to which jobs 4 and 5 and a value on another axis for job 1 are on their way. Job 5
// takes an outcome over.
class ExtendInParts : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    metrics_ = std::move(*MetricsStore::Open(folder_.options()));
    engine::Changes created;
    created.new_sweeps.push_back(NewSweep("lr", 3));
    row_ = created.new_sweeps.front().sweep;
    ASSERT_TRUE(state_->Commit(created).has_value());
    engine::Changes part;
    const engine::NewSweep five = NewSweep("lr", 5);
    part.new_jobs = {five.jobs[3], five.jobs[4]};
    domain::JobStatus reused;
    reused.state = domain::JobState::kEnded;
    reused.outcome = Outcome::kSucceeded;
    reused.objective = 1.5;
    reused.reused_from = JobName{"other", 1};
    part.jobs = {{{"lr", 5}, reused}};
    part.new_parameters = {{{"lr", 1}, {{kRate, "1e-3"}, {kSeed, "7"}}}};
    ASSERT_TRUE(state_->Commit(part).has_value());
    read_ = std::move(*ReadStore::Open(folder_.path()));
  }
  void Open() {
    state_.reset();
    auto opened = StateStore::Open(folder_.options());
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    state_ = std::move(*opened);
  }
  void ExpectAsBefore() {
    EXPECT_THAT(read_->GetSweep("lr")->counts, ElementsAre(Pair("queued", 3)));
    EXPECT_EQ(read_->GetSweep("lr")->steps_total, 300);
    EXPECT_EQ(read_->GetSweep("lr")->steps_done, 0);
    EXPECT_FALSE(read_->GetSweep("lr")->best_job.has_value());
    EXPECT_EQ(read_->ListJobs("lr", std::nullopt, 10)->size(), 3U);
    EXPECT_EQ(read_->ListJobs(std::nullopt, std::nullopt, 10)->size(), 3U);
    EXPECT_EQ(read_->GetJob({"lr", 4}).error().code(), Code::kNotFound);
    EXPECT_EQ(read_->GetSweepPoints("lr")->by_hash.size(), 3U);
    EXPECT_THAT(read_->GetJob({"lr", 1})->job.definition.parameters,
                ElementsAre(domain::Parameter{kRate, "1e-3"}));
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
  std::unique_ptr<ReadStore> read_;
  domain::Sweep row_;
};

TEST_F(ExtendInParts, NothingIsSeenBeforeTheEnd) { ExpectAsBefore(); }

// Simulation, seed 7002136: a sweep was extended on the word of a read from before its last part was written,
// and had a point twice.
TEST_F(ExtendInParts, ASweepThatIsNotWrittenYetHasNoPoints) {
  engine::Changes begun;
  begun.new_sweeps.push_back(NewSweep("coming", 2));
  begun.new_sweeps.front().sweep.state = domain::SweepState::kExpanding;
  ASSERT_TRUE(state_->Commit(begun).has_value());
  EXPECT_EQ(read_->GetSweepPoints("coming").error().code(), Code::kNotFound);
  EXPECT_EQ(read_->GetEndedJobs("coming", {}).error().code(), Code::kNotFound);
}

TEST_F(ExtendInParts, NorOfOneThatIsLargerThanItsSweep) {
  engine::Changes part;
  const engine::NewSweep ten = NewSweep("lr", 10);
  part.new_jobs.assign(ten.jobs.begin() + 5, ten.jobs.end());
  domain::JobStatus reused;
  reused.state = domain::JobState::kEnded;
  reused.outcome = Outcome::kSucceeded;
  reused.reused_from = JobName{"other", 1};
  part.jobs = {{{"lr", 9}, reused}};
  ASSERT_TRUE(state_->Commit(part).has_value());
  ExpectAsBefore();
}

TEST_F(ExtendInParts, AllIsSeenAtTheEnd) {
  engine::Changes last;
  row_.job_count = 5;
  row_.revision = 2;
  row_.axes = {kSeed, kRate};
  last.sweeps = {row_};
  last.extensions = {{.sweep = "lr", .revision = 2, .source = {}, .jobs = {}, .parameters = {}}};
  ASSERT_TRUE(state_->Commit(last).has_value());
  EXPECT_THAT(read_->GetSweep("lr")->counts, ElementsAre(Pair("queued", 4), Pair("succeeded", 1)));
  EXPECT_EQ(read_->GetSweep("lr")->best_job, (JobName{"lr", 5}));
  EXPECT_EQ(read_->GetJob({"lr", 5})->job.status.reused_from, (JobName{"other", 1}));
  EXPECT_EQ(read_->ListJobs("lr", std::nullopt, 10)->size(), 5U);
  EXPECT_THAT(read_->GetJob({"lr", 1})->job.definition.parameters,
              ElementsAre(domain::Parameter{kSeed, "7"}, domain::Parameter{kRate, "1e-3"}));
  Open();
  EXPECT_EQ(state_->Load()->sweeps.at(0).fresh.size(), 4);
  EXPECT_EQ(state_->Load()->sweeps.at(0).ended.total(), 1);
}

TEST_F(ExtendInParts, AStartLeavesNothingOfIt) {
  Open();
  EXPECT_EQ(state_->Load()->sweeps.at(0).fresh.size(), 3);
  ExpectAsBefore();
}

TEST_F(ExtendInParts, AnAbandonedOneGoesInPortions) {
  engine::Changes dropped;
  dropped.dropped_jobs = {{"lr", 4}};
  ASSERT_TRUE(state_->Commit(dropped).has_value());
  ExpectAsBefore();
  dropped.dropped_jobs = {{"lr", 3}};
  ASSERT_TRUE(state_->Commit(dropped).has_value());
  ExpectAsBefore();
}

// What was given out is not of an unfinished extension, whatever the row of the sweep says.
TEST_F(ExtendInParts, ADamagedCountDeletesNoJobThatRan) {
  engine::Changes ran;
  ran.workers = {AWorker("a")};
  domain::JobStatus status;
  status.attempt_count = 1;
  ran.jobs = {{{"lr", 5}, status}};
  ran.attempts = {AnAttempt({"lr", 5}, 1, "a")};
  ASSERT_TRUE(state_->Commit(ran).has_value());
  Open();
  ASSERT_TRUE(state_->Load().has_value());
  EXPECT_EQ(state_->Load()->jobs.size(), 1U);
}

}  // namespace
}  // namespace optfleet::store
