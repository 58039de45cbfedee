#include "coordinator/app/metrics_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace optfleet::app {
namespace {

const AttemptName kAttempt{{"lr", 1}, 1};

// Holds what it is given as numbers only.
class FakeStore final : public store::MetricsStore {
 public:
  Status Link(std::span<const domain::Attempt> attempts) override {
    if (full) return Fail(Code::kResourceExhausted, "the disk is full");
    ++links;
    for (const domain::Attempt& attempt : attempts) held_[attempt.name] = {attempt.name, 0, 0};
    return {};
  }
  void Watch(std::map<std::string, std::string> objectives) override { watched = std::move(objectives); }
  Status DropNewer(const store::NewestAttempts&) override { return {}; }
  Result<std::vector<engine::RecordsHeld>> Append(std::span<const store::RecordBatch> batches) override {
    const std::lock_guard wait(gate);
    ++appends;
    if (full) return Fail(Code::kResourceExhausted, "the disk is full");
    std::vector<engine::RecordsHeld> result;
    for (const store::RecordBatch& batch : batches) {
      if (!held_.contains(batch.attempt)) {
        result.push_back({batch.attempt, 0, 0});
        continue;
      }
      engine::RecordsHeld& held = held_[batch.attempt];
      held.record = std::max(held.record, batch.first_record + static_cast<int64_t>(batch.size()) - 1);
      result.push_back(held);
      if (watched.contains(batch.attempt.job.sweep))
        result.back().observations = {{held.record, static_cast<double>(appends)}};
    }
    return result;
  }
  Result<std::map<AttemptName, engine::RecordsHeld>> Held(std::span<const domain::Attempt>) override {
    return held_;
  }
  // As if the plan let one record go before each that it keeps, one in each call.
  Result<Thinned> Thin(const store::ThinPlan& plan, int64_t next) override {
    const std::lock_guard wait(gate);
    if (full) return Fail(Code::kResourceExhausted, "the disk is full");
    return Thinned{
        .next = next + 1, .deleted = 1, .done = next + 1 >= static_cast<int64_t>(plan.keep.size())};
  }
  int64_t wal_bytes() const override { return 4096; }

  std::mutex gate;  // held by a test: commits take their time
  std::atomic<bool> full = false;
  std::atomic<int> appends = 0;
  std::atomic<int> links = 0;
  std::map<std::string, std::string> watched;  // the writer's thread

 private:
  std::map<AttemptName, engine::RecordsHeld> held_;
};

domain::Attempt Attempt() {
  domain::Attempt attempt;
  attempt.name = kAttempt;
  return attempt;
}

std::vector<store::RecordBatch> Records(int64_t first, size_t count) {
  store::RecordBatch batch;
  batch.attempt = kAttempt;
  batch.fence = {1, 1};
  batch.keys = {"loss"};
  batch.first_record = first;
  for (size_t i = 0; i < count; ++i) batch.Add(first, {}, std::vector<store::MetricPoint>{{0, 1.0}});
  return {batch};
}

class Writer : public testing::Test {
 protected:
  Writer() { Start(std::chrono::hours(1)); }

  void Start(std::chrono::milliseconds first_pause) {
    writer_.reset();
    store_ = new FakeStore;
    writer_ = std::make_unique<MetricsWriter>(
        std::unique_ptr<store::MetricsStore>(store_),
        MetricsWriterHooks{
            .held =
                [this](const engine::RecordsHeld& held) {
                  told_.push_back(held.record);
                  observed_.insert(observed_.end(), held.observations.begin(), held.observations.end());
                },
            .stored =
                [this](int64_t records, int64_t points, double) {
                  records_ += records;
                  points_ += points;
                },
            .writable_changed = [this](bool writable, const std::string&) { writable_.push_back(writable); },
            .refused = [this](std::string_view reason) { refused_.emplace_back(reason); },
            .thinned = [this](int64_t records) { thinned_records_ += records; }},
        first_pause);
  }

