#include "coordinator/store/read_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "coordinator/store/schema.h"
#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

using domain::JobState;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class ReadStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    state_ = std::move(*StateStore::Open(folder_.options()));
    metrics_ = std::move(*MetricsStore::Open(folder_.options()));
    auto opened = ReadStore::Open(folder_.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    read_ = std::move(*opened);
  }
  void Commit(const engine::Changes& changes) {
    const Status done = state_->Commit(changes);
    ASSERT_TRUE(done.has_value()) << done.error().message();
    ASSERT_TRUE(metrics_->Link(changes.attempts).has_value());
  }
  // Sweep lr of three jobs; job 1 has attempt 1 on worker a.
  void Begin() {
    engine::Changes changes;
    changes.new_sweeps.push_back(NewSweep("lr", 3));
    changes.workers = {AWorker("a")};
    domain::JobStatus status;
    status.state = JobState::kRunning;
    status.attempt_count = 1;
    status.worker = "a";
    changes.jobs = {{{"lr", 1}, status}};
    changes.attempts = {AnAttempt({"lr", 1}, 1, "a")};
    changes.waiting = {{{"lr", {}, "", "the only slot is taken"}}};
    changes.events = {{At(1), "sweeps/lr", "created", ""},
                      {At(2), "sweeps/lr/jobs/1", "queued", ""},
                      {At(3), "sweeps/lr2", "created", ""}};
    Commit(changes);
  }
  Result<std::vector<SeriesColumn>> Query(int32_t job, std::vector<std::string> keys = {},
                                          int64_t first_step = 0, int32_t buckets = 0) {
    SeriesQuery query;
    query.job = {"lr", job};
    query.keys = std::move(keys);
    query.first_step = first_step;
    query.buckets = buckets;
    return read_->QuerySeries(query);
  }
  void Append(const RecordBatch& batch) { ASSERT_TRUE(metrics_->Append(std::vector{batch}).has_value()); }

  TemporaryFolder folder_;
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<MetricsStore> metrics_;
  std::unique_ptr<ReadStore> read_;
};

TEST_F(ReadStoreTest, SweepsAddUpTheirJobs) {
  Begin();
  Append(Batch({{"lr", 1}, 1}, 1, 40));
  engine::Changes end;
  domain::JobStatus ended;
  ended.state = JobState::kEnded;
  ended.outcome = Outcome::kSucceeded;
  ended.objective = 1.25;
  ended.step = 100;
  end.jobs = {{{"lr", 2}, ended}};
  Commit(end);
  const auto view = read_->GetSweep("lr");
  ASSERT_TRUE(view.has_value()) << view.error().message();
  EXPECT_EQ(view->source, NewSweep("lr", 3).source);
  EXPECT_EQ(view->counts, (std::map<std::string, int32_t>{{"queued", 1}, {"running", 1}, {"succeeded", 1}}));
  EXPECT_EQ(view->best_job, (JobName{"lr", 2}));
  EXPECT_EQ(view->best_objective, 1.25);
  EXPECT_EQ(view->steps_total, 300);
  EXPECT_EQ(view->steps_done, 140);
}

TEST_F(ReadStoreTest, SweepsNewestFirstInPages) {
  for (int i = 1; i <= 5; ++i) {
    engine::Changes changes;
    changes.new_sweeps.push_back(NewSweep("s" + std::to_string(i), 1));
    changes.new_sweeps.back().sweep.create_time = At(i / 2);  // some at the same time
    Commit(changes);
  }
  std::vector<std::string> ids;
  std::optional<SweepKey> after;
  while (true) {
    const auto page = read_->ListSweeps(after, 2);
    ASSERT_TRUE(page.has_value());
    for (const SweepView& view : *page) ids.push_back(view.sweep.id);
    if (page->size() < 2) break;
    after = SweepKey{page->back().sweep.create_time, page->back().sweep.id};
  }
  EXPECT_THAT(ids, ElementsAre("s5", "s4", "s3", "s2", "s1"));
}

TEST_F(ReadStoreTest, JobsInPagesWithTheirNewestValuesAndReasons) {
  Begin();
  Append(Batch({{"lr", 1}, 1}, 1, 8));
  const auto first = read_->ListJobs("lr", std::nullopt, 2);
  ASSERT_TRUE(first.has_value()) << first.error().message();
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->at(0).job.status.step, 8);
  EXPECT_EQ(first->at(0).latest.at("loss"), 0.125);
  EXPECT_EQ(first->at(1).job.status.reason, "the only slot is taken");
  const auto rest = read_->ListJobs("lr", first->back().job.name(), 2);
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_EQ(read_->ListJobs(std::nullopt, JobName{"lr", 1}, 10)->size(), 2U);
  EXPECT_EQ(read_->ListJobs("none", std::nullopt, 10).error().code(), Code::kNotFound);
}

