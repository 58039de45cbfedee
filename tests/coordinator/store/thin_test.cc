// Thinning: what stays of an ended attempt, that nothing else changes, and that ingest goes on beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "coordinator/store/read_store.h"
#include "coordinator/store/state_store.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

const AttemptName kOld{{"old", 1}, 1};
const AttemptName kOpen{{"open", 1}, 1};
constexpr int kRecords = 20000;

// The sweep `old` ended at 100 s, `open` has not; each has a job with an attempt of 20,000 records.
class Thin : public testing::Test {
 protected:
  void SetUp() override {
    state_ = StateStore::Open(folder_.options()).value();
    metrics_ = MetricsStore::Open(folder_.options()).value();
    engine::Changes changes;
    changes.new_sweeps = {NewSweep("old", 1), NewSweep("open", 1)};
    changes.workers = {AWorker("a")};
    domain::Attempt ended = AnAttempt({"old", 1}, 1, "a");
    ended.state = domain::AttemptState::kEnded;
    ended.outcome = Outcome::kSucceeded;
    ended.lease_time = std::nullopt;
    changes.attempts = {ended, AnAttempt({"open", 1}, 1, "a")};
    ASSERT_TRUE(state_->Commit(changes).has_value());
    engine::Changes end;
    domain::Sweep sweep = NewSweep("old", 1).sweep;
    sweep.state = domain::SweepState::kEnded;
    sweep.end_time = At(100);
    end.sweeps = {sweep};
    ASSERT_TRUE(state_->Commit(end).has_value());
    ASSERT_TRUE(metrics_->Link(changes.attempts).has_value());
    Append(Records(kOld));
    Append(Records(kOpen));
    read_ = ReadStore::Open(folder_.path()).value();
  }

  // A noisy loss with one spike and one NaN, a figure beside the columns, and a rare one in a column.
  static RecordBatch Records(const AttemptName& attempt) {
    RecordBatch batch;
    batch.attempt = attempt;
    batch.fence = {1, 1};
    batch.keys = {"loss", "z_loss", "val_loss"};
    for (int i = 1; i <= kRecords; ++i) {
      const double noise = std::sin(i * 12.9898) * 43758.5453;
      double loss = 5 + noise - std::floor(noise);
      if (i == 7777) loss = 1000;
      if (i == 5) loss = std::nan("");
      std::vector<MetricPoint> points = {{0, loss}, {1, std::cos(i)}};
      if (i % 1000 == 0) points.push_back({2, 1.0 * i});
      batch.Add(i, At(i), points);
    }
    return batch;
  }
  int64_t Append(const RecordBatch& batch) {
    const auto held = metrics_->Append(std::vector{batch});
    EXPECT_TRUE(held.has_value()) << held.error().message();
    return held.has_value() ? held->at(0).record : -1;
  }
  SeriesColumn Read(const AttemptName& attempt, const std::string& key) {
    auto series = read_->QuerySeries({.job = attempt.job, .keys = {key}});
    EXPECT_TRUE(series.has_value() && series->size() == 1);
    return series.has_value() && series->size() == 1 ? series->front() : SeriesColumn{};
  }
  // Until done; records deleted, and the most in one transaction.
  std::pair<int64_t, int64_t> Carry(const ThinPlan& plan) {
    int64_t deleted = 0;
    int64_t most = 0;
    for (MetricsStore::Thinned step; !step.done;) {
      auto next = metrics_->Thin(plan, step.next);
      EXPECT_TRUE(next.has_value());
      if (!next.has_value()) break;
      step = *next;
      deleted += step.deleted;
      most = std::max(most, step.deleted);
    }
    return {deleted, most};
  }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
  std::unique_ptr<ReadStore> read_;
};

TEST_F(Thin, OnlySweepsThatEndedLongAgoAreChosen) {
  EXPECT_THAT(read_->AttemptsToThin(At(101), 10).value(), testing::ElementsAre(kOld));
  EXPECT_THAT(read_->AttemptsToThin(At(100), 10).value(), testing::IsEmpty());
}

TEST_F(Thin, RealRecordsWithTheExtremesStay) {
  const SeriesColumn before = Read(kOld, "loss");
  const auto plan = read_->PlanThinning(kOld, 700);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();

  const auto [deleted, most] = Carry(*plan);

  EXPECT_EQ(deleted, kRecords - static_cast<int64_t>(plan->keep.size()));
  EXPECT_LE(most, 4096) << "a long transaction makes ingest wait";
  const SeriesColumn loss = Read(kOld, "loss");
  EXPECT_LE(loss.steps.size(), 700U);
  EXPECT_GE(loss.steps.size(), 300U);
  for (size_t i = 0; i < loss.steps.size(); ++i)
    ASSERT_EQ(loss.last[i], before.last[static_cast<size_t>(loss.steps[i]) - 1])
        << "a value that was never recorded";
  EXPECT_EQ(*std::max_element(loss.last.begin(), loss.last.end()), 1000) << "the spike is gone";
  EXPECT_EQ(loss.steps.back(), kRecords);
  EXPECT_EQ(Read(kOld, "val_loss").steps.size(), 20U) << "a rare figure keeps its points";
  EXPECT_GE(Read(kOld, "z_loss").steps.size(), 300U);
  EXPECT_THAT(read_->AttemptsToThin(At(101), 10).value(), testing::IsEmpty())
      << "it would be thinned again and again";
}

TEST_F(Thin, WhatIsHeldStaysSoThatAResumeCounts) {
  const auto plan = read_->PlanThinning(kOld, 700).value();
  Carry(plan);
  EXPECT_EQ(Append(Records(kOld)), kRecords) << "records that went came back";
  EXPECT_EQ(read_->GetAttempt(kOld)->held_record, kRecords);
  EXPECT_LE(Read(kOld, "loss").steps.size(), 700U);
  EXPECT_EQ(Read(kOpen, "loss").steps.size(), static_cast<size_t>(kRecords));
}

TEST_F(Thin, RecordsThatComeAfterThePlanStay) {
  const auto plan = read_->PlanThinning(kOld, 700).value();
  RecordBatch late = Batch(kOld, kRecords + 1, 5);
  EXPECT_EQ(Append(late), kRecords + 5);
  Carry(plan);
  const SeriesColumn loss = Read(kOld, "loss");
  ASSERT_GE(loss.steps.size(), 6U);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(loss.steps[loss.steps.size() - 6 + static_cast<size_t>(i)], kRecords + i);
}

TEST_F(Thin, AnAttemptThatBeganAnewIsLeftAlone) {
  const auto plan = read_->PlanThinning(kOld, 700).value();
  domain::Attempt again = AnAttempt({"old", 1}, 1, "a");
  again.fence.incarnation = 2;
  ASSERT_TRUE(metrics_->Link(std::vector{again}).has_value());
  RecordBatch fresh = Batch(kOld, 1, 50);
  fresh.fence.incarnation = 2;
  EXPECT_EQ(Append(fresh), 50);
  EXPECT_EQ(Carry(plan).first, 0);
  EXPECT_EQ(Read(kOld, "loss").steps.size(), 50U);
}

TEST_F(Thin, AShortCurveKeepsEverything) {
  const auto plan = read_->PlanThinning(kOld, kRecords).value();
  EXPECT_EQ(Carry(plan).first, 0);
  EXPECT_EQ(Read(kOld, "loss").steps.size(), static_cast<size_t>(kRecords));
  EXPECT_THAT(read_->AttemptsToThin(At(101), 10).value(), testing::IsEmpty());
}

}  // namespace
}  // namespace optfleet::store