  Result<std::vector<engine::RecordsHeld>> Append(std::vector<store::RecordBatch> batches) {
    std::promise<Result<std::vector<engine::RecordsHeld>>> answered;
    EXPECT_TRUE(writer_->Append(std::move(batches), [&](auto held) { answered.set_value(std::move(held)); }));
    return answered.get_future().get();
  }

  FakeStore* store_ = nullptr;  // the writer's
  std::vector<int64_t> told_;
  std::vector<engine::Observation> observed_;
  int64_t records_ = 0;
  int64_t points_ = 0;
  int64_t thinned_records_ = 0;
  std::vector<bool> writable_;
  std::vector<std::string> refused_;
  std::unique_ptr<MetricsWriter> writer_;  // last: its thread uses the members above
};

TEST_F(Writer, AttemptsAreKnownBeforeTheirRecords) {
  writer_->Link({Attempt()});
  const auto held = Append(Records(1, 3));
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1u);
  EXPECT_EQ(held->at(0).record, 3);
  writer_->Stop();
  EXPECT_EQ(told_, std::vector<int64_t>{3});
  EXPECT_EQ(records_, 3);
  EXPECT_EQ(points_, 3);
}

TEST_F(Writer, WhatIsWatchedIsToldToTheEngineAndToNobodyElse) {
  writer_->Link({Attempt()});
  ASSERT_TRUE(Append(Records(1, 3)));
  writer_->Watch({{"lr", "val_loss"}});
  const auto held = Append(Records(4, 1));
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->at(0).observations.empty());
  writer_->Watch({});
  ASSERT_TRUE(Append(Records(5, 1)));
  writer_->Stop();
  EXPECT_EQ(observed_, (std::vector<engine::Observation>{{4, 2.0}}));
}

TEST_F(Writer, AttemptsWithoutARecordCostTheStoreNothing) {
  for (int i = 0; i < 3; ++i) writer_->Link({Attempt()});  // given out, started, renewed
  domain::Attempt ended = Attempt();
  ended.record_limit = 0;
  writer_->Link({ended});
  EXPECT_EQ(Append(Records(1, 1))->at(0).record, 0) << "of an attempt that may record nothing";
  EXPECT_EQ(store_->links, 0);
}

TEST_F(Writer, OnlyChangesThatTheStoreKeepsAreWritten) {
  writer_->Link({Attempt()});
  ASSERT_TRUE(Append(Records(1, 3)));
  EXPECT_EQ(store_->links, 1);
  domain::Attempt renewed = Attempt();
  renewed.trainer_pid = 17;
  writer_->Link({renewed});
  ASSERT_TRUE(Append(Records(4, 1)));
  EXPECT_EQ(store_->links, 1);
  renewed.record_limit = 4;
  writer_->Link({renewed});
  writer_->Stop();
  EXPECT_EQ(store_->links, 2) << "the end of the job must bound its records";
}

TEST_F(Writer, WhatAnEarlierProcessLinkedIsBoundedToo) {
  writer_->AreLinked({Attempt()});
  domain::Attempt ended = Attempt();
  ended.record_limit = 0;
  writer_->Link({ended});
  writer_->Stop();
  EXPECT_EQ(store_->links, 1);
}

TEST_F(Writer, UnknownAttemptsHoldNothingAndTheEngineIsNotTold) {
  const auto held = Append(Records(1, 3));
  ASSERT_TRUE(held);
  EXPECT_EQ(held->at(0).record, 0);
  writer_->Stop();
  EXPECT_TRUE(told_.empty());
}

TEST_F(Writer, SeveralBatchesOfOneAttemptAreAnsweredOnce) {
  writer_->Link({Attempt()});
  auto batches = Records(1, 2);
  batches.push_back(Records(3, 2).front());
  const auto held = Append(std::move(batches));
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1u);
  EXPECT_EQ(held->at(0).record, 4);
}

