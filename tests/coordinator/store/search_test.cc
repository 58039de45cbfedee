// Stages and rungs in state.db: what is written comes back, and what a next stage rests on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/store/metrics_store.h"
#include "coordinator/store/open_stores.h"
#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class SearchRows : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    metrics_ = std::move(*MetricsStore::Open(folder_.options()));
    changes_.new_sweeps.push_back(NewSweep("lr", 3));
    domain::Sweep& row = changes_.new_sweeps[0].sweep;
    row.stages = {.all = {{"a", "", {}}, {"b", "best(a)", {2, 1}, 1}, {"b", "", {}, 2, {{{0.1, 0.9}}, {}}}},
                  .begun = 3,
                  .problem = "none"};
    row.search.halving = sweeps::HalvingPlan{.first_share = 0.1, .first_steps = 0, .factor = 4};
    row.search.stop = sweeps::StopPlan{
        .median = sweeps::StopPlan::Median{.after = {.share = 0.25, .steps = 0}, .least_jobs = 5},
        .plateau = sweeps::StopPlan::Plateau{.patience = {.share = 0, .steps = 30}, .min_delta = 0.5},
        .divergence = sweeps::DivergencePlan{.factor = 3}};
    row.search.guard = sweeps::GuardPlan{.diverged = sweeps::JobsOrShare{.share = 0.3, .jobs = 0},
                                         .failed = sweeps::JobsOrShare{.share = 0, .jobs = 4},
                                         .after = 5,
                                         .device_hours = 1.5};
    row.objective = {.metric = "eval/accuracy", .maximize = true};
    row.first_competitor = 2;
  }
  void Open() {
    state_.reset();
    state_ = std::move(*StateStore::Open(folder_.options()));
  }
  void Commit() { ASSERT_TRUE(state_->Commit(changes_).has_value()); }
  void End(int32_t job, Outcome outcome, std::optional<double> objective, domain::Figures final) {
    domain::JobStatus status;
    status.state = domain::JobState::kEnded;
    status.outcome = outcome;
    status.objective = objective;
    status.final = std::move(final);
    changes_.jobs.push_back({{"lr", job}, status});
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
  engine::Changes changes_;
};

TEST_F(SearchRows, StagesAndHalvingComeBack) {
  Commit();
  Open();
  const auto saved = state_->Load();
  ASSERT_TRUE(saved.has_value());
  EXPECT_EQ(saved->sweeps.at(0).sweep, changes_.new_sweeps[0].sweep);
}

TEST_F(SearchRows, EachRuleComesBackByItself) {
  domain::SearchPolicy& search = changes_.new_sweeps[0].sweep.search;
  const sweeps::StopPlan all = *search.stop;
  search = {.halving = std::nullopt, .stop = sweeps::StopPlan{.median = all.median}, .guard = search.guard};
  search.guard->diverged.reset();
  changes_.new_sweeps.push_back(NewSweep("wd", 1));
  changes_.new_sweeps[1].sweep.search.stop = sweeps::StopPlan{.plateau = all.plateau};
  changes_.new_sweeps.push_back(NewSweep("xx", 1));
  changes_.new_sweeps[2].sweep.search.stop =
      sweeps::StopPlan{.divergence = sweeps::DivergencePlan{.limit = 20, .patience = 2}};
  Commit();
  Open();
  const auto saved = state_->Load();
  ASSERT_TRUE(saved.has_value());
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(saved->sweeps.at(i).sweep.search, changes_.new_sweeps[i].sweep.search);
}