// A trainer may record thousands of keys; the newest values of a job stay small enough for lists of jobs.
TEST_F(ReadStoreTest, NewestValuesAreOfSoManyKeysAndAllColumns) {
  Begin();
  RecordBatch batch = Batch({{"lr", 1}, 1}, 1, 0);
  batch.keys = {"val_loss"};
  std::vector<MetricPoint> points;
  for (uint32_t i = 0; i < 600; ++i) {
    batch.keys.push_back("weight_norm/p" + std::to_string(i));
    points.push_back({i + 1, 1.0 * i});
  }
  batch.Add(1, At(1), points);
  batch.Add(2, At(2), std::vector<MetricPoint>{{0, 2.5}, {1, 7.0}});
  Append(batch);
  const auto jobs = read_->ListJobs("lr", std::nullopt, 1);
  ASSERT_TRUE(jobs.has_value()) << jobs.error().message();
  EXPECT_EQ(jobs->at(0).latest.size(), 256U);
  EXPECT_EQ(jobs->at(0).latest.at("val_loss"), 2.5);
  EXPECT_EQ(jobs->at(0).latest.at("weight_norm/p0"), 7.0);
  const auto series = Query(1);
  ASSERT_TRUE(series.has_value()) << series.error().message();
  EXPECT_EQ(series->size(), 601U);
}

TEST_F(ReadStoreTest, AttemptsLogsWorkersAndEvents) {
  Begin();
  Append(Batch({{"lr", 1}, 1}, 1, 8));
  engine::Changes changes;
  domain::AttemptLog log;
  log.name = {{"lr", 1}, 1};
  log.text = "the end";
  changes.logs = {log};
  Commit(changes);
  const auto attempts = read_->ListAttempts({"lr", 1}, 0, 10);
  ASSERT_EQ(attempts->size(), 1U);
  EXPECT_EQ(attempts->at(0).held_record, 8);
  EXPECT_EQ(attempts->at(0).attempt, AnAttempt({"lr", 1}, 1, "a"));
  EXPECT_EQ(read_->GetAttemptLog({{"lr", 1}, 1})->text, "the end");
  const auto workers = read_->ListWorkers("", 10);
  ASSERT_EQ(workers->size(), 1U);
  EXPECT_THAT(workers->at(0).attempts, ElementsAre(AttemptName{{"lr", 1}, 1}));
  EXPECT_EQ(read_->ListWorkers("a", 10)->size(), 0U);
  EXPECT_EQ(read_->ListEvents("sweeps/lr", 0, 10)->size(), 2U);  // not those of sweeps/lr2
  EXPECT_EQ(read_->ListEvents("sweeps/lr", 1, 10)->at(0).subject, "sweeps/lr/jobs/1");
}

TEST_F(ReadStoreTest, WhatIsNotThereIsNamed) {
  Begin();
  EXPECT_THAT(read_->GetSweep("x").error().message(), HasSubstr("sweeps/x"));
  EXPECT_THAT(read_->GetJob({"lr", 9}).error().message(), HasSubstr("sweeps/lr/jobs/9"));
  EXPECT_EQ(read_->GetAttempt({{"lr", 1}, 2}).error().code(), Code::kNotFound);
  EXPECT_EQ(read_->GetAttemptLog({{"lr", 1}, 1}).error().code(), Code::kNotFound);
  EXPECT_EQ(read_->ListAttempts({"lr", 9}, 0, 10).error().code(), Code::kNotFound);
  EXPECT_EQ(Query(9).error().code(), Code::kNotFound);
}