TEST_F(Writer, AnEmptyReportIsAnswered) { EXPECT_TRUE(Append({})->empty()); }

TEST_F(Writer, AFullDiskIsToldAndNotTriedForEveryReport) {
  writer_->Link({Attempt()});
  ASSERT_TRUE(Append(Records(1, 1)));
  store_->full = true;
  const int before = store_->appends;

  for (int i = 0; i < 5; ++i) {
    const auto refused = Append(Records(2, 1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kResourceExhausted);
  }

  EXPECT_EQ(store_->appends, before + 1) << "the pause was not kept";
  writer_->Stop();
  EXPECT_EQ(writable_, std::vector<bool>{false});
  EXPECT_EQ(refused_, std::vector<std::string>(5, "not_writable"));
}

TEST_F(Writer, AFullQueueRefusesAndSaysWhy) {
  writer_->Link({Attempt()});
  size_t taken = 0;
  {
    const std::lock_guard slow(store_->gate);
    while (writer_->Append(Records(static_cast<int64_t>(taken) + 1, 1), [](const auto&) {})) ++taken;
  }
  EXPECT_GE(taken, MetricsWriter::kQueueLimit);
  EXPECT_EQ(refused_, std::vector<std::string>{"queue_full"});
  writer_->Stop();
  EXPECT_EQ(records_, static_cast<int64_t>(taken)) << "a report that was taken is lost";
}

TEST_F(Writer, LinksOfAFullDiskAreWrittenOnceItTakesThem) {
  Start(std::chrono::milliseconds(1));
  store_->full = true;
  writer_->Link({Attempt()});
  ASSERT_FALSE(Append(Records(1, 1)));

  store_->full = false;
  auto held = Append(Records(1, 1));
  while (!held) held = Append(Records(1, 1));  // until the pause is over

  EXPECT_EQ(held->at(0).record, 1);
  writer_->Stop();
  EXPECT_EQ(writable_, (std::vector<bool>{false, true}));
}

TEST_F(Writer, ThinsPieceByPieceAndReportsComeFirst) {
  writer_->Link({Attempt()});
  std::promise<bool> thinned;
  {
    const std::lock_guard slow(store_->gate);
    store::ThinPlan plan;
    plan.keep = {1, 2, 3};
    ASSERT_TRUE(writer_->Thin(plan, [&](const Status& status) { thinned.set_value(status.has_value()); }));
  }
  ASSERT_TRUE(Append(Records(1, 1)));
  EXPECT_TRUE(thinned.get_future().get());
  writer_->Stop();
  EXPECT_EQ(thinned_records_, 3);
  EXPECT_FALSE(writer_->Thin({}, [](const Status&) { FAIL(); }));
}

TEST_F(Writer, StoppingAbandonsWhatIsLeftToThin) {
  std::promise<Status> thinned;
  std::future<void> stopped;
  {
    const std::lock_guard slow(store_->gate);
    store::ThinPlan plan;
    plan.keep = {1, 2};
    ASSERT_TRUE(writer_->Thin(plan, [&](const Status& status) { thinned.set_value(status); }));
    stopped = std::async(std::launch::async, [this] { writer_->Stop(); });
    while (writer_->Thin({}, [](const Status&) {})) std::this_thread::yield();  // until it stops
  }
  stopped.get();
  EXPECT_EQ(thinned.get_future().get().error().code(), Code::kUnavailable);
}

TEST_F(Writer, StopCommitsWhatWaits) {
  writer_->Link({Attempt()});
  std::atomic<int> answered = 0;
  for (int64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(writer_->Append(Records(i + 1, 1), [&](const auto& held) {
      EXPECT_TRUE(held);
      ++answered;
    }));
  }
  writer_->Stop();
  EXPECT_EQ(answered, 50);
  EXPECT_FALSE(writer_->Append(Records(1, 1), [](const auto&) { FAIL(); }));
}

}  // namespace
}  // namespace optfleet::app