TEST_F(SearchRows, TheBestHasTheMostWhereMoreIsBetter) {
  domain::Sweep& row = changes_.new_sweeps[0].sweep;
  row.keep.best_jobs = 2;
  End(1, Outcome::kSucceeded, 0.25, {});
  End(2, Outcome::kSucceeded, 0.75, {});
  End(3, Outcome::kSucceeded, 0.75, {});
  Commit();
  const auto reader = ReadStore::Open(folder_.path());
  ASSERT_TRUE(reader.has_value());
  const auto view = (*reader)->GetSweep("lr");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->best_job, (JobName{"lr", 2}));
  EXPECT_EQ(view->best_objective, 0.75);
  Open();
  const auto saved = state_->Load();
  EXPECT_EQ(saved->sweeps.at(0).ended.best_job, 2);
  EXPECT_EQ(saved->sweeps.at(0).ended.best_cost, -0.75);
  EXPECT_THAT(saved->sweeps.at(0).best, ElementsAre(std::pair(-0.75, 2), std::pair(-0.75, 3)));
}

TEST_F(SearchRows, WhatJobsCostIsSummedWithWhatRuns) {
  End(1, Outcome::kSucceeded, 1.0, {});
  End(2, Outcome::kFailed, std::nullopt, {});
  changes_.jobs[0].second.slot_time = 300;
  changes_.jobs[1].second.slot_time = 40;
  domain::JobStatus running;
  running.state = domain::JobState::kRunning;
  running.attempt_count = 2;
  running.slot_time = 5;  // of its first attempt
  changes_.jobs.push_back({{"lr", 3}, running});
  changes_.workers = {AWorker("gpu01")};
  domain::Attempt& second = changes_.attempts.emplace_back(AnAttempt({"lr", 3}, 2, "gpu01"));
  second.state = domain::AttemptState::kRunning;
  second.start_time = TimeFromUnixMicros(77);
  Commit();
  const auto view = (*ReadStore::Open(folder_.path()))->GetSweep("lr");
  ASSERT_TRUE(view.has_value()) << view.error().message();
  EXPECT_EQ(view->slot_time, 345);
  ASSERT_EQ(view->running.size(), 1U);
  EXPECT_EQ(view->running[0].start, TimeFromUnixMicros(77));
  EXPECT_EQ(view->running[0].shares, 100);
  Open();
  const auto saved = state_->Load();
  EXPECT_EQ(saved->sweeps.at(0).ended_slot_time, 340);
  EXPECT_EQ(saved->jobs.at(0).status.slot_time, 5);
}

// What an attempt recorded behind the checkpoint that its successor went on from is no part of the series.
TEST_F(SearchRows, ReportsOfThoseThatCompeteAreGivenAgain) {
  changes_.new_sweeps[0].sweep.objective.metric = "val_loss";
  changes_.new_sweeps.push_back(NewSweep("wd", 1));  // without rules
  End(1, Outcome::kSucceeded, 1.0, {});
  End(2, Outcome::kSucceeded, 2.0, {});
  domain::JobStatus running;
  running.state = domain::JobState::kRunning;
  running.attempt_count = 2;
  changes_.jobs.push_back({{"lr", 3}, running});
  changes_.workers = {AWorker("gpu01")};
  for (const int job : {1, 2, 3}) {
    domain::Attempt& ended = changes_.attempts.emplace_back(AnAttempt({"lr", job}, 1, "gpu01"));
    ended.state = domain::AttemptState::kEnded;
    ended.outcome = job == 3 ? Outcome::kLost : Outcome::kSucceeded;
    ended.lease_time.reset();
  }
  domain::Attempt& second = changes_.attempts.emplace_back(AnAttempt({"lr", 3}, 2, "gpu01"));
  second.state = domain::AttemptState::kRunning;
  second.parent = second.resume_attempt = 1;
  second.resume_record = 2;
  Commit();
  ASSERT_TRUE(metrics_->Link(changes_.attempts).has_value());
  RecordBatch again = Batch({{"lr", 3}, 2}, 1, 2, "val_loss");
  again.steps = {3, 4};
  const std::vector<RecordBatch> batches = {Batch({{"lr", 1}, 1}, 1, 3, "val_loss"),
                                            Batch({{"lr", 2}, 1}, 1, 2, "val_loss"),
                                            Batch({{"lr", 3}, 1}, 1, 3, "val_loss"), again};
  ASSERT_TRUE(metrics_->Append(batches).has_value());
  state_.reset();
  metrics_.reset();
  const auto stores = OpenStores(folder_.options());
  ASSERT_TRUE(stores.has_value()) << stores.error().message();
  ASSERT_EQ(stores->saved.reports.size(), 1U);
  std::vector<std::string> reports;
  for (const sweeps::Report& report : stores->saved.reports.at("lr"))
    reports.push_back(std::to_string(report.job) + " " + std::to_string(report.step) + " " +
                      std::to_string(static_cast<int>(100 * report.value)));
  EXPECT_THAT(reports, ElementsAre("2 1 100", "2 2 50", "3 1 100", "3 2 50", "3 3 100", "3 4 50"));
}

