// Which ended jobs tell of the speed of devices, of how many sweeps and how many of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kStamp = R"({"version":3,"device":"cuda","device_model":"H100","threads":4})";

class MeasuredTest : public testing::Test {
 protected:
  void SetUp() override {
    state_ = std::move(*StateStore::Open(folder_.options()));
    metrics_ = std::move(*MetricsStore::Open(folder_.options()));
    read_ = std::move(*ReadStore::Open(folder_.path()));
    engine::Changes changes;
    changes.workers = {AWorker("a")};
    Commit(changes);
  }
  void Commit(const engine::Changes& changes) {
    const Status done = state_->Commit(changes);
    ASSERT_TRUE(done.has_value()) << done.error().message();
  }
  void Submit(const std::string& id, int jobs, int at) {
    engine::Changes changes;
    changes.new_sweeps.push_back(NewSweep(id, jobs));
    changes.new_sweeps.back().sweep.create_time = At(at);
    Commit(changes);
  }
  // From 30 s to 100 s, in the attempt of that number.
  void End(const JobName& job, Outcome outcome = Outcome::kSucceeded, int attempts = 1,
           const std::string& stamp = kStamp, std::optional<JobName> reused = {}) {
    domain::JobStatus status;
    status.state = domain::JobState::kEnded;
    status.outcome = outcome;
    status.step = 100;
    status.attempt_count = attempts;
    status.reused_from = reused;
    engine::Changes changes;
    changes.jobs = {{job, status}};
    for (int number = 1; number <= attempts; ++number) {
      domain::Attempt attempt = AnAttempt(job, number, "a");
      attempt.slots = {0, 1};
      attempt.state = domain::AttemptState::kEnded;
      attempt.outcome = number == attempts ? outcome : Outcome::kLost;
      attempt.end_time = At(100);
      domain::ReportedEnd end;
      end.outcome = outcome;
      end.final = {{"train_seconds", 50.0}};
      end.numerics_json = stamp;
      attempt.reported = end;
      changes.attempts.push_back(attempt);
    }
    Commit(changes);
  }
  std::vector<MeasuredJob> Read(const MeasuredLimits& limits = {}) {
    auto jobs = read_->ListMeasuredJobs(limits);
    EXPECT_TRUE(jobs) << jobs.error().message();
    return jobs ? *std::move(jobs) : std::vector<MeasuredJob>();
  }
  std::vector<std::string> Names(const MeasuredLimits& limits = {}) {
    std::vector<std::string> names;
    for (const MeasuredJob& job : Read(limits))
      names.push_back(job.name.sweep + "/" + std::to_string(job.name.job));
    return names;
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
  std::unique_ptr<ReadStore> read_;
};

TEST_F(MeasuredTest, AJobSaysWhatItRanOnAndHowLong) {
  Submit("lr", 3, 10);
  End({"lr", 2});
  const auto jobs = Read();
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].spec_json, "{\"n\":2}");
  EXPECT_EQ(jobs[0].device.kind, domain::SlotKind::kGpu);
  EXPECT_EQ(jobs[0].device.model, "H100");
  EXPECT_EQ(jobs[0].device.threads, 4);
  EXPECT_EQ(jobs[0].slots, 2);
  EXPECT_EQ(jobs[0].steps, 100);
  EXPECT_EQ(jobs[0].held_seconds, 70);
  EXPECT_EQ(jobs[0].final.at("train_seconds"), 50);
}

TEST_F(MeasuredTest, WhatSlotsWereHeldForIsOnlyKnownOfOneAttempt) {
  Submit("lr", 1, 10);
  End({"lr", 1}, Outcome::kSucceeded, 2);
  ASSERT_THAT(Read(), SizeIs(1));
  EXPECT_FALSE(Read()[0].held_seconds);
}

TEST_F(MeasuredTest, OnlyJobsThatRanAndSucceededOnAKnownDeviceCount) {
  Submit("lr", 6, 10);
  End({"lr", 1}, Outcome::kDiverged);
  End({"lr", 2}, Outcome::kSucceeded, 1, "{}");
  End({"lr", 3}, Outcome::kSucceeded, 1, "no JSON");
  End({"lr", 4}, Outcome::kSucceeded, 1, kStamp, JobName{"lr", 6});
  EXPECT_THAT(Names(), IsEmpty());
  End({"lr", 6});
  EXPECT_THAT(Names(), ElementsAre("lr/6"));
}

TEST_F(MeasuredTest, TheNewestSweepsComeFirst) {
  Submit("old", 1, 10);
  Submit("new", 1, 30);
  Submit("middle", 1, 20);
  for (const char* sweep : {"old", "new", "middle"}) End({sweep, 1});
  EXPECT_THAT(Names(), ElementsAre("new/1", "middle/1", "old/1"));
  EXPECT_THAT(Names({.jobs = 400, .jobs_of_sweep = 100, .sweeps = 2}), ElementsAre("new/1", "middle/1"));
  EXPECT_THAT(Names({.jobs = 1, .jobs_of_sweep = 100, .sweeps = 9}), ElementsAre("new/1"));
}

// The blocks of a grid lie behind each other, and differ in what a step costs.
TEST_F(MeasuredTest, OfALargeSweepJobsAreTakenFromAllOverIt) {
  Submit("lr", 40, 10);
  for (int number = 1; number <= 40; ++number)
    if (number != 11) End({"lr", number});
  EXPECT_THAT(Names({.jobs = 400, .jobs_of_sweep = 4, .sweeps = 9}),
              ElementsAre("lr/1", "lr/12", "lr/21", "lr/31"));
  EXPECT_THAT(Names(), SizeIs(39));
}

}  // namespace
}  // namespace optfleet::store