TEST_F(ReadStoreTest, NonFiniteValuesComeBackAndAPlainSelectWorks) {
  Begin();
  RecordBatch batch = Batch({{"lr", 1}, 1}, 1, 0);
  batch.keys = {"loss", "my/key"};
  const double values[] = {1.5, std::nan(""), kInfinity, -kInfinity};
  for (int i = 0; i < 4; ++i) {
    batch.Add(i + 1, At(i + 1), std::vector<MetricPoint>{{0, values[i]}, {1, values[i]}});
  }
  batch.Add(5, At(5), {});  // neither key: not a point
  Append(batch);
  const auto series = Query(1);
  ASSERT_TRUE(series.has_value()) << series.error().message();
  ASSERT_EQ(series->size(), 2U);
  for (const SeriesColumn& column : *series) {
    EXPECT_THAT(column.steps, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(column.last[0], 1.5);
    EXPECT_TRUE(std::isnan(column.last[1]));
    EXPECT_EQ(column.last[2], kInfinity);
    EXPECT_EQ(column.last[3], -kInfinity);
  }
  auto shell = OpenForReading(folder_.path() + "/" + kMetricsFile, kMetricsSchema);
  EXPECT_EQ(
      shell->QueryText(
          "SELECT group_concat(step || ':' || coalesce(loss, 'NULL')) FROM (SELECT step, loss FROM series "
          "WHERE job = 'sweeps/lr/jobs/1' ORDER BY step)"),
      "1:1.5,2:NULL,3:Inf,4:-Inf,5:NULL");
}

TEST_F(ReadStoreTest, BucketsKeepExtremesAndTheLastValue) {
  Begin();
  RecordBatch batch = Batch({{"lr", 1}, 1}, 1, 10);
  for (size_t i = 0; i < 10; ++i) batch.values[i] = i == 4 ? std::nan("") : static_cast<double>(i);
  Append(batch);
  const auto series = Query(1, {"loss", "absent"}, 0, 2);
  ASSERT_EQ(series->size(), 1U);
  const SeriesColumn& loss = series->at(0);
  EXPECT_THAT(loss.steps, ElementsAre(5, 10));
  EXPECT_TRUE(std::isnan(loss.last[0]));
  EXPECT_EQ(loss.last[1], 9);
  EXPECT_THAT(loss.min, ElementsAre(0, 5));
  EXPECT_THAT(loss.max, ElementsAre(3, 9));
  EXPECT_EQ(Query(1, {"loss"}, 8)->at(0).steps.size(), 3U);
}

TEST_F(ReadStoreTest, AnAnswerThatIsTooLargeIsRefusedAndSparseKeysAreNot) {
  Begin();
  RecordBatch batch = Batch({{"lr", 1}, 1}, 1, 100);
  batch.keys.push_back("val_loss");
  batch.Add(101, At(101), std::vector<MetricPoint>{{1, 2.0}});
  Append(batch);
  const auto ask = [&](const std::vector<std::string>& keys, int32_t buckets) {
    return read_->QuerySeries(
        {.job = {"lr", 1}, .keys = keys, .first_step = 0, .buckets = buckets, .most_points = 100});
  };
  EXPECT_EQ(ask({"loss", "val_loss"}, 0).error().code(), Code::kOutOfRange);
  EXPECT_EQ(ask({"loss", "val_loss"}, 100).error().code(), Code::kOutOfRange);
  EXPECT_EQ(ask({"loss"}, 0)->at(0).steps.size(), 100U);
  EXPECT_EQ(ask({"loss", "val_loss"}, 50)->size(), 2U);
  EXPECT_EQ(ask({"val_loss"}, 0)->at(0).last.at(0), 2.0);
}

TEST_F(ReadStoreTest, AResumedJobHasEveryStepOnce) {
  Begin();
  Append(Batch({{"lr", 1}, 1}, 1, 60));
  engine::Changes changes;
  domain::Attempt parent = AnAttempt({"lr", 1}, 1, "a");
  parent.record_limit = 50;
  domain::Attempt child = AnAttempt({"lr", 1}, 2, "a");
  child.parent = 1;
  child.resume_step = 50;
  child.resume_record = 50;
  changes.attempts = {parent, child};
  Commit(changes);
  const auto steps = [&] { return Query(1, {"loss"})->at(0).steps; };
  EXPECT_EQ(steps().size(), 60U);  // the child has recorded nothing yet
  RecordBatch batch = Batch({{"lr", 1}, 2}, 1, 20);
  for (int64_t& step : batch.steps) step += 50;
  Append(batch);
  ASSERT_EQ(steps().size(), 70U);
  for (int64_t i = 0; i < 70; ++i) EXPECT_EQ(steps()[static_cast<size_t>(i)], i + 1);
}

TEST_F(ReadStoreTest, ReadersNeverWrite) {
  Begin();
  auto reader = OpenForReading(folder_.path() + "/" + kMetricsFile, kMetricsSchema);
  EXPECT_FALSE(reader->Execute("DELETE FROM attempts").has_value());
  EXPECT_EQ(reader->QueryInt("PRAGMA wal_autocheckpoint"), 0);
}

}  // namespace
}  // namespace optfleet::store