TEST_F(SearchRows, RungsOfThoseThatCompeteComeBackWithHowManyFinished) {
  End(1, Outcome::kSucceeded, 1.0, {});
  End(2, Outcome::kSucceeded, 2.0, {});
  domain::JobStatus paused;
  paused.state = domain::JobState::kPaused;
  paused.attempt_count = 1;
  paused.rung = 1;
  changes_.jobs.push_back({{"lr", 3}, paused});
  changes_.rungs = {{{"lr", 1}, {1, 0, 0.5, false}},
                    {{"lr", 2}, {2, 0, 2.5, false}},
                    {{"lr", 2}, {2, 0, 2.5, true}},
                    {{"lr", 3}, {3, 0, std::nan(""), false}}};
  changes_.workers = {AWorker("gpu01")};
  domain::Attempt attempt = AnAttempt({"lr", 3}, 1, "gpu01");
  attempt.state = domain::AttemptState::kEnded;
  attempt.outcome = Outcome::kPreempted;
  attempt.lease_time.reset();
  changes_.attempts = {attempt};
  Commit();
  Open();
  const auto saved = state_->Load();
  ASSERT_TRUE(saved.has_value());
  const engine::SavedSweep& sweep = saved->sweeps.at(0);
  EXPECT_EQ(sweep.finished, 1) << "the first job competes no more";
  ASSERT_EQ(sweep.rungs.size(), 2U);
  EXPECT_EQ(sweep.rungs[0].job, 2);
  EXPECT_TRUE(sweep.rungs[0].promoted);
  EXPECT_TRUE(std::isnan(sweep.rungs[1].value));
  ASSERT_EQ(saved->jobs.size(), 1U);
  EXPECT_EQ(saved->jobs[0].status.rung, 1);
  EXPECT_EQ(saved->jobs[0].status.state, domain::JobState::kPaused);
  EXPECT_EQ(saved->attempts.size(), 1U);
}

TEST_F(SearchRows, ANextStageRestsOnWhatCompetes) {
  End(1, Outcome::kSucceeded, 1.5, {{"val_loss", 1.5}, {"tokens_per_second", 10}});
  End(2, Outcome::kDiverged, std::nullopt, {{"val_loss", 9}});
  Commit();
  const auto read = std::move(*ReadStore::Open(folder_.path()));
  const auto staged = read->GetStagedSweep("lr");
  ASSERT_TRUE(staged.has_value()) << staged.error().message();
  EXPECT_EQ(staged->points.sweep.stages.begun, 3);
  EXPECT_EQ(staged->source.overrides, changes_.new_sweeps[0].source.overrides);
  ASSERT_EQ(staged->results.size(), 2U);
  EXPECT_EQ(staged->results.at("hash1").objective, 1.5);
  EXPECT_EQ(staged->results.at("hash1").final.at("tokens_per_second"), 10);
  EXPECT_TRUE(staged->results.at("hash2").final.empty()) << "a diverged job's figures say nothing";
}

}  // namespace
}  // namespace optfleet::store
